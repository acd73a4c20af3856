//! Integers are the same on every instruction set that this processor has, bit for bit: all tails of the tiles. Floats
//! are close.

use runtime_core::Simd;
use runtime_core::function::Clip;
use runtime_core::kernels::{
    Conv2d, DepthwiseConv2d, Gemm, gemm, qlinear_conv2d, qlinear_depthwise_conv2d, qlinear_gemm,
};
use runtime_core::pack::{pack_pairs, packed_conv2d_len, packed_gemm_len};
use runtime_core::requantize::Requantize;

const REQUANTIZE: Requantize = Requantize {
    shift: 38,
    zero: 3,
    min: -128,
    max: 127,
    outside: -5,
};

/// Bytes of every value, the extreme ones often.
fn bytes(len: usize, seed: &mut u32) -> Vec<i8> {
    (0..len)
        .map(|_| {
            *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            match *seed >> 28 {
                0 | 1 => i8::MIN,
                2 => i8::MAX,
                _ => (*seed >> 16) as i8,
            }
        })
        .collect()
}

fn multipliers(len: usize) -> Vec<i32> {
    (0..len).map(|i| 10_000_000 + i as i32 * 123_457).collect()
}

/// Weights brought to four bits, in pairs and as bytes.
fn four_bits(w: &[i8]) -> (Vec<u8>, Vec<i8>) {
    let narrow: Vec<i8> = w.iter().map(|w| w >> 4).collect();
    let mut pairs = vec![0; narrow.len().div_ceil(2)];
    pack_pairs(&narrow, &mut pairs);
    (pairs, narrow)
}

/// The standard library asks in its own way.
#[cfg(target_arch = "aarch64")]
#[test]
fn dot_products_are_found_where_the_processor_has_them() {
    let found = Simd::levels().any(|simd| format!("{simd:?}").contains("Dotprod"));
    assert_eq!(found, std::arch::is_aarch64_feature_detected!("dotprod"));
}

#[test]
fn products_are_the_same_on_every_level() {
    let mut seed = 1;
    for (m, n) in (1..=14).flat_map(|m| [1, 4, 8, 9, 16, 17, 24, 33].map(|n| (m, n))) {
        for k in (0..=37).chain([64, 65, 126, 259]) {
            let layer = Gemm {
                m,
                k,
                n,
                activation: REQUANTIZE,
            };
            let (x, w) = (bytes(m * k, &mut seed), bytes(packed_gemm_len(k, n), &mut seed));
            let bias: Vec<i32> = bytes(n, &mut seed).into_iter().map(|b| i32::from(b) * 999).collect();
            let run = |simd| {
                let mut y = vec![0_i8; m * n];
                qlinear_gemm(simd, layer, &x, &w, &bias, &multipliers(n), &mut y);
                y
            };
            let expected = run(Simd::BASELINE);
            let (pairs, narrow) = four_bits(&w);
            let run_pairs = |simd| {
                let mut y = vec![0_i8; m * n];
                qlinear_gemm(simd, layer, &x, &pairs, &bias, &multipliers(n), &mut y);
                y
            };
            let mut expected_of_pairs = vec![0_i8; m * n];
            qlinear_gemm(
                Simd::BASELINE,
                layer,
                &x,
                &narrow,
                &bias,
                &multipliers(n),
                &mut expected_of_pairs,
            );
            for simd in Simd::levels() {
                assert_eq!(run(simd), expected, "{simd:?}, {m}x{k}x{n}");
                assert_eq!(run_pairs(simd), expected_of_pairs, "{simd:?}, {m}x{k}x{n}, pairs");
            }
        }
    }
}

/// Floats, which may differ by what each multiply-add rounds.
#[test]
fn products_of_floats_are_close_on_every_level() {
    let numbers = |len: usize, step: usize| {
        (0..len)
            .map(|i| (i * step % 17) as f32 / 8.0 - 1.0)
            .collect::<Vec<f32>>()
    };
    for (m, n) in (1..=14).flat_map(|m| [4, 8, 16, 33].map(|n| (m, n))) {
        let k = 5 * m + n % 7;
        let (x, w) = (numbers(m * k, 5), numbers(packed_gemm_len(k, n), 3));
        let layer = Gemm {
            m,
            k,
            n,
            // Not `Identity`, which runtime-core itself has compiled: scripts/aarch64.sh looks for this loop here.
            activation: Clip { min: -1e6, max: 1e6 },
        };
        for simd in Simd::levels() {
            let mut y = vec![0.0; m * n];
            gemm(simd, layer, &x, &w, &vec![0.5; n], &mut y);
            for (at, y) in y.iter().enumerate() {
                let (row, column) = (at / n, at % n);
                let weight = |input: usize| w[(column / 16 * k + input) * 16 + column % 16];
                let exact = (0..k)
                    .map(|i| f64::from(x[row * k + i]) * f64::from(weight(i)))
                    .sum::<f64>()
                    + 0.5;
                assert!(
                    (f64::from(*y) - exact).abs() < 1e-4,
                    "{simd:?}, {m}x{k}x{n}: {y}, {exact}"
                );
            }
        }
    }
}

