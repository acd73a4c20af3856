//! Products without the zeros among their weights against those with them, to the bit.

use runtime_core::Simd;
use runtime_core::function::Relu;
use runtime_core::kernels::*;
use runtime_core::pack::*;
use runtime_core::requantize::{Quantized, Requantize};

use kernel_tests::numbers;

/// Depths and widths, and of how many weights one is not zero.
const SHAPES: [([usize; 2], usize); 7] = [
    ([1, 1], 1),
    ([5, 3], 2),
    ([64, 16], 4),
    ([67, 40], 3),
    ([130, 17], 7),
    ([33, 8], 1),
    ([9, 20], 1000),
];

/// Weights `[k, n]`, with zeros, and the same as places and weights.
fn weights<T: Copy + Default + PartialEq>(
    [k, n]: [usize; 2],
    every: usize,
    of: impl Fn(f32) -> T,
) -> (Vec<T>, Vec<u16>, Vec<T>) {
    let zero = T::default();
    let random = numbers(k * n, 2);
    let keep = |i: usize| (i * 7 + i / 11).is_multiple_of(every);
    let w: Vec<T> = (0..k * n).map(|i| if keep(i) { of(random[i]) } else { zero }).collect();
    let (mut places, mut kept) = (vec![], vec![]);
    for panel in 0..n.div_ceil(PANEL) {
        for row in 0..k {
            let columns = panel * PANEL..n.min((panel + 1) * PANEL);
            let there: Vec<usize> = columns.filter(|column| w[row * n + column] != zero).collect();
            places.push(there.iter().map(|column| 1 << (column % PANEL)).sum());
            kept.extend(there.iter().map(|column| w[row * n + column]));
        }
    }
    (w, places, kept)
}

#[test]
fn floats() {
    for ([k, n], every) in SHAPES {
        let (w, places, kept) = weights([k, n], every, |v| v);
        let (x, bias) = (numbers(k, 1), numbers(n, 3));
        let mut packed = vec![0.0; packed_gemm_len(k, n)];
        pack_gemm(k, n, &w, false, &mut packed);
        for simd in Simd::levels() {
            let (mut expected, mut found) = (vec![0.0; n], vec![f32::NAN; n]);
            let dense = Gemm {
                m: 1,
                k,
                n,
                activation: Relu,
            };
            gemm(simd, dense, &x, &packed, &bias, &mut expected);
            let sparse = SparseGemm { k, n, activation: Relu };
            sparse_gemm(simd, sparse, &x, &places, &kept, &bias, &mut found);
            assert_eq!(found, expected, "[{k}, {n}], one in {every}");
        }
    }
}

fn integers<T: Quantized>() {
    let activation = Requantize {
        shift: 12,
        zero: 5,
        min: -100,
        max: 1000,
        outside: -3,
    };
    for ([k, n], every) in SHAPES {
        let (w, places, kept) = weights([k, n], every, |v| (v * 127.9) as i8);
        let x: Vec<T> = numbers(k, 1).iter().map(|v| T::narrow((v * 127.9) as i32)).collect();
        let bias: Vec<i32> = numbers(n, 3).iter().map(|v| (v * 3000.0) as i32).collect();
        let multiplier: Vec<i32> = (0..n).map(|c| 3 + c as i32).collect();
        let mut packed = vec![0; packed_gemm_len(k, n)];
        pack_gemm(k, n, &w, false, &mut packed);
        for simd in Simd::levels() {
            let (mut expected, mut found) = (vec![T::default(); n], vec![T::default(); n]);
            let dense = Gemm { m: 1, k, n, activation };
            qlinear_gemm(simd, dense, &x, &packed, &bias, &multiplier, &mut expected);
            let sparse = SparseGemm { k, n, activation };
            qlinear_sparse_gemm(simd, sparse, &x, &places, &kept, &bias, &multiplier, &mut found);
            let numbers = |y: Vec<T>| y.into_iter().map(Into::into).collect::<Vec<i32>>();
            assert_eq!(numbers(found), numbers(expected), "[{k}, {n}], one in {every}");
        }
    }
}

#[test]
fn integers_of_8_bits() {
    integers::<i8>();
}

#[test]
fn integers_of_16_bits() {
    integers::<i16>();
}
