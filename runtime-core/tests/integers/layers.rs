//! The quantised convolutions and matrix products against sums in `f64`, to the bit: such sums are exact.

use runtime_core::Simd;
use runtime_core::kernels::*;
use runtime_core::pack::*;
use runtime_core::requantize::{Quantized, Requantize};

use kernel_tests::{conv_transpose2d_in_f64, conv2d_in_f64, geometries, numbers};

/// Operands of a layer, quantised and as the numbers that they stand for.
struct Operands<T> {
    x: Vec<T>,
    w: Vec<i8>,
    bias: Vec<i32>,
    multiplier: Vec<i32>,
    x_numbers: Vec<f32>,
    w_numbers: Vec<f32>,
    bias_numbers: Vec<f32>,
}

/// Inputs with a zero point of -3, halves among the outputs, and more than an `i8` holds.
const REQUANTIZE: Requantize = Requantize {
    shift: 12,
    zero: 5,
    min: -100,
    max: 1000,
    outside: -3,
};

/// `per_channel` lists the weights of an output channel.
fn operands<T: Quantized>(
    inputs: usize,
    weights: usize,
    channels: usize,
    per_channel: impl Fn(usize) -> Vec<usize>,
) -> Operands<T> {
    let x: Vec<T> = numbers(inputs, 1)
        .iter()
        .map(|v| T::narrow((v * 127.9) as i32))
        .collect();
    let w: Vec<i8> = numbers(weights, 2).iter().map(|v| (v * 127.9) as i8).collect();
    let bias: Vec<i32> = numbers(channels, 3).iter().map(|v| (v * 3000.0) as i32).collect();
    let multiplier = (0..channels)
        .map(|c| if c % 3 == 0 { 16 } else { 3 + c as i32 })
        .collect();
    let correction = |c: usize| per_channel(c).iter().map(|i| i32::from(w[*i])).sum::<i32>() * REQUANTIZE.outside;
    Operands {
        x_numbers: x.iter().map(|v| ((*v).into() - REQUANTIZE.outside) as f32).collect(),
        w_numbers: w.iter().map(|v| f32::from(*v)).collect(),
        bias_numbers: bias.iter().map(|v| *v as f32).collect(),
        bias: (0..channels).map(|c| bias[c] - correction(c)).collect(),
        multiplier,
        x,
        w,
    }
}

/// What the sums, channels last, are rescaled to.
fn rescaled<T: Quantized>(sums: &[f64], multiplier: &[i32]) -> Vec<T> {
    let rescale = |(i, sum): (usize, &f64)| {
        let scaled = sum * f64::from(multiplier[i % multiplier.len()]) / f64::from(1 << REQUANTIZE.shift);
        let value = scaled.round_ties_even() as i64 + i64::from(REQUANTIZE.zero);
        T::narrow(value.clamp(REQUANTIZE.min.into(), REQUANTIZE.max.into()) as i32)
    };
    sums.iter().enumerate().map(rescale).collect()
}

fn convolutions<T: Quantized, Y: Quantized + std::fmt::Debug>() {
    for (size, out, kernel, strides, dilations, pads) in geometries() {
        for (groups, icg, ocg) in [(1, 1, 1), (1, 3, 8), (1, 70, 10), (1, 5, 40), (3, 66, 2)] {
            let layer = Conv2d {
                batch: 2,
                input: [size[0], size[1], groups * icg],
                output: [out[0], out[1], groups * ocg],
                kernel,
                strides,
                dilations,
                pads,
                groups,
                activation: REQUANTIZE,
            };
            let (taps, channels) = (kernel[0] * kernel[1], groups * ocg);
            let all = |c: usize| (c * icg * taps..(c + 1) * icg * taps).collect();
            let inputs = 2 * layer.input.iter().product::<usize>();
            let o = operands::<T>(inputs, channels * icg * taps, channels, all);
            let sums = conv2d_in_f64(&layer, &o.x_numbers, &o.w_numbers, &o.bias_numbers, &[], |v| v);
            let expected = rescaled::<Y>(&sums, &o.multiplier);
            let mut w = vec![0; packed_conv2d_len(groups, channels, kernel[0], kernel[1], icg)];
            pack_conv2d(groups, channels, kernel[0], kernel[1], icg, &o.w, &mut w);
            for simd in Simd::levels() {
                let mut y = vec![Y::default(); expected.len()];
                qlinear_conv2d(simd, layer, &o.x, &w, &o.bias, &o.multiplier, &mut y);
                assert_eq!(y, expected, "{layer:?}");
            }
        }
    }
}

#[test]
fn qlinear_conv2d_is_the_rescaled_sum() {
    convolutions::<i8, i8>();
    convolutions::<i8, i16>();
    convolutions::<i16, i8>();
    convolutions::<i16, i16>();
}

