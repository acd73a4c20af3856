//! The pass `integers`: operators between conversions become integers that are at most a step from what the conversions
//! and the floats between them give.

use edgec::ir::primitives::{
    Activation, Binary, BinaryOp, Concat, Conv, ConvTranspose, DequantizeLinear, Layout, MatMul, Pad, PadMode, Pool,
    PoolKind, Quantization, QuantizeLinear, Reduce, ReduceOp, Reshape, Resize, ScaleShift, Softmax, Transpose, Window,
};
use edgec::ir::{DType, Tensor, ValueId};
use edgec::middle::passes::{PIPELINE, REQUIRED, run};
use runtime_core::function::{AnyFunction, Clip, HardSwish, Identity, LeakyRelu, Relu, Sigmoid};

use crate::quantised_graph::{Build, results};

/// Runs the graph as it is and after the pipeline, whose operators must be `expected`, and compares the results.
#[track_caller]
fn check(mut build: Build, expected: &[&str]) {
    let samples = build.samples(4);
    run(&mut build.graph, REQUIRED, &mut |_, _| {}).unwrap();
    let floats = results(&build.graph, &samples);
    run(&mut build.graph, PIPELINE, &mut |_, _| {}).unwrap();
    let integers = results(&build.graph, &samples);
    let (mut off, mut all) = (0, 0);
    for (got, wanted) in integers.iter().flatten().zip(floats.iter().flatten()) {
        assert_eq!(got.ty(), wanted.ty());
        for (got, wanted) in got.to_f64().into_iter().zip(wanted.to_f64()) {
            assert!((got - wanted).abs() <= 1.0, "{got} for {wanted}\n{}", build.graph);
            off += usize::from(got != wanted);
            all += 1;
        }
    }
    assert!(
        off * 200 <= all,
        "{off} of {all} integers are a step off\n{}",
        build.graph
    );
    let nodes = build.graph.order().into_iter();
    let names = nodes.filter_map(|id| Some(build.graph.node(id).operator()?.name()));
    // A `u8` outside is an `i8` inside by a flip of its first bit.
    let moves = ["Transpose", "Reshape", "BitCast", "Xor"];
    let names: Vec<_> = names.filter(|name| !moves.contains(name)).collect();
    assert_eq!(names, expected, "{}", build.graph);
}

/// Integers between two operators.
fn requantised(build: &mut Build, value: ValueId, to: &Quantization) -> ValueId {
    let integers = build.add(QuantizeLinear { to: to.clone() }, &[value]);
    build.add(DequantizeLinear { from: to.clone() }, &[integers])
}

fn i8(scale: f32, zero: i32) -> Quantization {
    Quantization::uniform(DType::I8, scale, zero)
}

fn u8(scale: f32, zero: i32) -> Quantization {
    Quantization::uniform(DType::U8, scale, zero)
}

fn i16(scale: f32) -> Quantization {
    Quantization::uniform(DType::I16, scale, 0)
}

fn channels(dtype: DType, scales: &[f32], axis: usize) -> Quantization {
    Quantization {
        dtype,
        scales: scales.to_vec(),
        zeros: vec![0; scales.len()],
        axis,
    }
}

fn window(kernel: &[usize], pad: usize) -> Window {
    Window {
        kernel: kernel.to_vec(),
        strides: vec![1; kernel.len()],
        dilations: vec![1; kernel.len()],
        pads: vec![pad; 2 * kernel.len()],
    }
}

fn conv(kernel: &[usize], pad: usize, groups: usize) -> Conv {
    Conv {
        window: window(kernel, pad),
        groups,
        layout: Layout::ChannelsFirst,
        activation: Activation::from(Identity),
    }
}

const SCALES: [f32; 4] = [0.01, 0.02, 0.004, 0.03];

#[test]
fn convolutions_take_limits_and_the_scales_of_channels() {
    for x in [i8(0.02, -7), u8(0.02, 131), i16(1e-4)] {
        for to in [i8(0.3, 5), u8(0.3, 20)] {
            let mut build = Build::new(1);
            let image = build.input(&[1, 3, 6, 5], &x);
            let w = build.constant(&[4, 3, 3, 3], channels(DType::I8, &SCALES, 0));
            let steps: Vec<f32> = SCALES.iter().map(|w| w * x.scales[0]).collect();
            let bias = build.constant(&[4], channels(DType::I32, &steps, 0));
            let y = build.add(conv(&[3, 3], 1, 1), &[image, w, bias]);
            let y = build.map(Relu, y);
            build.output(y, &to);
            check(build, &["Conv"]);
        }
    }
}