#[test]
fn convolutions_are_the_same_on_every_level() {
    let mut seed = 2;
    for (channels, outputs, groups) in [(1, 3, 1), (3, 17, 1), (4, 8, 2), (5, 20, 1), (70, 16, 1), (64, 48, 2)] {
        for (width, stride, dilation) in [(1, 1, 1), (7, 1, 1), (13, 2, 1), (9, 1, 2)] {
            let layer = Conv2d {
                batch: 2,
                input: [5, width, channels],
                output: [5_usize.div_ceil(stride), width.div_ceil(stride), outputs],
                kernel: [3, 3],
                strides: [stride; 2],
                dilations: [dilation; 2],
                pads: [dilation; 2],
                groups,
                activation: REQUANTIZE,
            };
            let len = packed_conv2d_len(groups, outputs, 3, 3, channels / groups);
            let (x, w) = (bytes(10 * width * channels, &mut seed), bytes(len, &mut seed));
            let bias: Vec<i32> = bytes(outputs, &mut seed)
                .into_iter()
                .map(|b| i32::from(b) * 99)
                .collect();
            let run = |simd| {
                let mut y = vec![0_i8; 2 * layer.output.iter().product::<usize>()];
                qlinear_conv2d(simd, layer, &x, &w, &bias, &multipliers(outputs), &mut y);
                y
            };
            let expected = run(Simd::BASELINE);
            assert!(expected.iter().any(|y| *y != expected[0]), "all outputs are the same");
            for simd in Simd::levels() {
                assert_eq!(run(simd), expected, "{simd:?}, {channels} to {outputs}, width {width}");
            }
        }
    }
}

#[test]
fn gathered_patches_are_the_same_on_every_level() {
    let mut seed = 4;
    for (channels, kernel, pads) in [
        (1, [10, 4], [4, 1]),
        (3, [3, 3], [1, 1]),
        (1, [5, 5], [2, 3]),
        (2, [3, 16], [0, 9]),
    ] {
        for (width, stride, outputs) in [(10, 2, 64), (17, 1, 20), (3, 1, 5)] {
            let size = |axis: usize, input: usize| (input + 2 * pads[axis]).saturating_sub(kernel[axis]) / stride + 1;
            let layer = Conv2d {
                batch: 1,
                input: [12, width, channels],
                output: [size(0, 12), size(1, width), outputs],
                kernel,
                strides: [stride; 2],
                dilations: [1; 2],
                pads,
                groups: 1,
                activation: REQUANTIZE,
            };
            let len = packed_conv2d_len(1, outputs, kernel[0], kernel[1], channels);
            let (x, w) = (bytes(12 * width * channels, &mut seed), bytes(len, &mut seed));
            let run = |simd| {
                let mut y = vec![0_i8; layer.output.iter().product()];
                qlinear_conv2d(simd, layer, &x, &w, &vec![7; outputs], &multipliers(outputs), &mut y);
                y
            };
            let expected = reference(&layer, &x, &w);
            for simd in Simd::levels() {
                assert_eq!(run(simd), expected, "{simd:?}, {layer:?}");
            }
        }
    }
}

/// The outputs of a convolution without groups and dilations, with a bias of 7, by its definition.
fn reference(layer: &Conv2d<Requantize>, x: &[i8], w: &[i8]) -> Vec<i8> {
    let ([ih, iw, ic], [oh, ow, oc], [kh, kw]) = (layer.input, layer.output, layer.kernel);
    let multipliers = multipliers(oc);
    let mut y = vec![];
    for (oy, ox, channel) in (0..oh * ow * oc).map(|i| (i / oc / ow, i / oc % ow, i % oc)) {
        let mut sum = 7_i64;
        for (ky, kx, input) in (0..kh * kw * ic).map(|i| (i / ic / kw, i / ic % kw, i % ic)) {
            let iy = (oy * layer.strides[0] + ky).wrapping_sub(layer.pads[0]);
            let ix = (ox * layer.strides[1] + kx).wrapping_sub(layer.pads[1]);
            let inside = iy < ih && ix < iw;
            let x = if inside {
                x[(iy * iw + ix) * ic + input].into()
            } else {
                i64::from(REQUANTIZE.outside)
            };
            let panel = channel / 16 * kh * kw * ic * 16;
            sum += x * i64::from(w[panel + ((ky * kw + kx) * ic + input) * 16 + channel % 16]);
        }
        y.push(REQUANTIZE.apply(sum, multipliers[channel]));
    }
    y
}

