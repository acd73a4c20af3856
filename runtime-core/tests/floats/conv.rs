//! The float convolutions and matrix products against plain loops in `f64`, on odd shapes.

use runtime_core::function::{Clip, Function, Identity, Relu};
use runtime_core::kernels::*;
use runtime_core::pack::*;
use runtime_core::{Simd, layer};

use kernel_tests::{conv_transpose2d_in_f64, conv2d_in_f64, geometries, numbers};

#[track_caller]
fn assert_close(actual: &[f32], expected: &[f64], what: &impl std::fmt::Debug) {
    assert_eq!(actual.len(), expected.len());
    for (i, (a, e)) in actual.iter().zip(expected).enumerate() {
        assert!(
            (*a as f64 - e).abs() <= 2e-5 * (1.0 + e.abs()),
            "{what:?}: y[{i}] is {a}, not {e}"
        );
    }
}

fn packed(c: &Conv2d<impl Copy>, w: &[f32]) -> Vec<f32> {
    let ([kh, kw], icg, oc) = (c.kernel, c.input[2] / c.groups, c.output[2]);
    let mut packed = vec![f32::NAN; packed_conv2d_len(c.groups, oc, kh, kw, icg)];
    pack_conv2d(c.groups, oc, kh, kw, icg, w, &mut packed);
    packed
}

#[test]
fn conv2d_is_the_sum() {
    for (size, out, kernel, strides, dilations, pads) in geometries() {
        for (groups, icg, ocg) in [
            (1, 1, 1),
            (1, 3, 8),
            (1, 4, 16),
            (1, 70, 10),
            (1, 5, 40),
            (2, 3, 20),
            (3, 66, 2),
        ] {
            for batch in [1, 2] {
                let layer = Conv2d {
                    batch,
                    input: [size[0], size[1], groups * icg],
                    output: [out[0], out[1], groups * ocg],
                    kernel,
                    strides,
                    dilations,
                    pads,
                    groups,
                    activation: Relu,
                };
                let x = numbers(batch * layer.input.iter().product::<usize>(), 1);
                let w = numbers(groups * ocg * icg * kernel[0] * kernel[1], 2);
                let (bias, residual) = (
                    numbers(groups * ocg, 3),
                    numbers(batch * layer.output.iter().product::<usize>(), 4),
                );
                let expected = conv2d_in_f64(&layer, &x, &w, &bias, &[], |v| v.max(0.0));
                let added = conv2d_in_f64(&layer, &x, &w, &bias, &residual, |v| v.max(0.0));
                let w = packed(&layer, &w);
                for simd in Simd::levels() {
                    let mut y = vec![f32::NAN; expected.len()];
                    conv2d(simd, layer, &x, &w, &bias, &mut y);
                    assert_close(&y, &expected, &layer);
                    conv2d_add(simd, layer, &x, &w, &bias, &residual, &mut y);
                    assert_close(&y, &added, &layer);
                }
            }
        }
    }
}

macro_rules! specialised_equals_shared {
    ($($name:ident: $value:expr;)*) => {$(
        layer!($name: Conv2d<Clip> = $value);
        let c: Conv2d<Clip> = $value;
        let x = numbers(c.batch * c.input.iter().product::<usize>(), 5);
        let w = packed(&c, &numbers(c.output[2] * c.input[2] / c.groups * c.kernel[0] * c.kernel[1], 6));
        let bias = numbers(c.output[2], 7);
        for simd in Simd::levels() {
            let mut y = vec![f32::NAN; c.batch * c.output.iter().product::<usize>()];
            let mut z = y.clone();
            conv2d(simd, $name, &x, &w, &bias, &mut y);
            conv2d(simd, c, &x, &w, &bias, &mut z);
            assert_eq!(y, z);
            conv2d_add(simd, $name, &x, &w, &bias, &z, &mut y);
            let before = z.clone();
            conv2d_add(simd, c, &x, &w, &bias, &before, &mut z);
            assert_eq!(y, z);
        }
    )*};
}

#[test]
fn specialised_conv2d_equals_shared() {
    const CLIP: Clip = Clip { min: -0.5, max: 0.75 };
    const SAME: Conv2d<Clip> = Conv2d {
        batch: 1,
        input: [14, 14, 20],
        output: [14, 14, 40],
        kernel: [3, 3],
        strides: [1, 1],
        dilations: [1, 1],
        pads: [1, 1],
        groups: 1,
        activation: CLIP,
    };
    specialised_equals_shared! {
        Same: SAME;
        Stride: Conv2d { output: [7, 7, 40], strides: [2, 2], ..SAME };
        Small: Conv2d { input: [16, 16, 4], output: [16, 16, 16], ..SAME };
        Grouped: Conv2d { groups: 4, ..SAME };
        Dilated: Conv2d { dilations: [2, 2], pads: [2, 2], ..SAME };
        Narrow: Conv2d { batch: 2, output: [14, 14, 8], ..SAME };
        Wide: Conv2d { input: [1, 30, 7], output: [1, 10, 12], kernel: [1, 9], strides: [1, 3], pads: [0, 4], ..SAME };
    }
}