#[test]
fn qlinear_depthwise_conv2d_is_a_conv2d_of_groups() {
    for (size, out, kernel, strides, dilations, pads) in geometries() {
        for channels in [1, 3, 5, 12, 27, 64] {
            let (input, output) = ([size[0], size[1], channels], [out[0], out[1], channels]);
            let (batch, groups, activation) = (2, channels, REQUANTIZE);
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
            let taps = kernel[0] * kernel[1];
            let inputs = batch * input.iter().product::<usize>();
            let o = operands::<i8>(inputs, channels * taps, channels, |c| {
                (c * taps..(c + 1) * taps).collect()
            });
            let sums = conv2d_in_f64(&same, &o.x_numbers, &o.w_numbers, &o.bias_numbers, &[], |v| v);
            let expected = rescaled::<i8>(&sums, &o.multiplier);
            let mut w = vec![0; o.w.len()];
            pack_depthwise(channels, kernel[0], kernel[1], &o.w, &mut w);
            for simd in Simd::levels() {
                let mut y = vec![0; expected.len()];
                qlinear_depthwise_conv2d(simd, layer, &o.x, &w, &o.bias, &o.multiplier, &mut y);
                assert_eq!(y, expected, "{layer:?}");
            }
        }
    }
}

#[test]
fn qlinear_conv_transpose2d_spreads() {
    for (size, _, kernel, strides, dilations, pads) in geometries() {
        for (groups, icg, ocg) in [(1, 1, 1), (1, 70, 10), (1, 5, 40), (2, 3, 20)] {
            let full = |i: usize| (size[i] - 1) * strides[i] + (kernel[i] - 1) * dilations[i] + 1;
            let out = |i: usize| (full(i) + 2).saturating_sub(2 * pads[i]);
            let channels = groups * ocg;
            let layer = ConvTranspose2d {
                batch: 2,
                input: [size[0], size[1], groups * icg],
                output: [out(0), out(1), channels],
                kernel,
                strides,
                dilations,
                pads,
                groups,
                activation: REQUANTIZE,
            };
            let taps = kernel[0] * kernel[1];
            let all = |c: usize| {
                let inputs = (c / ocg * icg..(c / ocg + 1) * icg).map(|i| i * ocg + c % ocg);
                inputs.flat_map(|row| row * taps..(row + 1) * taps).collect()
            };
            let inputs = 2 * layer.input.iter().product::<usize>();
            let o = operands::<i8>(inputs, groups * icg * ocg * taps, channels, all);
            let sums = conv_transpose2d_in_f64(&layer, &o.x_numbers, &o.w_numbers, &o.bias_numbers, |v| v);
            let expected = rescaled::<i8>(&sums, &o.multiplier);
            let mut w = vec![0; packed_conv2d_len(groups, channels, kernel[0], kernel[1], icg)];
            pack_conv_transpose2d(groups, channels, kernel[0], kernel[1], icg, &o.w, &mut w);
            for simd in Simd::levels() {
                let mut y = vec![0; expected.len()];
                qlinear_conv_transpose2d(simd, layer, &o.x, &w, &o.bias, &o.multiplier, &mut y);
                assert_eq!(y, expected, "{layer:?}");
            }
        }
    }
}

#[test]
fn qlinear_gemm_is_the_rescaled_sum() {
    for m in [0, 1, 3, 12, 61] {
        for k in [0, 1, 4, 300] {
            for n in [1, 8, 10, 17, 100] {
                let layer = Gemm {
                    m,
                    k,
                    n,
                    activation: REQUANTIZE,
                };
                let o = operands::<i8>(m * k, k * n, n, |c| (0..k).map(|i| i * n + c).collect());
                let product = |r: usize, c: usize| (0..k).map(move |i| (r * k + i, i * n + c));
                let sum = |r: usize, c: usize| {
                    let products = product(r, c).map(|(x, w)| f64::from(o.x_numbers[x]) * f64::from(o.w_numbers[w]));
                    f64::from(o.bias_numbers[c]) + products.sum::<f64>()
                };
                let sums: Vec<f64> = (0..m * n).map(|i| sum(i / n, i % n)).collect();
                let expected = rescaled::<i8>(&sums, &o.multiplier);
                let mut w = vec![0; packed_gemm_len(k, n)];
                pack_gemm(k, n, &o.w, false, &mut w);
                for simd in Simd::levels() {
                    let mut y = vec![0; m * n];
                    qlinear_gemm(simd, layer, &o.x, &w, &o.bias, &o.multiplier, &mut y);
                    assert_eq!(y, expected, "{layer:?}");
                }
            }
        }
    }
}
