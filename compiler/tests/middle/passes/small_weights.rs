//! Weights of 8 bits that stay so.

use super::build::{Build, build};
use super::{changes, leaves, pass, results};
use edgec::ir::primitives::{
    Binary, BinaryOp, Cast, DequantizeLinear, Direction, Gather, MatMul, Quantization, RECURRENT_WEIGHTS, Recurrence,
    RecurrentCell, Reshape, ScaledGemm, Transpose,
};
use edgec::ir::{DType, Graph, Tensor, ValueId};
use edgec::middle::passes::{EXACT_HALF_WEIGHTS, HALF_WEIGHTS, REQUIRED, run};
use runtime_core::function::Tanh;
use runtime_core::kernels::Rnn;

/// Constant integers of 8 bits.
fn bytes(b: &mut Build, shape: &[usize]) -> ValueId {
    let name = b.name();
    let bytes = (0..shape.iter().product::<usize>())
        .map(|i| (i * 37 % 251) as u8)
        .collect();
    b.graph
        .add_constant(name, Tensor::new(DType::I8, shape.to_vec(), bytes))
}

/// How constant integers stand for numbers, by a scale for each of so many elements of an axis.
fn scaled(axis: usize, channels: usize) -> DequantizeLinear {
    let scales = (0..channels).map(|channel| 0.001 * (channel + 1) as f32).collect();
    let from = Quantization {
        dtype: DType::I8,
        scales,
        zeros: vec![0; channels],
        axis,
    };
    DequantizeLinear { from }
}

#[test]
fn small_weights() {
    changes("small-weights", |b| {
        let x = b.x(&[2, 64]);
        let q = bytes(b, &[64, 20]);
        let w = b.op(scaled(1, 20), &[q]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
        let q = bytes(b, &[20, 64]);
        let w = b.op(scaled(0, 20), &[q]);
        let w = b.op(Transpose { perm: vec![1, 0] }, &[w]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
        let q = bytes(b, &[100, 16]);
        let w = b.op(scaled(1, 16), &[q]);
        let name = b.name();
        let rows = b.graph.add_constant(name, Tensor::i64(&[3], &[5, 99, 0]));
        let y = b.op(Gather { axis: 0 }, &[w, rows]);
        b.output(y);
    });
    leaves("small-weights", "the terms of a sum have different scales", |b| {
        let x = b.x(&[2, 64]);
        let q = bytes(b, &[64, 20]);
        let w = b.op(scaled(0, 64), &[q]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
    });
    leaves("small-weights", "there are few", |b| {
        let x = b.x(&[2, 8]);
        let q = bytes(b, &[8, 20]);
        let w = b.op(scaled(1, 20), &[q]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
    });
}

#[test]
fn small_weights_in_blocks() {
    let mut graph = build(&|b: &mut Build| {
        let x = b.x(&[2, 64]);
        // Four blocks of 16 rows, as DequantizeLinear with blocks is read.
        let q = bytes(b, &[1, 4, 16, 20]);
        let w = b.op(Cast { to: DType::F32 }, &[q]);
        let scales = b.weights(&[1, 4, 1, 20]);
        let w = b.op(Binary::from(BinaryOp::Mul), &[w, scales]);
        let w = b.op(Reshape { shape: vec![64, 20] }, &[w]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
    });
    let expected = results(graph.clone(), REQUIRED);
    run(&mut graph, &[pass("small-weights")], &mut |_, _| {}).unwrap();
    let product = graph.producer(graph.outputs()[0].1).op::<ScaledGemm>().cloned();
    assert_eq!(product, Some(ScaledGemm { block: 16 }));
    for (found, expected) in results(graph, REQUIRED)[0]
        .to_f64()
        .into_iter()
        .zip(expected[0].to_f64())
    {
        assert!((found - expected).abs() <= 1e-3, "{found} instead of {expected}");
    }
}

#[test]
fn recognise_dequantization() {
    let product = |b: &mut Build, scales: &[usize]| {
        let x = b.x(&[2, 64]);
        let q = bytes(b, &[64, 20]);
        let w = b.op(Cast { to: DType::F32 }, &[q]);
        let zero = b.constant(&[], &[3.0]);
        let w = b.op(Binary::from(BinaryOp::Sub), &[w, zero]);
        let values = vec![0.5; scales.iter().product()];
        let scales = b.constant(scales, &values);
        let w = b.op(Binary::from(BinaryOp::Mul), &[w, scales]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
    };
    changes("recognise-dequantization", |b| product(b, &[20]));
    leaves("recognise-dequantization", "each number has a scale", |b| {
        product(b, &[64, 20]);
    });
}

/// A recurrent layer of 16 units, whose weights are multiples of a number.
fn recurrent(step: f32) -> Graph {
    build(&|b: &mut Build| {
        let x = b.x(&[3, 1, 16]);
        let none = b.constant(&[0], &[]);
        let lengths = b
            .graph
            .add_constant("lengths", Tensor::new(DType::I32, vec![0], vec![]));
        let weights: Vec<f32> = (0..256).map(|i| (i * 37 % 101 - 50) as f32 * step).collect();
        let w = b.constant(&[256], &weights);
        let cell = RecurrentCell::Rnn(Rnn { f: Tanh.into() });
        let layer = Recurrence {
            hidden: 16,
            batch_first: false,
            clip: f32::INFINITY,
            directions: vec![Direction { reverse: false, cell }],
            packed: false,
        };
        let y = b.op(layer, &[x, none, lengths, w]);
        b.output(y);
    })
}

#[test]
fn recurrent_weights_are_stored_as_halves() {
    let stored = |mut graph: Graph, passes| {
        run(&mut graph, passes, &mut |_, _| {}).unwrap();
        let layer = graph.producer(graph.outputs()[0].1);
        graph.ty(layer.inputs[RECURRENT_WEIGHTS].unwrap()).dtype
    };
    assert_eq!(stored(recurrent(1.0 / 64.0), EXACT_HALF_WEIGHTS), DType::F16);
    assert_eq!(
        stored(recurrent(0.001), EXACT_HALF_WEIGHTS),
        DType::F32,
        "they would lose digits"
    );
    assert_eq!(stored(recurrent(0.001), HALF_WEIGHTS), DType::F16);
    let exact = [EXACT_HALF_WEIGHTS, REQUIRED].concat();
    assert_eq!(
        results(recurrent(1.0 / 64.0), &exact),
        results(recurrent(1.0 / 64.0), REQUIRED),
        "to the bit"
    );
}