#[test]
fn images_of_many_tiles() {
    for (kernel, channels, outputs) in [(3, 36, 40), (3, 5, 20), (7, 3, 33), (5, 70, 12), (3, 520, 12)] {
        let layer = Conv2d {
            batch: 1,
            input: [18, 19, channels],
            output: [18, 19, outputs],
            kernel: [kernel; 2],
            strides: [1, 1],
            dilations: [1, 1],
            pads: [kernel / 2; 2],
            groups: 1,
            activation: Clip { min: -0.5, max: 0.75 },
        };
        let x = numbers(layer.input.iter().product(), 1);
        // Small ones: the sums are long.
        let mut w = numbers(outputs * channels * kernel * kernel, 2);
        w.iter_mut().for_each(|w| *w *= 0.125);
        let (bias, residual) = (numbers(outputs, 3), numbers(18 * 19 * outputs, 4));
        let expected = conv2d_in_f64(&layer, &x, &w, &bias, &[], |v| v.clamp(-0.5, 0.75));
        let added = conv2d_in_f64(&layer, &x, &w, &bias, &residual, |v| v.clamp(-0.5, 0.75));
        let w = packed(&layer, &w);
        for simd in Simd::levels() {
            let mut y = vec![f32::NAN; expected.len()];
            conv2d(simd, layer, &x, &w, &bias, &mut y);
            assert_close(&y, &expected, &layer);
            conv2d_add(simd, layer, &x, &w, &bias, &residual, &mut y);
            assert_close(&y, &added, &layer);
        }
    }
}

/// What only clamps is applied to sums in registers: it treats numbers that are none, and infinite ones, as elsewhere.
#[test]
fn clamps_keep_what_is_not_a_number() {
    fn check<F: Function + PartialEq + std::fmt::Debug>(activation: F, of: [f32; 4]) {
        let (m, k, n) = (4, 20, 20);
        let layer = Gemm { m, k, n, activation };
        let special = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -0.0];
        let w = vec![0.0; packed_gemm_len(k, n)];
        let residual: Vec<f32> = (0..m * n).map(|i| special[i % 4]).collect();
        for simd in Simd::levels() {
            let mut y = vec![5.0; m * n];
            gemm_add(simd, layer, &vec![1.0; m * k], &w, &vec![0.0; n], &residual, &mut y);
            for (i, y) in y.iter().enumerate() {
                let expected = of[i % 4];
                assert!(
                    *y == expected || y.is_nan() && expected.is_nan(),
                    "{layer:?}: {y}, not {expected}"
                );
            }
        }
    }
    check(Identity, [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0]);
    check(Relu, [f32::NAN, f32::INFINITY, 0.0, 0.0]);
    check(Clip { min: -1.0, max: 6.0 }, [f32::NAN, 6.0, -1.0, 0.0]);
}

#[test]
fn depthwise_conv2d_is_a_conv2d_of_groups() {
    for (size, out, kernel, strides, dilations, pads) in geometries() {
        for channels in [1, 3, 5, 8, 12, 16, 27, 64] {
            let (input, output) = ([size[0], size[1], channels], [out[0], out[1], channels]);
            let (batch, groups, activation) = (2, channels, Relu);
            let layer = DepthwiseConv2d {
                batch,
                input,
                output,
                kernel,
                strides,
                dilations,
                pads,
                activation,
            };
            let same = Conv2d {
                batch,
                input,
                output,
                kernel,
                strides,
                dilations,
                pads,
                groups,
                activation,
            };
            let x = numbers(batch * input.iter().product::<usize>(), 1);
            let w = numbers(channels * kernel[0] * kernel[1], 2);
            let (bias, residual) = (
                numbers(channels, 3),
                numbers(batch * output.iter().product::<usize>(), 4),
            );
            let expected = conv2d_in_f64(&same, &x, &w, &bias, &[], |v| v.max(0.0));
            let added = conv2d_in_f64(&same, &x, &w, &bias, &residual, |v| v.max(0.0));
            let mut packed = vec![f32::NAN; w.len()];
            pack_depthwise(channels, kernel[0], kernel[1], &w, &mut packed);
            for simd in Simd::levels() {
                let mut y = vec![f32::NAN; expected.len()];
                depthwise_conv2d(simd, layer, &x, &packed, &bias, &mut y);
                assert_close(&y, &expected, &layer);
                depthwise_conv2d_add(simd, layer, &x, &packed, &bias, &residual, &mut y);
                assert_close(&y, &added, &layer);
            }
        }
    }
}

