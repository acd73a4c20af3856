//! The Fourier transform, against its definition in double precision.

use runtime_core::Simd;
use runtime_core::kernels::{Fft, MAX_FACTORS, fft};
use std::f64::consts::TAU;

/// The tables of a transform: turns of each factor's outputs, roots where there is no butterfly, turns of packed
/// elements.
fn tables(layer: &Fft) -> Vec<f32> {
    let (size, sign) = (layer.size(), if layer.inverse { 1.0 } else { -1.0 });
    let turn = |part: usize, places: f64| {
        let angle = sign * TAU * places;
        (if part == 0 { angle.cos() } else { angle.sin() }) as f32
    };
    let mut tables = vec![];
    let mut groups = 1;
    for radix in layer.factors.into_iter().filter(|radix| *radix > 1) {
        let width = size / groups / radix;
        for (output, part) in (1..radix).flat_map(|output| [(output, 0), (output, 1)]) {
            let turns = (0..width).map(|i| turn(part, (output * groups * i) as f64 / size as f64));
            tables.extend(turns.filter(|_| width > 1));
        }
        for part in [0, 1] {
            let roots = (0..radix).map(|i| turn(part, i as f64 / radix as f64));
            tables.extend(roots.filter(|_| !Fft::has_butterfly(radix)));
        }
        groups *= radix;
    }
    for part in [0, 1] {
        let turns = (0..size).map(|i| turn(part, i as f64 / layer.length as f64));
        tables.extend(turns.filter(|_| layer.packed));
    }
    tables
}

/// Bin `k` of a transform of complex numbers.
fn bin(x: &[(f64, f64)], k: usize, inverse: bool) -> (f64, f64) {
    let sign = if inverse { 1.0 } else { -1.0 };
    let scale = if inverse { 1.0 / x.len() as f64 } else { 1.0 };
    x.iter()
        .enumerate()
        .fold((0.0, 0.0), |(real, imaginary), (n, (re, im))| {
            let (sin, cos) = (sign * TAU * (k * n % x.len()) as f64 / x.len() as f64).sin_cos();
            (
                real + scale * (re * cos - im * sin),
                imaginary + scale * (re * sin + im * cos),
            )
        })
}

/// Two by three transforms, of signals that are two elements longer than a transform.
fn check(factors: &[usize], parts: usize, packed: bool, inverse: bool) {
    let size: usize = factors.iter().product();
    let length = if packed { 2 * size } else { size };
    let mut layer = Fft {
        outer: 2,
        axis: length + 2,
        inner: 3,
        parts,
        half: false,
        length,
        packed,
        bins: length,
        y_parts: 2,
        inverse,
        factors: [1; MAX_FACTORS],
    };
    layer.factors[..factors.len()].copy_from_slice(factors);
    let number = |i: usize| ((i * i * 7 + i) % 19) as f32 - 9.0;
    let x: Vec<f32> = (0..2 * (length + 2) * 3 * parts).map(number).collect();
    for simd in [Simd::detect(), Simd::BASELINE] {
        let mut y = vec![9.0; 2 * length * 3 * 2];
        let mut scratch = vec![9.0; 4 * size];
        fft(simd, layer, &x, &tables(&layer), &mut y, &mut scratch);
        for (outer, inner) in (0..2).flat_map(|outer| (0..3).map(move |inner| (outer, inner))) {
            let element = |n: usize| {
                let at = ((outer * layer.axis + n) * 3 + inner) * parts;
                (f64::from(x[at]), if parts == 2 { f64::from(x[at + 1]) } else { 0.0 })
            };
            let signal: Vec<_> = (0..length).map(element).collect();
            for k in 0..length {
                let (real, imaginary) = bin(&signal, k, inverse);
                let at = ((outer * length + k) * 3 + inner) * 2;
                let error = (f64::from(y[at]) - real).abs() + (f64::from(y[at + 1]) - imaginary).abs();
                assert!(
                    error < 2e-4,
                    "{layer:?}: {:?} for {real} {imaginary} at {k}",
                    &y[at..at + 2]
                );
            }
        }
    }
}

#[test]
fn every_radix() {
    let cases: [&[usize]; 9] = [&[], &[2], &[3], &[4], &[5], &[7], &[2, 4, 3, 5], &[4, 4, 4], &[3, 11]];
    for factors in cases {
        for inverse in [false, true] {
            check(factors, 1, false, inverse);
            check(factors, 2, false, inverse);
            check(factors, 1, true, inverse);
        }
    }
}
