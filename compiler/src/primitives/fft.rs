use super::tensor_type;
use crate::fold;
use crate::ir::{DType, Inputs, OpError, Operator, Tensor, TensorType, op_error};
use crate::kernels::Typed;
use crate::lower::Lowering;
use runtime_core::function::{AnyFunction, Cos, Sin};
use runtime_core::kernels::{Fft as Kernel, MAX_FACTORS};
use std::f64::consts::FRAC_PI_2;

/// The longest transform.
const MAX_LENGTH: usize = 1 << 22;

/// The discrete Fourier transform along one axis, in `f32` or `f64`; the last dimension holds the parts of an element,
/// one real or two.
#[derive(Clone, Debug, PartialEq)]
pub struct Fft {
    /// The axis, not the last one.
    pub axis: usize,
    /// Elements of a transform: the input is cut or filled up with zeros.
    pub length: usize,
    /// Whether frequencies become a signal.
    pub inverse: bool,
    /// Whether signals are real, and spectra only the half that the other one mirrors.
    pub onesided: bool,
}

impl Fft {
    /// Elements of the output along the axis, and parts of each.
    fn output(&self) -> (usize, usize) {
        match (self.onesided, self.inverse) {
            (true, false) => (self.length / 2 + 1, 2),
            (true, true) => (self.length, 1),
            (false, _) => (self.length, 2),
        }
    }
}

impl Operator for Fft {
    fn name(&self) -> &'static str {
        "DFT"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if !matches!(x.dtype, DType::F32 | DType::F64) {
            return Err(
                op_error(format!("element type {} is not supported", x.dtype)).help("supported: float32, float64")
            );
        }
        let parts = x.shape.last().copied().filter(|_| self.axis + 1 < x.rank());
        let wanted = match (self.onesided, self.inverse) {
            (true, false) => 1..=1,
            (true, true) => 2..=2,
            (false, _) => 1..=2,
        };
        if !parts.is_some_and(|parts| wanted.contains(&parts)) {
            return Err(op_error(format!(
                "the last dimension of {x} must be of {wanted:?} parts"
            )));
        }
        if !(1..=MAX_LENGTH).contains(&self.length) {
            return Err(op_error(format!("a transform of {} elements", self.length))
                .help(format!("supported: 1 to {MAX_LENGTH} elements")));
        }
        let mut shape = x.shape.clone();
        let last = shape.len() - 1;
        (shape[self.axis], shape[last]) = self.output();
        Ok(vec![tensor_type(x.dtype, shape)?])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        let Some(x) = inputs[0] else { return 0 };
        let transforms: usize = (0..x.rank() - 1)
            .filter(|i| *i != self.axis)
            .map(|i| x.shape[i])
            .product();
        let step: usize = factors(self.length.max(1)).into_iter().sum();
        transforms as u64 * self.length as u64 * step as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let last = ty.rank() - 1;
        let (bins, y_parts) = self.output();
        let parts = ty.shape[last];
        let packed = parts == 1 && self.length.is_multiple_of(2);
        let mut kernel = Kernel {
            outer: ty.shape[..self.axis].iter().product(),
            axis: ty.shape[self.axis],
            inner: ty.shape[self.axis + 1..last].iter().product(),
            parts,
            half: self.onesided && self.inverse,
            length: self.length,
            packed,
            bins,
            y_parts,
            inverse: self.inverse,
            factors: [1; MAX_FACTORS],
        };
        let found = factors(kernel.size());
        kernel.factors[..found.len()].copy_from_slice(&found);
        let tables = tables(&kernel, &found)?;
        let tables = match ty.dtype {
            DType::F64 => Tensor::f64(&[tables.len()], &tables),
            _ => Tensor::f32(&[tables.len()], &tables.iter().map(|v| *v as f32).collect::<Vec<_>>()),
        };
        let tables = cx.add_constant("turns", tables);
        let (x, y) = (cx.input(0), cx.output(0));
        let scratch = cx.temporary("transform", ty.dtype, 4 * kernel.size());
        let dtype = ty.dtype;
        cx.call(Typed { kernel, dtype }, &[x, tables], &[y, scratch]);
        Ok(())
    }
}

/// Factors for which there are butterflies, then other primes.
fn factors(mut length: usize) -> Vec<usize> {
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
fn tables(kernel: &Kernel, factors: &[usize]) -> Result<Vec<f64>, OpError> {
    let [cos, sin] = circle(kernel.length, kernel.inverse)?;
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
    Ok(tables)
}

/// Cosines and sines of `length` places on the circle, exact at its quarters; clockwise unless `inverse`.
fn circle(length: usize, inverse: bool) -> Result<[Vec<f64>; 2], OpError> {
    // The first eighth gives all others.
    let angles: Vec<f64> = (0..=length / 2)
        .map(|i| FRAC_PI_2 * (i as f64 / length as f64))
        .collect();
    let each = |function: AnyFunction| {
        let angles = Tensor::f64(&[angles.len()], &angles);
        let values = fold::evaluate(&super::Map { function }, &[angles]);
        values
            .map(|values| values[0].to_f64())
            .map_err(|e| op_error(e.to_string()))
    };
    let (cos, sin) = (each(Cos.into())?, each(Sin.into())?);
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
    Ok([
        places.iter().map(|(x, _)| *x).collect(),
        places.iter().map(|(_, y)| *y).collect(),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

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
        let [cos, sin] = circle(12, true).unwrap();
        assert_eq!([cos[0], cos[3], cos[6], cos[9]], [1.0, 0.0, -1.0, 0.0]);
        assert_eq!([sin[0], sin[3], sin[6], sin[9]], [0.0, 1.0, 0.0, -1.0]);
        for i in 0..12 {
            let angle = std::f64::consts::TAU * f64::from(i) / 12.0;
            assert!((cos[i as usize] - angle.cos()).abs() < 1e-15 && (sin[i as usize] - angle.sin()).abs() < 1e-15);
        }
    }
}
