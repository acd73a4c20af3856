//! Layers of `bench conv` with a residual, as models have them: added before the activation, which is often none.

use crate::{Case, conv_to, count, depthwise_to};
use runtime_core::function::{Identity, Relu};
use runtime_core::kernels::{Conv2d, DepthwiseConv2d, Gemm, conv2d_add, depthwise_conv2d_add, gemm, gemm_add};
use runtime_core::pack::{packed_conv2d_len, packed_gemm_len};
use runtime_core::{Simd, layer};
use std::hint::black_box;

struct Operands {
    x: Vec<f32>,
    w: Vec<f32>,
    bias: Vec<f32>,
    residual: Vec<f32>,
    y: Vec<f32>,
    macs: usize,
}

impl Operands {
    fn new([x, w, channels, y]: [usize; 4], macs: usize) -> Self {
        let numbers = |len| (0..len).map(|i| (i % 17) as f32 / 16.0 - 0.5).collect();
        Self {
            x: numbers(x),
            w: numbers(w),
            bias: numbers(channels),
            residual: numbers(y),
            y: vec![0.0; y],
            macs,
        }
    }

    fn conv<F>(c: Conv2d<F>) -> Self {
        let ([kh, kw], depth, y) = (c.kernel, c.input[2], count(c.output));
        let w = packed_conv2d_len(1, c.output[2], kh, kw, depth);
        Self::new([count(c.input), w, c.output[2], y], y * kh * kw * depth)
    }

    fn depthwise<F>(d: DepthwiseConv2d<F>) -> Self {
        let y = count(d.output);
        Self::new([count(d.input), 9 * d.input[2], d.input[2], y], y * 9)
    }

    fn gemm<F>(g: Gemm<F>) -> Self {
        Self::new([g.m * g.k, packed_gemm_len(g.k, g.n), g.n, g.m * g.n], g.m * g.k * g.n)
    }
}

/// Both copies of a kernel with a residual.
macro_rules! with_residual {
    ($cases:ident, $kernel:ident, $operands:path, $($name:literal, $layer:ident: $ty:ty = $value:expr;)*) => {$(
        layer!($layer: $ty = $value);
        with_residual!($cases, $kernel, $operands($value), $name, "specialised", $layer);
        with_residual!($cases, $kernel, $operands($value), $name, "shared", black_box::<$ty>($value));
    )*};
    ($cases:ident, $kernel:ident, $operands:expr, $name:literal, $copy:literal, $layer:expr) => {
        let mut o = $operands;
        let macs = o.macs;
        let run = Box::new(move || {
            $kernel(Simd::detect(), $layer, black_box(&o.x), &o.w, &o.bias, black_box(&o.residual), black_box(&mut o.y))
        });
        $cases.push(Case { name: $name, copy: $copy, macs, run });
    };
}

/// Adds the cases.
pub(crate) fn add(cases: &mut Vec<Case>) {
    const VIT: Gemm<Identity> = Gemm {
        m: 37,
        k: 768,
        n: 192,
        activation: Identity,
    };
    const NARROW: Gemm<Identity> = Gemm {
        m: 3136,
        k: 144,
        n: 24,
        activation: Identity,
    };
    const SMALL: Gemm<Identity> = Gemm {
        m: 49,
        k: 960,
        n: 160,
        activation: Identity,
    };
    const RECTIFIED: Gemm<Relu> = Gemm {
        m: 3136,
        k: 64,
        n: 256,
        activation: Relu,
    };
    type Conv<F> = Conv2d<F>;
    with_residual! { cases, gemm_add, Operands::gemm,
        "gemm_add 37x768x192", A: Gemm<Identity> = VIT;
        "gemm_add 3136x144x24", B: Gemm<Identity> = NARROW;
        "gemm_add 49x960x160", C: Gemm<Identity> = SMALL;
        "gemm_add 3136x64x256, relu", D: Gemm<Relu> = RECTIFIED;
    }
    with_residual! { cases, conv2d_add, Operands::conv,
        "conv2d_add 56x56x64 3x3, relu", E: Conv<Relu> = conv_to([56, 56, 64], [56, 56, 64], 3, 1, Relu);
        "conv2d_add 14x14x256 3x3", F: Conv<Identity> = conv_to([14, 14, 256], [14, 14, 256], 3, 1, Identity);
        "conv2d_add 16x16x4 to 16 3x3", G: Conv<Identity> = conv_to([16, 16, 4], [16, 16, 16], 3, 1, Identity);
        "conv2d_add 32x32x16 to 8 3x3", H: Conv<Identity> = conv_to([32, 32, 16], [32, 32, 8], 3, 1, Identity);
    }
    type Depthwise = DepthwiseConv2d<Identity>;
    with_residual! { cases, depthwise_conv2d_add, Operands::depthwise,
        "depthwise_conv2d_add 56x56x64 3x3", I: Depthwise = depthwise_to(56, 64, 1, Identity);
    }
    without_residual(cases, VIT);
}

/// What a layer takes without its residual.
fn without_residual(cases: &mut Vec<Case>, value: Gemm<Identity>) {
    let mut o = Operands::gemm(value);
    let macs = o.macs;
    let run = Box::new(move || {
        gemm(
            Simd::detect(),
            black_box(value),
            black_box(&o.x),
            &o.w,
            &o.bias,
            black_box(&mut o.y),
        );
    });
    cases.push(Case {
        name: "gemm 37x768x192",
        copy: "shared",
        macs,
        run,
    });
}
