//! Layers of `bench conv` in 8-bit integers, and with weights stored in fewer bits.

use crate::{Case, conv, conv_to, count, depthwise_to};
use runtime_core::function::Relu;
use runtime_core::kernels::{
    Conv2d, DepthwiseConv2d, Gemm, conv2d, gemm, qlinear_conv2d, qlinear_depthwise_conv2d, qlinear_gemm,
};
use runtime_core::pack::{packed_conv2d_len, packed_gemm_len};
use runtime_core::requantize::Requantize;
use runtime_core::{Simd, f16, layer};
use std::hint::black_box;

const REQUANTIZE: Requantize = Requantize {
    shift: 40,
    zero: 3,
    min: -128,
    max: 127,
    outside: 2,
};

/// Lengths of the operands of a layer, and its multiply-adds.
struct Sizes {
    x: usize,
    w: usize,
    channels: usize,
    y: usize,
    macs: usize,
}

impl Sizes {
    fn conv<F>(c: Conv2d<F>) -> Self {
        let taps = c.kernel[0] * c.kernel[1];
        Self {
            x: count(c.input),
            w: packed_conv2d_len(1, c.output[2], c.kernel[0], c.kernel[1], c.input[2]),
            channels: c.output[2],
            y: count(c.output),
            macs: count(c.output) * taps * c.input[2],
        }
    }

    fn depthwise<F>(d: DepthwiseConv2d<F>) -> Self {
        Self {
            x: count(d.input),
            w: 9 * d.input[2],
            channels: d.input[2],
            y: count(d.output),
            macs: count(d.output) * 9,
        }
    }

    fn gemm<F>(g: Gemm<F>) -> Self {
        Self {
            x: g.m * g.k,
            w: packed_gemm_len(g.k, g.n),
            channels: g.n,
            y: g.m * g.n,
            macs: g.m * g.k * g.n,
        }
    }
}

/// Both copies of a kernel in integers, with weights of 8 bits and of 4.
macro_rules! integers {
    ($cases:ident, $kernel:ident, $sizes:path, $($name:literal, $layer:ident: $ty:ty = $value:expr;)*) => {$(
        layer!($layer: $ty = $value);
        integers!($cases, $kernel, $sizes($value), $name, "specialised", $layer, i8, 1);
        integers!($cases, $kernel, $sizes($value), $name, "shared", black_box::<$ty>($value), i8, 1);
        integers!($cases, $kernel, $sizes($value), concat!($name, ", 4-bit weights"), "specialised", $layer, u8, 2);
        integers!($cases, $kernel, $sizes($value), concat!($name, ", 4-bit weights"), "shared", black_box::<$ty>($value), u8, 2);
    )*};
    ($cases:ident, $kernel:ident, $sizes:expr, $name:expr, $copy:literal, $layer:expr, $weight:ty, $count:literal) => {
        let sizes = $sizes;
        let x: Vec<i8> = (0..sizes.x).map(|i| (i * 37) as i8).collect();
        let w: Vec<$weight> = (0..sizes.w / $count).map(|i| (i * 53) as $weight).collect();
        let (bias, multiplier, mut y) = (vec![7; sizes.channels], vec![1 << 24; sizes.channels], vec![0_i8; sizes.y]);
        let run = Box::new(move || $kernel(Simd::detect(), $layer, black_box(&x), &w, &bias, &multiplier, black_box(&mut y)));
        $cases.push(Case { name: $name, copy: $copy, macs: sizes.macs, run });
    };
}

/// The specialised copy of a kernel in floats with weights of half precision.
macro_rules! halves {
    ($cases:ident, $kernel:ident, $sizes:path, $($name:literal, $layer:ident: $ty:ty = $value:expr;)*) => {$(
        layer!($layer: $ty = $value);
        let sizes = $sizes($value);
        let x: Vec<f32> = (0..sizes.x).map(|i| (i % 17) as f32 / 16.0 - 0.5).collect();
        let w: Vec<f16> = (0..sizes.w).map(|i| f16::from_f32((i % 17) as f32 / 16.0 - 0.5)).collect();
        let (bias, mut y) = (vec![0.5; sizes.channels], vec![0.0; sizes.y]);
        let run = Box::new(move || $kernel(Simd::detect(), $layer, black_box(&x), &w, &bias, black_box(&mut y)));
        $cases.push(Case { name: $name, copy: "specialised", macs: sizes.macs, run });
    )*};
}

/// Adds the cases.
pub(crate) fn add(cases: &mut Vec<Case>) {
    type Conv = Conv2d<Requantize>;
    type Depthwise = DepthwiseConv2d<Requantize>;
    integers! { cases, qlinear_conv2d, Sizes::conv,
        "qlinear_conv2d 56x56x64 3x3", A: Conv = conv_to([56, 56, 64], [56, 56, 64], 3, 1, REQUANTIZE);
        "qlinear_conv2d 14x14x256 3x3", B: Conv = conv_to([14, 14, 256], [14, 14, 256], 3, 1, REQUANTIZE);
        "qlinear_conv2d 16x16x4 to 16 3x3", C: Conv = conv_to([16, 16, 4], [16, 16, 16], 3, 1, REQUANTIZE);
        "qlinear_conv2d 112x112x3 to 56x56x32 3x3 stride 2", J: Conv = conv_to([112, 112, 3], [56, 56, 32], 3, 2, REQUANTIZE);
    }
    integers! { cases, qlinear_gemm, Sizes::gemm,
        "qlinear_gemm 3136x64x256", D: Gemm<Requantize> = Gemm { m: 3136, k: 64, n: 256, activation: REQUANTIZE };
        "qlinear_gemm 1x640x128", E: Gemm<Requantize> = Gemm { m: 1, k: 640, n: 128, activation: REQUANTIZE };
    }
    integers! { cases, qlinear_depthwise_conv2d, Sizes::depthwise,
        "qlinear_depthwise_conv2d 56x56x64 3x3", F: Depthwise = depthwise_to(56, 64, 1, REQUANTIZE);
        "qlinear_depthwise_conv2d 56x56x64 3x3 stride 2", K: Depthwise = depthwise_to(56, 64, 2, REQUANTIZE);
    }
    halves! { cases, conv2d, Sizes::conv,
        "conv2d 56x56x64 3x3, f16 weights", G: Conv2d<Relu> = conv([56, 56, 64], [56, 56, 64], 3, 1);
    }
    halves! { cases, gemm, Sizes::gemm,
        "gemm 3136x64x256, f16 weights", H: Gemm<Relu> = Gemm { m: 3136, k: 64, n: 256, activation: Relu };
        "gemm 1x640x128, f16 weights", I: Gemm<Relu> = Gemm { m: 1, k: 640, n: 128, activation: Relu };
    }
}
