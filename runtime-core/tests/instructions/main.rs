//! Runs one kernel a given number of times, to count its instructions: `scripts/aarch64.sh --count`.
//!
//! `instructions NAME TIMES` runs a kernel; without arguments the names are printed, with their multiply-adds.

use runtime_core::Simd;
use runtime_core::function::{Identity, Relu};
use runtime_core::kernels::{Conv2d, DepthwiseConv2d, Gemm};
use runtime_core::kernels::{conv2d, gemm, qlinear_conv2d, qlinear_depthwise_conv2d, qlinear_gemm};
use runtime_core::pack::{packed_conv2d_len, packed_gemm_len};
use runtime_core::requantize::Requantize;
use std::hint::black_box;

const REQUANTIZE: Requantize = Requantize {
    shift: 38,
    zero: 3,
    outside: -5,
    ..Requantize::I8
};

/// A kernel: its name, its multiply-adds, and a call of it with operands that are made once.
struct Case {
    name: &'static str,
    macs: usize,
    run: Box<dyn FnMut()>,
}

fn bytes(len: usize) -> Vec<i8> {
    (0..len).map(|i| (i * 7 % 256) as i8).collect()
}

fn floats(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i % 17) as f32 / 16.0 - 0.5).collect()
}

fn product<F>(m: usize, k: usize, n: usize, activation: F) -> Gemm<F> {
    Gemm { m, k, n, activation }
}

fn convolution<F>(channels: usize, kernel: usize, activation: F) -> Conv2d<F> {
    Conv2d {
        batch: 1,
        input: [28, 28, channels],
        output: [28, 28, 64],
        kernel: [kernel; 2],
        strides: [1; 2],
        dilations: [1; 2],
        pads: [kernel / 2; 2],
        groups: 1,
        activation,
    }
}

fn products() -> Vec<Case> {
    let case = |name, m, k, n| {
        let layer = product(m, k, n, REQUANTIZE);
        let (x, w) = (bytes(m * k), bytes(packed_gemm_len(k, n)));
        let (bias, multipliers, mut y) = (vec![99; n], vec![10_000_000; n], vec![0_i8; m * n]);
        let run = move || {
            qlinear_gemm(
                Simd::detect(),
                black_box(layer),
                black_box(&x),
                &w,
                &bias,
                &multipliers,
                black_box(&mut y),
            )
        };
        Case {
            name,
            macs: m * k * n,
            run: Box::new(run),
        }
    };
    let pairs = |name, m, k, n| {
        let layer = product(m, k, n, REQUANTIZE);
        let (x, w) = (bytes(m * k), vec![0x5a_u8; packed_gemm_len(k, n) / 2]);
        let (bias, multipliers, mut y) = (vec![99; n], vec![10_000_000; n], vec![0_i8; m * n]);
        let run = move || {
            qlinear_gemm(
                Simd::detect(),
                black_box(layer),
                black_box(&x),
                &w,
                &bias,
                &multipliers,
                black_box(&mut y),
            )
        };
        Case {
            name,
            macs: m * k * n,
            run: Box::new(run),
        }
    };
    let float = |name, m, k, n| {
        let layer = product(m, k, n, Identity);
        let (x, w) = (floats(m * k), floats(packed_gemm_len(k, n)));
        let (bias, mut y) = (vec![0.5; n], vec![0.0; m * n]);
        let run = move || {
            gemm(
                Simd::detect(),
                black_box(layer),
                black_box(&x),
                &w,
                &bias,
                black_box(&mut y),
            )
        };
        Case {
            name,
            macs: m * k * n,
            run: Box::new(run),
        }
    };
    vec![
        case("qlinear_gemm_196x128x128", 196, 128, 128),
        case("qlinear_gemm_1x256x256", 1, 256, 256),
        pairs("qlinear_gemm_196x128x128_of_4_bits", 196, 128, 128),
        float("gemm_196x128x128", 196, 128, 128),
    ]
}

fn convolutions() -> Vec<Case> {
    let case = |name, channels, kernel| {
        let layer = convolution(channels, kernel, REQUANTIZE);
        let macs = 28 * 28 * 64 * channels * kernel * kernel;
        let (x, w) = (
            bytes(28 * 28 * channels),
            bytes(packed_conv2d_len(1, 64, kernel, kernel, channels)),
        );
        let (bias, multipliers, mut y) = (vec![99; 64], vec![10_000_000; 64], vec![0_i8; 28 * 28 * 64]);
        let run = move || {
            qlinear_conv2d(
                Simd::detect(),
                black_box(layer),
                black_box(&x),
                &w,
                &bias,
                &multipliers,
                black_box(&mut y),
            )
        };
        Case {
            name,
            macs,
            run: Box::new(run),
        }
    };
    let layer = convolution(64, 3, Relu);
    let (x, w) = (floats(28 * 28 * 64), floats(packed_conv2d_len(1, 64, 3, 3, 64)));
    let (bias, mut y) = (vec![0.5; 64], vec![0.0; 28 * 28 * 64]);
    let float = move || {
        conv2d(
            Simd::detect(),
            black_box(layer),
            black_box(&x),
            &w,
            &bias,
            black_box(&mut y),
        )
    };
    vec![
        case("qlinear_conv2d_28x28x64_to_64_3x3", 64, 3),
        case("qlinear_conv2d_28x28x3_to_64_3x3", 3, 3),
        Case {
            name: "conv2d_28x28x64_to_64_3x3",
            macs: 28 * 28 * 64 * 64 * 9,
            run: Box::new(float),
        },
        depthwise("qlinear_depthwise_conv2d_28x28x64_3x3", 1),
        depthwise("qlinear_depthwise_conv2d_28x28x64_3x3_by_2", 2),
    ]
}

fn depthwise(name: &'static str, stride: usize) -> Case {
    let layer = DepthwiseConv2d {
        batch: 1,
        input: [28, 28, 64],
        output: [28 / stride, 28 / stride, 64],
        kernel: [3; 2],
        strides: [stride; 2],
        dilations: [1; 2],
        pads: [1; 2],
        activation: REQUANTIZE,
    };
    let (x, w) = (bytes(28 * 28 * 64), bytes(9 * 64));
    let outputs = layer.output.iter().product();
    let (bias, multipliers, mut y) = (vec![99; 64], vec![10_000_000; 64], vec![0_i8; outputs]);
    let run = move || {
        let simd = Simd::detect();
        qlinear_depthwise_conv2d(
            simd,
            black_box(layer),
            black_box(&x),
            &w,
            &bias,
            &multipliers,
            black_box(&mut y),
        );
    };
    Case {
        name,
        macs: 9 * outputs,
        run: Box::new(run),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with("--"))
        .collect();
    let cases = products().into_iter().chain(convolutions());
    let [name, times] = arguments.as_slice() else {
        return cases.for_each(|case| println!("{} {}", case.name, case.macs));
    };
    let times: usize = times.parse().unwrap_or(1);
    for mut case in cases.filter(|case| case.name == name) {
        (0..times).for_each(|_| (case.run)());
    }
}
