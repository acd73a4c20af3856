//! Products of one row with and without the zeros among their weights: time and bytes by the share of zeros.
//!
//! `cargo bench -p runtime-core --bench sparse_gemm`

use runtime_core::Simd;
use runtime_core::function::Identity;
use runtime_core::kernels::{Gemm, SparseGemm, gemm, qlinear_gemm, qlinear_sparse_gemm, sparse_gemm};
use runtime_core::pack::{PANEL, pack_gemm, packed_gemm_len};
use runtime_core::requantize::Requantize;
use std::hint::black_box;
use std::time::Instant;

const SHAPES: [[usize; 2]; 3] = [[128, 128], [640, 128], [784, 304]];
const ZEROS: [usize; 6] = [25, 50, 70, 80, 90, 95];

/// Weights `[k, n]` with so many zeros in a hundred; their places, and those that are not zero.
fn weights([k, n]: [usize; 2], zeros: usize) -> (Vec<i8>, Vec<u16>, Vec<i8>) {
    let mut state = 1_u64;
    let mut random = || {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as usize
    };
    let mut weight = || {
        if random() % 100 < zeros {
            0
        } else {
            (random() % 127) as i8 + 1
        }
    };
    let w: Vec<i8> = (0..k * n).map(|_| weight()).collect();
    let (mut places, mut kept) = (vec![], vec![]);
    for panel in 0..n.div_ceil(PANEL) {
        for row in 0..k {
            let columns = panel * PANEL..n.min((panel + 1) * PANEL);
            let there: Vec<usize> = columns.filter(|column| w[row * n + column] != 0).collect();
            places.push(there.iter().map(|column| 1 << (column % PANEL)).sum());
            kept.extend(there.iter().map(|column| w[row * n + column]));
        }
    }
    (w, places, kept)
}

/// Microseconds of a call: the least of many.
fn time(mut call: impl FnMut()) -> f64 {
    let mut least = f64::INFINITY;
    for _ in 0..200 {
        let start = Instant::now();
        call();
        least = least.min(start.elapsed().as_secs_f64() * 1e6);
    }
    least
}

fn main() {
    println!("| k x n | zeros | i8 bytes | of dense | i8 us | dense | f32 bytes | of dense | f32 us | dense |");
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for [k, n] in SHAPES {
        for zeros in ZEROS {
            let (w, places, kept) = weights([k, n], zeros);
            let mut packed = vec![0; packed_gemm_len(k, n)];
            pack_gemm(k, n, &w, false, &mut packed);
            let simd = Simd::detect();
            let (x, bias, multiplier, mut y) = (vec![3_i8; k], vec![5; n], vec![1 << 20; n], vec![0_i8; n]);
            let activation = Requantize {
                shift: 30,
                zero: 0,
                min: -128,
                max: 127,
                outside: 0,
            };
            let (dense, sparse) = (Gemm { m: 1, k, n, activation }, SparseGemm { k, n, activation });
            let integers = [
                time(|| qlinear_sparse_gemm(simd, sparse, black_box(&x), &places, &kept, &bias, &multiplier, &mut y)),
                time(|| qlinear_gemm(simd, dense, black_box(&x), &packed, &bias, &multiplier, &mut y)),
            ];
            let floats = |w: &[i8]| w.iter().map(|w| f32::from(*w)).collect::<Vec<f32>>();
            let (packed, kept, x) = (floats(&packed), floats(&kept), floats(&x));
            let (bias, mut y) = (vec![0.5; n], vec![0.0; n]);
            let activation = Identity;
            let (dense, sparse) = (Gemm { m: 1, k, n, activation }, SparseGemm { k, n, activation });
            let floats = [
                time(|| sparse_gemm(simd, sparse, black_box(&x), &places, &kept, &bias, &mut y)),
                time(|| gemm(simd, dense, black_box(&x), &packed, &bias, &mut y)),
            ];
            let bytes = |size: usize| {
                let sparse = 2 * places.len() + size * kept.len();
                (sparse, 100 * sparse / (size * packed.len()))
            };
            let ((i8s, i8_share), (f32s, f32_share)) = (bytes(1), bytes(4));
            println!(
                "| {k} x {n} | {zeros} % | {i8s} | {i8_share} % | {:.1} | {:.1} | {f32s} | {f32_share} % | {:.1} | {:.1} |",
                integers[0], integers[1], floats[0], floats[1]
            );
        }
    }
}