#[test]
fn depthwise_transposed_and_one_dimensional() {
    let mut build = Build::new(1);
    let x = build.input(&[2, 4, 9], &i8(0.1, 3));
    let w = build.constant(&[4, 1, 3], channels(DType::I8, &SCALES, 0));
    let y = build.add(conv(&[3], 1, 4), &[x, w]);
    let y = build.map(Clip { min: -1.0, max: 6.0 }, y);
    let y = build.add(QuantizeLinear { to: i8(0.05, -20) }, &[y]);
    let y = build.add(DequantizeLinear { from: i8(0.05, -20) }, &[y]);
    let w = build.constant(&[4, 2, 3], channels(DType::I8, &SCALES[..2], 1));
    let transposed = ConvTranspose {
        window: window(&[3], 1),
        output_padding: vec![0],
        groups: 1,
        layout: Layout::ChannelsFirst,
        activation: Activation::from(Identity),
    };
    let y = build.add(transposed, &[y, w]);
    build.output(y, &i8(0.4, 0));
    check(build, &["Conv", "ConvTranspose"]);
}

#[test]
fn products_with_transposed_weights_and_a_bias() {
    let mut build = Build::new(1);
    let x = build.input(&[3, 8], &i8(0.05, 4));
    let w = build.constant(&[4, 8], channels(DType::I8, &SCALES, 0));
    let w = build.add(Transpose { perm: vec![1, 0] }, &[w]);
    let y = build.add(MatMul, &[x, w]);
    let bias = build
        .graph
        .add_constant("bias", Tensor::f32(&[4], &[0.5, -1.0, 2.0, 0.0]));
    let y = build.add(Binary::from(BinaryOp::Add), &[y, bias]);
    let y = build.map(Relu, y);
    build.output(y, &i16(0.0011));
    check(build, &["Gemm"]);
}

#[test]
fn two_tensors() {
    for op in [BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul] {
        let mut build = Build::new(1);
        let a = build.input(&[2, 5], &i8(0.1, 3));
        let b = build.input(&[5], &i8(0.03, -9));
        let y = build.add(Binary::from(op), &[a, b]);
        let y = build.map(Relu, y);
        build.output(y, &i8(0.11, -128));
        let name = if op == BinaryOp::Mul {
            "QlinearMul"
        } else {
            "QlinearAdd"
        };
        let name = if op == BinaryOp::Sub { "QlinearSub" } else { name };
        check(build, &[name]);
    }
    let mut build = Build::new(1);
    let a = build.input(&[2, 3, 4], &i8(0.1, 3));
    let b = build.input(&[2, 4, 5], &i8(0.03, -9));
    let y = build.add(MatMul, &[a, b]);
    build.output(y, &i8(0.5, 1));
    check(build, &["QlinearMatMul"]);
}

#[test]
fn what_moves_elements_moves_integers() {
    // Different scales in, one out; padding and a pool between; unsigned integers that are moved before they are read.
    let (a, b, y) = (u8(0.1, 3), u8(0.05, 130), u8(0.11, 7));
    let mut build = Build::new(1);
    let x0 = build.input(&[1, 2, 4, 4], &a);
    let x1 = build.input(&[1, 2, 4, 4], &b);
    let joined = build.add(Concat { axis: 1 }, &[x0, x1]);
    let zero = build.graph.add_constant("zero", Tensor::scalar(DType::F32, 0.0));
    let pad = Pad {
        begins: vec![0, 0, 1, 1],
        ends: vec![0, 0, 1, 1],
        mode: PadMode::Constant,
    };
    let padded = build.add(pad, &[joined, zero]);
    let pool = Pool {
        kind: PoolKind::Max,
        window: window(&[2, 2], 0),
        ceil_mode: false,
        layout: Layout::ChannelsFirst,
    };
    let pooled = build.add(pool, &[padded]);
    let q = build.add(QuantizeLinear { to: y.clone() }, &[pooled]);
    let moved = build.add(Transpose { perm: vec![0, 2, 3, 1] }, &[q]);
    let flat = build.add(Reshape { shape: vec![1, 100] }, &[moved]);
    let numbers = build.add(DequantizeLinear { from: y }, &[flat]);
    let y = build.map(Sigmoid, numbers);
    build.output(y, &u8(1.0 / 255.0, 0));
    check(
        build,
        &[
            "RequantizeLinear",
            "RequantizeLinear",
            "Concat",
            "Pad",
            "MaxPool",
            "Lookup",
        ],
    );
}