#[test]
fn depthwise_convolutions_are_the_same_on_every_level() {
    let mut seed = 5;
    for channels in [1, 8, 15, 16, 17, 40] {
        for (kernel, stride, dilation, pads) in [
            ([3, 3], 1, 1, [1, 1]),
            ([3, 3], 2, 1, [0, 0]),
            ([3, 3], 3, 1, [1, 2]),
            ([3, 3], 1, 2, [2, 2]),
            ([1, 3], 1, 1, [0, 1]),
            ([4, 3], 2, 1, [2, 1]),
            ([5, 5], 1, 1, [2, 2]),
            ([5, 3], 1, 1, [2, 1]),
        ] {
            let input: [usize; 3] = [7, 6, channels];
            let size = |axis: usize| -> usize {
                (input[axis] + 2 * pads[axis]).saturating_sub((kernel[axis] - 1) * dilation + 1) / stride + 1
            };
            let layer = DepthwiseConv2d {
                batch: 2,
                input,
                output: [size(0), size(1), channels],
                kernel,
                strides: [stride; 2],
                dilations: [dilation; 2],
                pads,
                activation: REQUANTIZE,
            };
            let (x, w) = (
                bytes(84 * channels, &mut seed),
                bytes(kernel[0] * kernel[1] * channels, &mut seed),
            );
            let bias: Vec<i32> = bytes(channels, &mut seed)
                .into_iter()
                .map(|b| i32::from(b) * 99)
                .collect();
            let run = |simd| {
                let mut y = vec![0_i8; 2 * layer.output.iter().product::<usize>()];
                qlinear_depthwise_conv2d(simd, layer, &x, &w, &bias, &multipliers(channels), &mut y);
                y
            };
            let expected = run(Simd::BASELINE);
            assert!(expected.iter().any(|y| *y != expected[0]), "all outputs are the same");
            for simd in Simd::levels() {
                assert_eq!(run(simd), expected, "{simd:?}, {layer:?}");
            }
        }
    }
}

#[test]
fn sums_are_rescaled_alike_on_every_level() {
    let sums = |n: usize| -> Vec<i32> {
        let mut seed = 3_u32;
        (0..n)
            .map(|i| {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                match i % 7 {
                    0 => [i32::MIN, i32::MAX, 0, -1][i / 7 % 4],
                    1 => 3 << (i % 29),
                    2 => -(5 << (i % 28)),
                    _ => (seed as i32) >> (i % 31),
                }
            })
            .collect()
    };
    for shift in 1..=62 {
        for (zero, min, max) in [
            (0, -128, 127),
            (-128, -128, 127),
            (127, -100, 127),
            (5, 5, 90),
            (300, -128, 127),
        ] {
            for n in [5, 8, 203] {
                let activation = Requantize {
                    shift,
                    zero,
                    min,
                    max,
                    outside: 0,
                };
                let layer = Gemm {
                    m: 1,
                    k: 0,
                    n,
                    activation,
                };
                let bias = sums(n);
                let multiplier = |i: usize| match i % 5 {
                    0 => 1 << (i % 31),
                    1 => i32::MAX,
                    2 => 0,
                    _ => 1_234_567 * (i as i32 + 1),
                };
                let multipliers: Vec<i32> = (0..n).map(multiplier).collect();
                let run = |simd| {
                    let mut y = vec![0_i8; n];
                    qlinear_gemm::<_, i8, i8, i8>(simd, layer, &[], &[], &bias, &multipliers, &mut y);
                    y
                };
                let expected = run(Simd::BASELINE);
                for (i, y) in expected.iter().enumerate() {
                    let product = i64::from(bias[i]) * i64::from(multipliers[i]);
                    let quotient = (product as f64 / 2_f64.powi(shift as i32)).round_ties_even();
                    // Floats of 53 bits are exact where it matters: where the limits do not decide.
                    if product.unsigned_abs() < 1 << 53 {
                        let value = (quotient + f64::from(zero)).max(min.into()).min(max.into());
                        assert_eq!(f64::from(*y), value, "{product} >> {shift}");
                    }
                }
                for simd in Simd::levels() {
                    assert_eq!(run(simd), expected, "{simd:?}, shift {shift}, zero {zero}, {n}");
                }
            }
        }
    }
}
