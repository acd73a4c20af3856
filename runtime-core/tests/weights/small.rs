//! Products by weights that are small integers, against plain loops.

use runtime_core::Simd;
use runtime_core::kernels::*;
use runtime_core::pack::*;

use kernel_tests::numbers;

const SIZES: [[usize; 4]; 10] = [
    [1, 1, 1, 1],
    [1, 64, 16, 64],
    [1, 70, 33, 32],
    [2, 48, 5, 16],
    [7, 33, 40, 16],
    [9, 41, 24, 41],
    [13, 100, 17, 1000],
    [16, 35, 48, 20],
    [0, 8, 8, 4],
    [3, 0, 8, 4],
];

/// Weights `[k, n]` from `least` to `greatest`, and packed.
fn weights(k: usize, n: usize, least: f32, greatest: f32) -> (Vec<i8>, Vec<i8>) {
    let range = greatest - least + 1.0;
    let integer = |v: f32| (((v + 1.0) / 2.0 * range).floor() + least).clamp(least, greatest) as i8;
    let w: Vec<i8> = numbers(k * n, 2).into_iter().map(integer).collect();
    let mut packed = vec![0; packed_gemm_len(k, n)];
    pack_gemm(k, n, &w, false, &mut packed);
    (w, packed)
}

fn pairs(packed: &[i8]) -> Vec<u8> {
    let mut pairs = vec![0; packed.len().div_ceil(2)];
    pack_pairs(packed, &mut pairs);
    pairs
}

#[test]
fn floats_by_scaled_integers() {
    for [m, k, n, block] in SIZES {
        let blocks = k.div_ceil(block);
        let (x, scales) = (numbers(m * k, 1), numbers(blocks * n, 3));
        for (least, greatest) in [(-128.0, 127.0), (-8.0, 7.0)] {
            let (w, packed) = weights(k, n, least, greatest);
            for simd in Simd::levels() {
                let mut y = vec![9.0; m * n];
                scaled_gemm(simd, ScaledGemm { m, k, n, block }, &x, &packed[..], &scales, &mut y);
                for (at, y) in y.iter().enumerate() {
                    let (row, column) = (at / n, at % n);
                    let product = |i: usize| {
                        let weight = f64::from(w[i * n + column]) * f64::from(scales[i / block * n + column]);
                        f64::from(x[row * k + i]) * weight
                    };
                    let sum: f64 = (0..k).map(product).sum();
                    let size: f64 = (0..k).map(|i| product(i).abs()).sum();
                    assert!(
                        (f64::from(*y) - sum).abs() <= 1e-5 * size + 1e-6,
                        "{m} {k} {n} {block}: {y}, {sum}"
                    );
                }
                if greatest == 7.0 {
                    let mut of_pairs = vec![9.0; m * n];
                    let layer = ScaledGemm { m, k, n, block };
                    scaled_gemm(simd, layer, &x, &pairs(&packed)[..], &scales, &mut of_pairs);
                    assert_eq!(of_pairs, y, "to the bit");
                }
            }
        }
    }
}

#[test]
fn sums_of_integers_are_exact() {
    for [m, k, n, _] in SIZES {
        let x: Vec<i8> = numbers(m * k, 1)
            .into_iter()
            .map(|v| (v * 128.0).floor() as i8)
            .collect();
        for (least, greatest) in [(-128.0, 127.0), (-8.0, 7.0)] {
            let (w, packed) = weights(k, n, least, greatest);
            let sum = |at: usize| -> i32 {
                let product = |i: usize| i32::from(x[at / n * k + i]) * i32::from(w[i * n + at % n]);
                (0..k).map(product).sum()
            };
            let expected: Vec<i32> = (0..m * n).map(sum).collect();
            for simd in Simd::levels() {
                let mut y = vec![9; m * n];
                integer_gemm(simd, IntegerGemm { m, k, n }, &x, &packed[..], &mut y);
                assert_eq!(y, expected, "{m} {k} {n}");
                if greatest == 7.0 {
                    integer_gemm(simd, IntegerGemm { m, k, n }, &x, &pairs(&packed)[..], &mut y);
                    assert_eq!(y, expected, "{m} {k} {n} in pairs");
                }
            }
        }
    }
}
