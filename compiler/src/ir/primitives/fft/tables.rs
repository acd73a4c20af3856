//! What the Fourier transform is given besides its signal: the factors of its length, and places on the circle.

use crate::bindings::{Args, KernelCall, MapCall};
use crate::ir::DType;
use runtime_core::Simd;
use runtime_core::function::{AnyFunction, Cos, Sin};
use runtime_core::kernels::Fft as Kernel;
use std::f64::consts::FRAC_PI_2;

/// Factors for which there are butterflies, then other primes.
pub(super) fn factors(mut length: usize) -> Vec<usize> {
    let mut found = vec![];
    for factor in [4, 2] {
        while length.is_multiple_of(factor) {
            found.push(factor);
            length /= factor;
        }
    }
    // A step of width 1 vectorises least: it should not be the shortest one.
    if found.last() == Some(&2) {
        found.rotate_right(1);
    }
    let mut factor = 3;
    while factor * factor <= length {
        while length.is_multiple_of(factor) {
            found.push(factor);
            length /= factor;
        }
        factor += 2;
    }
    found.extend((length > 1).then_some(length));
    found
}

/// The tables of the kernel: for each factor, turns and roots; then the turns of packed elements.
pub(super) fn tables(kernel: &Kernel, factors: &[usize]) -> Vec<f64> {
    let [cos, sin] = circle(kernel.length, kernel.inverse);
    let size = kernel.size();
    // Places on the circle between neighbours of a transform.
    let step = kernel.length / size;
    let mut tables = vec![];
    let mut groups = 1;
    for radix in factors {
        let width = size / groups / radix;
        for output in (1..*radix).filter(|_| width > 1) {
            for part in [&cos, &sin] {
                tables.extend((0..width).map(|i| part[step * output * groups * i]));
            }
        }
        if !Kernel::has_butterfly(*radix) {
            for part in [&cos, &sin] {
                tables.extend((0..*radix).map(|i| part[kernel.length / radix * i]));
            }
        }
        groups *= radix;
    }
    if kernel.packed {
        tables.extend(cos[..size].iter().chain(&sin[..size]));
    }
    tables
}

/// Cosines and sines of `length` places on the circle, exact at its quarters; clockwise unless `inverse`.
fn circle(length: usize, inverse: bool) -> [Vec<f64>; 2] {
    // The first eighth gives all others.
    let angles: Vec<f64> = (0..=length / 2)
        .map(|i| FRAC_PI_2 * (i as f64 / length as f64))
        .collect();
    // The baseline instruction set, so that the same model gives the same bytes on every machine.
    let each = |function: AnyFunction| {
        let dtype = DType::F64;
        let mut values = vec![0.0; angles.len()];
        let (x, y) = (bytemuck::cast_slice(&angles), bytemuck::cast_slice_mut(&mut values));
        MapCall { function, dtype }.execute(&mut Args::new(Simd::BASELINE, vec![x], vec![y]));
        values
    };
    let (cos, sin): (Vec<f64>, Vec<f64>) = (each(Cos.into()), each(Sin.into()));
    let direction = if inverse { 1.0 } else { -1.0 };
    let place = |i: usize| {
        let (quarter, rest) = (4 * i / length, 4 * i % length);
        let (x, y) = if 2 * rest <= length {
            (cos[rest], sin[rest])
        } else {
            (sin[length - rest], cos[length - rest])
        };
        let (x, y) = match quarter {
            0 => (x, y),
            1 => (-y, x),
            2 => (-x, -y),
            _ => (y, -x),
        };
        (x, direction * y)
    };
    let places: Vec<(f64, f64)> = (0..length).map(place).collect();
    [
        places.iter().map(|(x, _)| *x).collect(),
        places.iter().map(|(_, y)| *y).collect(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use runtime_core::kernels::MAX_FACTORS;

    const MAX_LENGTH: usize = 1 << 22;

    #[test]
    fn lengths_factor() {
        assert!(factors(1).is_empty());
        assert_eq!(factors(10), [2, 5]);
        assert_eq!(factors(512), [2, 4, 4, 4, 4]);
        assert_eq!(factors(9 * 7 * 4), [4, 3, 3, 7]);
        assert!(
            (1..=MAX_LENGTH)
                .rev()
                .step_by(4099)
                .all(|n| factors(n).len() <= MAX_FACTORS)
        );
        assert_eq!(factors(3usize.pow(13)).len(), 13);
    }

    #[test]
    fn quarters_are_exact() {
        let [cos, sin] = circle(12, true);
        assert_eq!([cos[0], cos[3], cos[6], cos[9]], [1.0, 0.0, -1.0, 0.0]);
        assert_eq!([sin[0], sin[3], sin[6], sin[9]], [0.0, 1.0, 0.0, -1.0]);
        for i in 0..12 {
            let angle = std::f64::consts::TAU * f64::from(i) / 12.0;
            assert!((cos[i as usize] - angle.cos()).abs() < 1e-15 && (sin[i as usize] - angle.sin()).abs() < 1e-15);
        }
    }
}
