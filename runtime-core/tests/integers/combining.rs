//! Kernels that combine many integers: pools, sums, resizes and products are rounded once.

use kernel_tests::{geometries, integers, nearest, places};
use runtime_core::Simd;
use runtime_core::kernels::*;
use runtime_core::requantize::Quantized;
use std::fmt::Debug;

const NO_LIMITS: [i32; 2] = [i32::MIN, i32::MAX];

fn pools<T: Quantized + Debug, U: Quantized + Debug>() {
    for (size, out, kernel, strides, dilations, pads) in geometries() {
        for (channels, count_include_pad) in [(1, true), (3, false), (8, true), (29, false)] {
            for (x_zero, shift, limits) in [(0, 30, NO_LIMITS), (-128, 31, NO_LIMITS), (127, 33, [-10, 60])] {
                let layer = QlinearAveragePool2d {
                    batch: 2,
                    input: [size[0], size[1], channels],
                    output: [out[0], out[1], channels],
                    kernel,
                    strides,
                    dilations,
                    pads: [pads[0], pads[1], pads[0], pads[1]],
                    count_include_pad,
                    x_zero,
                    shift,
                    zero: 3,
                    min: limits[0],
                    max: limits[1],
                };
                let most = kernel[0] * kernel[1];
                let multiplier: Vec<i32> = (1..=most as i32).map(|count| (1 << 30) / count).collect();
                let x: Vec<T> = integers(2 * size[0] * size[1] * channels, 1);
                let mean = |(n, oy, ox, c): (usize, usize, usize, usize)| {
                    let (mut sum, mut count) = (0i128, 0);
                    for tap in 0..most {
                        let at = [0, 1].map(|axis| {
                            let tap = [tap / kernel[1], tap % kernel[1]][axis];
                            ([oy, ox][axis] * strides[axis] + tap * dilations[axis]) as isize - pads[axis] as isize
                        });
                        let within = |by: usize| (0..2).all(|i| at[i] < (size[i] + by * pads[i]) as isize);
                        if within(0) && at.iter().all(|at| *at >= 0) {
                            let at = ((n * size[0] + at[0] as usize) * size[1] + at[1] as usize) * channels + c;
                            sum += i128::from(x[at].into() - x_zero);
                            count += 1;
                        } else if within(1) && count_include_pad {
                            count += 1;
                        }
                    }
                    let multiplier = if count == 0 { 0 } else { multiplier[count - 1] };
                    nearest(sum * i128::from(multiplier), shift, 3, limits)
                };
                let expected: Vec<U> = places(2, out[0], out[1], channels).map(mean).collect();
                for simd in Simd::levels() {
                    let mut y = vec![U::default(); expected.len()];
                    qlinear_average_pool2d(simd, &layer, &x, &multiplier, &mut y);
                    assert_eq!(y, expected, "{layer:?}");
                }
            }
        }
    }
}

#[test]
fn qlinear_average_pool2d_rounds_once() {
    pools::<i8, i8>();
    pools::<i8, i16>();
    pools::<i16, i8>();
    pools::<i16, i16>();
}

#[test]
fn one_multiplier_serves_full_windows() {
    let layer = QlinearAveragePool2d {
        batch: 1,
        input: [4, 6, 2],
        output: [2, 3, 2],
        kernel: [2, 2],
        strides: [2, 2],
        dilations: [1, 1],
        pads: [0; 4],
        count_include_pad: false,
        x_zero: -4,
        shift: 31,
        zero: -1,
        min: -128,
        max: 127,
    };
    let x: Vec<i8> = integers(48, 1);
    let (mut each, mut one) = (vec![0i8; 12], vec![0i8; 12]);
    for simd in Simd::levels() {
        qlinear_average_pool2d(simd, &layer, &x, &[0, 0, 0, 1 << 29], &mut each);
        qlinear_average_pool2d(simd, &layer, &x, &[1 << 29], &mut one);
        assert_eq!(one, each);
    }
}

fn reductions<T: Quantized + Debug, U: Quantized + Debug>() {
    for [outer, axis, inner] in [
        [1, 1, 1],
        [3, 0, 4],
        [0, 3, 4],
        [2, 3, 0],
        [5, 77, 1],
        [300, 7, 1],
        [1, 70_000, 1],
        [3, 49, 37],
        [2, 5, 16],
    ] {
        for (x_zero, multiplier, shift, limits) in [
            (0, 1 << 20, 27, NO_LIMITS),
            (T::narrow(i32::MIN).into(), 1_234_567, 36, NO_LIMITS),
            (T::narrow(i32::MAX).into(), 3, 1, [-20, 20]),
            (T::narrow(i32::MIN).into(), 3, 1, [-20, 20]),
        ] {
            let layer = QlinearReduceSum {
                outer,
                axis,
                inner,
                x_zero,
                multiplier,
                shift,
                zero: 1,
                min: limits[0],
                max: limits[1],
            };
            let x: Vec<T> = integers(outer * axis * inner, 1);
            let sum = |i: usize| {
                let line = (0..axis).map(|j| x[(i / inner * axis + j) * inner + i % inner]);
                let sum: i128 = line.map(|x| i128::from(x.into() - x_zero)).sum();
                nearest(sum * i128::from(multiplier), shift, 1, limits)
            };
            let expected: Vec<U> = (0..outer * inner).map(sum).collect();
            for simd in Simd::levels() {
                let mut y = vec![U::default(); expected.len()];
                qlinear_reduce_sum(simd, &layer, &x, &mut y);
                assert_eq!(y, expected, "{layer:?}");
            }
        }
    }
}