#[test]
fn functions_of_one_tensor_are_tables() {
    let swish = |build: &mut Build, x| {
        let gate = build.map(Sigmoid, x);
        build.add(Binary::from(BinaryOp::Mul), &[x, gate])
    };
    let mut build = Build::new(1);
    let x = build.input(&[40], &i8(0.05, 3));
    let y = swish(&mut build, x);
    let half = build.graph.add_constant("half", Tensor::scalar(DType::F32, 0.5));
    let y = build.add(Binary::from(BinaryOp::Add), &[y, half]);
    build.output(y, &i8(0.03, -80));
    check(build, &["Lookup"]);
    for function in [AnyFunction::from(LeakyRelu { alpha: 0.1 }), HardSwish.into()] {
        let mut build = Build::new(1);
        let x = build.input(&[40], &i8(0.05, 3));
        let y = build.map(function, x);
        build.output(y, &i8(0.05, 0));
        check(build, &["Lookup"]);
    }
}

#[test]
fn averages_sums_and_softmax() {
    let pool = Pool {
        kind: PoolKind::Average {
            count_include_pad: false,
        },
        window: window(&[3, 3], 1),
        ceil_mode: false,
        layout: Layout::ChannelsFirst,
    };
    // One after another: a step of one is several of the next.
    let mut build = Build::new(1);
    let x = build.input(&[1, 3, 7, 7], &i8(0.1, 3));
    let y = build.add(pool, &[x]);
    build.output(y, &i8(0.0713, 1));
    check(build, &["QlinearAveragePool"]);
    let mut build = Build::new(1);
    let x = build.input(&[2, 60, 5, 5], &i8(0.1, 3));
    let mean = Reduce {
        op: ReduceOp::Mean,
        axes: vec![2, 3],
    };
    let y = build.add(mean, &[x]);
    build.output(y, &i8(0.0213, 1));
    check(build, &["QlinearReduceMean"]);
    let mut build = Build::new(1);
    let x = build.input(&[12, 20], &i8(0.0513, 1));
    let y = build.add(Softmax { axis: 1, log: false }, &[x]);
    build.output(y, &i8(1.0 / 256.0, -128));
    check(build, &["QlinearSoftmax"]);
}

/// A linear resize of one axis to `output` elements, whose corners lie on corners.
fn resize(build: &mut Build, x: ValueId, axis: usize, output: usize) -> ValueId {
    let input = build.graph.ty(x).shape[axis];
    let place = |i: usize| i as f32 * (input - 1) as f32 / (output - 1) as f32;
    let last = input as i32 - 1;
    let taps = |i: usize| [place(i) as i32, (place(i) as i32 + 1).min(last)];
    let indices: Vec<i32> = (0..output).flat_map(taps).collect();
    let weights: Vec<f32> = (0..output)
        .flat_map(|i| [1.0 - place(i).fract(), place(i).fract()])
        .collect();
    let indices = build.graph.add_constant("indices", Tensor::i32(&[output, 2], &indices));
    let weights = build.graph.add_constant("weights", Tensor::f32(&[output, 2], &weights));
    build.add(Resize { axis }, &[x, indices, weights])
}

