//! Weights stored in fewer bits give what the same weights give as they are, to the bit.

use runtime_core::Simd;
use runtime_core::f16;
use runtime_core::function::Relu;
use runtime_core::kernels::*;
use runtime_core::pack::*;
use runtime_core::requantize::Requantize;

use kernel_tests::{geometries, numbers};

const REQUANTIZE: Requantize = Requantize {
    shift: 9,
    zero: 5,
    min: -128,
    max: 127,
    outside: -3,
};

/// Weights of four bits, whole and in pairs.
fn four_bits(len: usize) -> (Vec<i8>, Vec<u8>) {
    let whole: Vec<i8> = numbers(len, 2).iter().map(|v| (v * 8.0).floor() as i8).collect();
    assert!(whole.iter().all(|w| (-8..=7).contains(w)));
    let mut pairs = vec![0; len.div_ceil(2)];
    pack_pairs(&whole, &mut pairs);
    let mut unpacked = vec![0; len];
    unpack_pairs(&pairs, &mut unpacked);
    assert_eq!(unpacked, whole);
    (whole, pairs)
}

/// Weights of half precision, some of them subnormal, as such and as floats.
fn halves(len: usize) -> (Vec<f32>, Vec<f16>) {
    let scaled = numbers(len, 2).into_iter().enumerate();
    let halves: Vec<_> = scaled
        .map(|(i, v)| f16::from_f32(if i % 5 == 0 { v * 1e-6 } else { v }))
        .collect();
    (halves.iter().map(|half| half.to_f32()).collect(), halves)
}

/// The layers of [`geometries`] with so many input and output channels in groups.
fn convolutions<F: Copy>(channels: [usize; 2], groups: usize, activation: F) -> Vec<Conv2d<F>> {
    let layer = |(size, out, kernel, strides, dilations, pads): ([usize; 2], [usize; 2], _, _, _, _)| Conv2d {
        batch: 2,
        input: [size[0], size[1], channels[0]],
        output: [out[0], out[1], channels[1]],
        kernel,
        strides,
        dilations,
        pads,
        groups,
        activation,
    };
    geometries().map(layer).collect()
}

fn depthwise<F>(layer: Conv2d<F>) -> DepthwiseConv2d<F> {
    DepthwiseConv2d {
        batch: layer.batch,
        input: layer.input,
        output: layer.output,
        kernel: layer.kernel,
        strides: layer.strides,
        dilations: layer.dilations,
        pads: layer.pads,
        activation: layer.activation,
    }
}

fn transposed<F>(layer: Conv2d<F>) -> ConvTranspose2d<F> {
    ConvTranspose2d {
        batch: layer.batch,
        input: layer.output,
        output: layer.input,
        kernel: layer.kernel,
        strides: layer.strides,
        dilations: layer.dilations,
        pads: layer.pads,
        groups: layer.groups,
        activation: layer.activation,
    }
}

fn count([height, width, channels]: [usize; 3]) -> usize {
    2 * height * width * channels
}

/// `$kernel` with the weights `$whole` and `$stored`, on every instruction set.
macro_rules! same {
    ($kernel:ident, $layer:expr, $whole:expr, $stored:expr, $outputs:expr, |$simd:ident, $w:ident, $y:ident| $call:expr) => {{
        for simd in Simd::levels() {
            let $simd = simd;
            let mut whole = vec![Default::default(); $outputs];
            let mut stored = whole.clone();
            let ($w, $y) = ($whole, &mut whole);
            $call;
            let ($w, $y) = ($stored, &mut stored);
            $call;
            assert_eq!(whole, stored, "{}: {:?}", stringify!($kernel), $layer);
        }
    }};
}