#[test]
fn conv_transpose2d_spreads() {
    for (size, _, kernel, strides, dilations, pads) in geometries() {
        for (groups, icg, ocg) in [(1, 1, 1), (1, 70, 10), (1, 5, 40), (2, 3, 20)] {
            let full = |i: usize| (size[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1;
            for after in [0, 2] {
                let layer = ConvTranspose2d {
                    batch: 2,
                    input: [size[0], size[1], groups * icg],
                    output: [
                        (full(0) + after).saturating_sub(2 * pads[0]),
                        (full(1) + after).saturating_sub(2 * pads[1]),
                        groups * ocg,
                    ],
                    kernel,
                    strides,
                    dilations,
                    pads,
                    groups,
                    activation: Relu,
                };
                let x = numbers(2 * layer.input.iter().product::<usize>(), 1);
                let w = numbers(groups * icg * ocg * kernel[0] * kernel[1], 2);
                let bias = numbers(groups * ocg, 3);
                let expected = conv_transpose2d_in_f64(&layer, &x, &w, &bias, |v| v.max(0.0));
                let mut packed = vec![f32::NAN; packed_conv2d_len(groups, groups * ocg, kernel[0], kernel[1], icg)];
                pack_conv_transpose2d(groups, groups * ocg, kernel[0], kernel[1], icg, &w, &mut packed);
                for simd in Simd::levels() {
                    let mut y = vec![f32::NAN; expected.len()];
                    conv_transpose2d(simd, layer, &x, &packed, &bias, &mut y);
                    assert_close(&y, &expected, &layer);
                }
            }
        }
    }
}

#[test]
fn gemm_is_the_sum() {
    for m in [0, 1, 2, 3, 7, 12, 61, 300] {
        for k in [0, 1, 3, 4, 64, 300] {
            for n in [1, 4, 8, 10, 16, 17, 31, 100] {
                let layer = Gemm {
                    m,
                    k,
                    n,
                    activation: Identity,
                };
                let (x, w, bias, residual) = (numbers(m * k, 1), numbers(k * n, 2), numbers(n, 3), numbers(m * n, 4));
                let at = |r: usize, c: usize| {
                    bias[c] as f64 + (0..k).map(|i| x[r * k + i] as f64 * w[i * n + c] as f64).sum::<f64>()
                };
                let expected: Vec<f64> = (0..m * n).map(|i| at(i / n, i % n)).collect();
                let added: Vec<f64> = expected.iter().zip(&residual).map(|(a, b)| a + *b as f64).collect();
                let transposed: Vec<f32> = (0..k * n).map(|i| w[i % k * n + i / k]).collect();
                let mut packed = vec![f32::NAN; packed_gemm_len(k, n)];
                let mut other = packed.clone();
                pack_gemm(k, n, &w, false, &mut packed);
                pack_gemm(k, n, &transposed, true, &mut other);
                assert_eq!(packed, other);
                for simd in Simd::levels() {
                    let mut y = vec![f32::NAN; m * n];
                    gemm(simd, layer, &x, &packed, &bias, &mut y);
                    assert_close(&y, &expected, &layer);
                    gemm_add(simd, layer, &x, &packed, &bias, &residual, &mut y);
                    assert_close(&y, &added, &layer);
                }
            }
        }
    }
}

#[test]
fn mat_mul_broadcasts() {
    for (m, k, n) in [
        (1, 1, 1),
        (7, 5, 3),
        (6, 0, 9),
        (13, 20, 12),
        (5, 33, 40),
        (1, 64, 17),
        (0, 3, 2),
    ] {
        // `a` is [2, 1, m, k], `b` is [3, k, n].
        let layer = MatMul {
            batch: [2, 3],
            a_strides: [m * k, 0],
            b_strides: [0, k * n],
            m,
            k,
            n,
        };
        let (a, b) = (numbers(2 * m * k, 1), numbers(3 * k * n, 2));
        let at = |(i, j, r, c): (usize, usize, usize, usize)| {
            (0..k)
                .map(|d| a[(i * m + r) * k + d] as f64 * b[(j * k + d) * n + c] as f64)
                .sum::<f64>()
        };
        let expected: Vec<f64> = (0..6 * m * n)
            .map(|i| at((i / n / m / 3, i / n / m % 3, i / n % m, i % n)))
            .collect();
        for simd in Simd::levels() {
            let mut y = vec![f32::NAN; 6 * m * n];
            mat_mul(simd, layer, &a, &b, &mut y);
            assert_close(&y, &expected, &layer);
            y.fill(f32::NAN);
            mat_mul_of(simd, layer, &a, &b, &mut y);
            assert_close(&y, &expected, &layer);
        }
    }
    let layer = MatMul {
        batch: [],
        a_strides: [],
        b_strides: [],
        m: 1,
        k: 2,
        n: 2,
    };
    let mut y = [0_u8; 2];
    mat_mul_of(Simd::detect(), layer, &[16, 1], &[16, 2, 3, 4], &mut y);
    assert_eq!(y, [3, 36]);
}