#[test]
fn resized_axes_are_summed_at_once() {
    // With one scale there are ties, which floats only see where scales and weights are powers of two.
    for (from, to, sizes) in [
        (i8(0.125, 3), i8(0.125, 3), [17, 13]),
        (i8(0.1, -128), i8(0.0713, 5), [11, 9]),
        (i16(0.001), i16(0.0011), [11, 9]),
        (i8(0.1, 0), i16(0.001), [11, 9]),
    ] {
        let mut build = Build::new(1);
        let x = build.input(&[2, 3, 5, 7], &from);
        let y = resize(&mut build, x, 2, sizes[0]);
        let y = resize(&mut build, y, 3, sizes[1]);
        let y = build.map(Relu, y);
        build.output(y, &to);
        check(build, &["QlinearResize"]);
    }
    let mut build = Build::new(1);
    let x = build.input(&[2, 3, 5], &i8(0.125, 3));
    let y = resize(&mut build, x, 2, 9);
    build.output(y, &i8(0.125, 3));
    check(build, &["QlinearResize"]);
}

#[test]
fn resizes_between_layers_follow_their_layout() {
    let mut build = Build::new(1);
    let x = build.input(&[1, 3, 4, 4], &i8(0.1, 3));
    let w = build.constant(&[5, 3, 1, 1], i8(0.0117, 0));
    let y = build.add(conv(&[1, 1], 0, 1), &[x, w]);
    let y = requantised(&mut build, y, &i8(0.25, 0));
    let y = resize(&mut build, y, 2, 7);
    let y = resize(&mut build, y, 3, 13);
    let y = requantised(&mut build, y, &i8(0.25, 0));
    let w = build.constant(&[2, 5, 1, 1], i8(0.0093, 0));
    let y = build.add(conv(&[1, 1], 0, 1), &[y, w]);
    build.output(y, &i8(0.313, 0));
    check(build, &["Conv", "QlinearResize", "Conv"]);
}

#[test]
fn three_resized_axes_stay_in_floats() {
    let mut build = Build::new(1);
    let x = build.input(&[1, 3, 4, 5], &i8(0.1, 3));
    let y = resize(&mut build, x, 1, 5);
    let y = resize(&mut build, y, 2, 7);
    let y = resize(&mut build, y, 3, 6);
    build.output(y, &i8(0.1, 3));
    run(&mut build.graph, PIPELINE, &mut |_, _| {}).unwrap();
    let remarks = build
        .graph
        .remarks()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(remarks.contains("it resizes more than 2 axes at once"), "{remarks}");
}

#[test]
fn factors_of_channels() {
    // A factor may be nothing, or as good as that.
    for factors in [[0.5, -2.0, 0.25], [0.0, -2.0, 0.0], [0.5, 1e-30, -0.0], [0.0; 3]] {
        for (x, offsets) in [
            (i8(0.1, 3), [0.25, 1.0, -3.0]),
            (i16(1e-3), [1e-20, 20.0, 3.0]),
            (i8(0.1, 3), [0.0, 0.0, 12.3]),
        ] {
            let mut build = Build::new(1);
            let x = build.input(&[2, 3, 5], &x);
            let factors = build.graph.add_constant("factors", Tensor::f32(&[3], &factors));
            let offsets = build.graph.add_constant("offsets", Tensor::f32(&[3], &offsets));
            let affine = ScaleShift {
                axis: 1,
                activation: Relu.into(),
            };
            let y = build.add(affine, &[x, factors, offsets]);
            build.output(y, &i8(0.13, -100));
            check(build, &["Conv"]);
        }
    }
}

#[test]
fn what_stays_in_floats_is_told() {
    let mut build = Build::new(1);
    let x = build.input(&[1, 2, 3, 3, 3], &i8(0.1, 3));
    let w = build.constant(&[2, 2, 1, 1, 1], channels(DType::I8, &SCALES[..2], 0));
    let y = build.add(conv(&[1, 1, 1], 0, 1), &[x, w]);
    build.output(y, &i8(0.2, 0));
    let free = build.map(Sigmoid, x);
    build.graph.add_output("free", free);
    run(&mut build.graph, PIPELINE, &mut |_, _| {}).unwrap();
    let remarks = build
        .graph
        .remarks()
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join("\n");
    assert!(
        remarks.contains("stays in floats: there is no kernel in integers for 3 spatial axes"),
        "{remarks}"
    );
    assert!(
        remarks.contains("(Map) stays in floats: its result is not quantised"),
        "{remarks}"
    );
}
