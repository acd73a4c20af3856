//! Products of floats by weights of 8 and 4 bits beside those by floats: time, and its ratio to that of the floats.
//!
//! `cargo bench -p runtime-core --bench small_weights`. The ratio is the median of those of neighbouring calls, so
//! that other work on the machine hardly changes it.

use runtime_core::Simd;
use runtime_core::function::Identity;
use runtime_core::kernels::{Gemm, ScaledGemm, gemm, scaled_gemm};
use runtime_core::pack::{pack_pairs, packed_gemm_len};
use std::hint::black_box;
use std::time::Instant;

/// Rows, columns of the input, columns of the output, and numbers that share a scale.
const SIZES: [[usize; 4]; 8] = [
    [128, 384, 384, 384],
    [32, 384, 1536, 384],
    [32, 1536, 384, 1536],
    [32, 1536, 384, 32],
    [5, 384, 1536, 384],
    [1, 384, 1536, 384],
    [1, 4096, 4096, 4096],
    [1, 4096, 4096, 32],
];

/// Microseconds of a call.
fn time(mut call: impl FnMut()) -> f64 {
    let start = Instant::now();
    call();
    start.elapsed().as_secs_f64() * 1e6
}

/// The numbers in ascending order: the least is the first, the median in the middle.
fn sorted(numbers: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    numbers
}

/// Prints the row of a product on one instruction set.
fn row(simd: Simd, [m, k, n, block]: [usize; 4]) {
    let bytes: Vec<i8> = (0..packed_gemm_len(k, n)).map(|i| (i * 7 % 16) as i8 - 8).collect();
    let mut pairs = vec![0; bytes.len().div_ceil(2)];
    pack_pairs(&bytes, &mut pairs);
    let floats: Vec<f32> = bytes.iter().map(|w| f32::from(*w)).collect();
    let x: Vec<f32> = (0..m * k).map(|i| (i % 17) as f32 / 16.0 - 0.5).collect();
    let (bias, scales, mut y) = (vec![0.0; n], vec![0.5; k.div_ceil(block) * n], vec![0.0; m * n]);
    let (activation, scaled) = (Identity, ScaledGemm { m, k, n, block });
    let rounds = (2_000_000_000 / (m * k * n)).clamp(9, 500);
    let mut times = vec![];
    for _ in 0..=rounds {
        times.push([
            time(|| {
                gemm(
                    simd,
                    Gemm { m, k, n, activation },
                    black_box(&x),
                    &floats,
                    &bias,
                    &mut y,
                )
            }),
            time(|| scaled_gemm(simd, scaled, black_box(&x), &bytes, &scales, &mut y)),
            time(|| scaled_gemm(simd, scaled, black_box(&x), &pairs, &scales, &mut y)),
        ]);
    }
    // The first call of each fills the caches.
    times.remove(0);
    let least = |of: usize| sorted(times.iter().map(|times| times[of]))[0];
    let ratio = |of: usize| sorted(times.iter().map(|times| times[of] / times[0]))[rounds / 2];
    println!(
        "| {simd:?} | {m} x {k} x {n} by {block} | {:.1} | {:.1} | {:.2} | {:.1} | {:.2} |",
        least(0),
        least(1),
        ratio(1),
        least(2),
        ratio(2)
    );
}

fn main() {
    println!("| level | m x k x n by block | f32 us | i8 us | i8 / f32 | i4 us | i4 / f32 |");
    println!("|---|---|--:|--:|--:|--:|--:|");
    for simd in Simd::levels() {
        for sizes in SIZES {
            row(simd, sizes);
        }
    }
}