#[test]
fn qlinear_reduce_sum_rounds_once() {
    reductions::<i8, i8>();
    reductions::<i8, i16>();
    reductions::<i16, i8>();
    reductions::<i16, i16>();
}

/// Pairs of an index and a weight of up to `most` for each output position.
fn taps(input: usize, output: usize, taps: usize, most: i64) -> Vec<i32> {
    let indices: Vec<i8> = integers(output * taps, 2);
    let weights: Vec<i16> = integers(output * taps, 3);
    let pairs = indices.iter().zip(&weights);
    pairs
        .flat_map(|(i, w)| {
            [
                i32::from(*i).rem_euclid(input as i32),
                (i64::from(*w) * most / 32768) as i32,
            ]
        })
        .collect()
}

fn resizes<T: Quantized + Debug, U: Quantized + Debug>() {
    for (outer, input, output, between, inner, counts) in [
        (1, [2, 2], [4, 4], 1, 1, [2, 2]),
        (2, [3, 5], [7, 4], 1, 19, [2, 4]),
        (2, [4, 1], [9, 1], 1, 16, [4, 1]),
        (1, [3, 2], [2, 5], 3, 5, [1, 2]),
        (3, [1, 6], [1, 2], 2, 33, [1, 7]),
        (2, [3, 3], [0, 4], 1, 2, [2, 2]),
        (2, [3, 3], [4, 4], 0, 2, [2, 2]),
        (0, [3, 3], [4, 4], 1, 2, [2, 2]),
    ] {
        for (x_zero, shift, limits) in [
            (0, 50, NO_LIMITS),
            (T::narrow(i32::MIN).into(), 48, NO_LIMITS),
            (T::narrow(i32::MAX).into(), 47, [-20, 21]),
        ] {
            let layer = QlinearResize {
                outer,
                input,
                output,
                between,
                inner,
                taps: counts,
                x_zero,
                shift,
                zero: -3,
                min: limits[0],
                max: limits[1],
            };
            let first = taps(input[0], output[0], counts[0], 1 << 20);
            let second = taps(input[1], output[1], counts[1], 1 << 19);
            let x: Vec<T> = integers(outer * input[0] * between * input[1] * inner, 1);
            let tap = |table: &[i32], i: usize| (table[2 * i] as usize, i128::from(table[2 * i + 1]));
            let sum = |at: usize| {
                let (n, at) = (at % inner, at / inner);
                let (j, at) = (at % output[1], at / output[1]);
                let (b, at) = (at % between, at / between);
                let (i, o) = (at % output[0], at / output[0]);
                let mut sum = 0;
                for k in 0..counts[0] {
                    for l in 0..counts[1] {
                        let (p, v) = tap(&first, i * counts[0] + k);
                        let (q, w) = tap(&second, j * counts[1] + l);
                        let x = x[(((o * input[0] + p) * between + b) * input[1] + q) * inner + n];
                        sum += v * w * i128::from(x.into() - x_zero);
                    }
                }
                nearest(sum, shift, -3, limits)
            };
            let expected: Vec<U> = (0..outer * output[0] * between * output[1] * inner).map(sum).collect();
            for simd in Simd::levels() {
                let mut y = vec![U::default(); expected.len()];
                qlinear_resize(simd, &layer, &x, &first, &second, &mut y);
                assert_eq!(y, expected, "{layer:?}");
            }
        }
    }
}

#[test]
fn qlinear_resize_rounds_once() {
    resizes::<i8, i8>();
    resizes::<i8, i16>();
    resizes::<i16, i8>();
    resizes::<i16, i16>();
}

fn products<T: Factor + Debug, U: Quantized + Debug>() {
    for [m, k, n] in [
        [0, 3, 4],
        [1, 0, 2],
        [1, 1, 1],
        [3, 5, 17],
        [7, 300, 33],
        [2, 64, 16],
        [2, 3, 0],
    ] {
        for (a_zero, b_zero, shift) in [(0, 0, 20), (T::narrow(i32::MIN).into(), T::narrow(i32::MAX).into(), 34)] {
            // Two by three batches; the first operand is shared by the outer, the second by the inner.
            let layer = QlinearMatMul {
                batch: [2, 3],
                a_strides: [0, m * k],
                b_strides: [k * n, 0],
                m,
                k,
                n,
                a_zero,
                b_zero,
                multiplier: 987_654,
                shift,
                zero: -2,
                min: -100,
                max: 30_000,
            };
            let (a, b): (Vec<T>, Vec<T>) = (integers(3 * m * k, 1), integers(2 * k * n, 2));
            let mut expected: Vec<U> = vec![];
            for (batch, row, column) in (0..6).flat_map(|b| (0..m).flat_map(move |r| (0..n).map(move |c| (b, r, c)))) {
                let product = |i: usize| {
                    let a: i32 = a[batch % 3 * m * k + row * k + i].into();
                    let b: i32 = b[batch / 3 * k * n + i * n + column].into();
                    i128::from(a - a_zero) * i128::from(b - b_zero)
                };
                let sum: i128 = (0..k).map(product).sum();
                expected.push(nearest(sum * 987_654, shift, -2, [-100, 30_000]));
            }
            for simd in Simd::levels() {
                let mut y = vec![U::default(); expected.len()];
                qlinear_mat_mul(simd, layer, &a, &b, &mut y);
                assert_eq!(y, expected, "{layer:?}");
            }
        }
    }
}

#[test]
fn qlinear_mat_mul_rounds_once() {
    products::<i8, i8>();
    products::<i8, i16>();
    products::<i16, i8>();
    products::<i16, i16>();
}