#[test]
fn weights_of_four_bits() {
    let x: Vec<i8> = numbers(13_000, 1).iter().map(|v| (v * 127.9) as i8).collect();
    let (bias, multiplier) = (vec![7; 64], vec![3; 64]);
    for ([ic, oc], groups) in [([3, 8], 1), ([5, 40], 1), ([12, 4], 2)] {
        for layer in convolutions([ic, oc], groups, REQUANTIZE) {
            let len = packed_conv2d_len(groups, oc, layer.kernel[0], layer.kernel[1], ic / groups);
            let (whole, pairs) = four_bits(len);
            let x = &x[..count(layer.input)];
            same!(
                qlinear_conv2d,
                layer,
                &whole,
                &pairs,
                count(layer.output),
                |simd, w, y| {
                    let y: &mut Vec<i8> = y;
                    qlinear_conv2d(simd, layer, x, w, &bias, &multiplier, y)
                }
            );
        }
        for layer in convolutions([oc, ic], groups, REQUANTIZE).into_iter().map(transposed) {
            let len = packed_conv2d_len(groups, oc, layer.kernel[0], layer.kernel[1], ic / groups);
            let (whole, pairs) = four_bits(len);
            let x = &x[..count(layer.input)];
            same!(
                qlinear_conv_transpose2d,
                layer,
                &whole,
                &pairs,
                count(layer.output),
                |simd, w, y| {
                    let y: &mut Vec<i8> = y;
                    qlinear_conv_transpose2d(simd, layer, x, w, &bias, &multiplier, y)
                }
            );
        }
    }
    for channels in [1, 3, 5, 12, 27, 32] {
        for layer in convolutions([channels; 2], channels, REQUANTIZE)
            .into_iter()
            .map(depthwise)
        {
            let (whole, pairs) = four_bits(channels * layer.kernel[0] * layer.kernel[1]);
            let x = &x[..count(layer.input)];
            same!(
                qlinear_depthwise_conv2d,
                layer,
                &whole,
                &pairs,
                count(layer.output),
                |simd, w, y| {
                    let y: &mut Vec<i8> = y;
                    qlinear_depthwise_conv2d(simd, layer, x, w, &bias, &multiplier, y)
                }
            );
        }
    }
    for m in [1, 3, 7] {
        for (k, n) in [(0, 1), (5, 8), (300, 17)] {
            let layer = Gemm {
                m,
                k,
                n,
                activation: REQUANTIZE,
            };
            let (whole, pairs) = four_bits(packed_gemm_len(k, n));
            same!(qlinear_gemm, layer, &whole, &pairs, m * n, |simd, w, y| {
                let y: &mut Vec<i8> = y;
                qlinear_gemm(simd, layer, &x[..m * k], w, &bias, &multiplier, y)
            });
        }
    }
}

#[test]
fn weights_of_half_precision() {
    let (x, bias) = (numbers(13_000, 1), numbers(64, 3));
    for ([ic, oc], groups) in [([3, 8], 1), ([5, 40], 1), ([12, 4], 2)] {
        for layer in convolutions([ic, oc], groups, Relu) {
            let len = packed_conv2d_len(groups, oc, layer.kernel[0], layer.kernel[1], ic / groups);
            let (whole, halves) = halves(len);
            let x = &x[..count(layer.input)];
            same!(conv2d, layer, &whole, &halves, count(layer.output), |simd, w, y| {
                conv2d(simd, layer, x, w, &bias, y)
            });
        }
        for layer in convolutions([oc, ic], groups, Relu).into_iter().map(transposed) {
            let len = packed_conv2d_len(groups, oc, layer.kernel[0], layer.kernel[1], ic / groups);
            let (whole, halves) = halves(len);
            let x = &x[..count(layer.input)];
            same!(
                conv_transpose2d,
                layer,
                &whole,
                &halves,
                count(layer.output),
                |simd, w, y| { conv_transpose2d(simd, layer, x, w, &bias, y) }
            );
        }
    }
    for channels in [1, 5, 27] {
        for layer in convolutions([channels; 2], channels, Relu).into_iter().map(depthwise) {
            let (whole, halves) = halves(channels * layer.kernel[0] * layer.kernel[1]);
            let x = &x[..count(layer.input)];
            same!(
                depthwise_conv2d,
                layer,
                &whole,
                &halves,
                count(layer.output),
                |simd, w, y| { depthwise_conv2d(simd, layer, x, w, &bias, y) }
            );
        }
    }
    for m in [1, 7] {
        let (k, n, activation) = (300, 17, Relu);
        let layer = Gemm { m, k, n, activation };
        let (whole, halves) = halves(packed_gemm_len(k, n));
        same!(gemm, layer, &whole, &halves, m * n, |simd, w, y| {
            gemm(simd, layer, &x[..m * k], w, &bias, y)
        });
    }
}
