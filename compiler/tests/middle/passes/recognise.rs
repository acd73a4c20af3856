//! Activations, normalisation and softmax that come in pieces.

use super::build::Build;
use super::{changes, leaves};
use edgec::ir::ValueId;
use edgec::ir::primitives::{BinaryOp, Reduce, ReduceOp};
use runtime_core::function::{Clip, Erf, Exp, HardSigmoid, Reciprocal, Sigmoid, Sqrt, Square, Tanh};

fn gelu(b: &mut Build, x: ValueId, half: &[usize]) -> ValueId {
    let (root, one, half) = (
        b.constant(&[], &[std::f32::consts::SQRT_2]),
        b.constant(&[], &[1.0]),
        b.constant(half, &[0.5]),
    );
    let y = b.binary(BinaryOp::Div, x, root);
    let y = b.map(Erf, y);
    let y = b.binary(BinaryOp::Add, y, one);
    let y = b.binary(BinaryOp::Mul, x, y);
    b.binary(BinaryOp::Mul, y, half)
}

/// With the half on the gate, and the cube as a product.
fn gelu_tanh(b: &mut Build, x: ValueId, cube: f32) -> ValueId {
    let [one, half, slope, cube] = [1.0, 0.5, 0.797_884_6, cube].map(|c| b.constant(&[], &[c]));
    let square = b.map(Square, x);
    let y = b.binary(BinaryOp::Mul, square, cube);
    let y = b.binary(BinaryOp::Mul, x, y);
    let y = b.binary(BinaryOp::Add, x, y);
    let y = b.binary(BinaryOp::Mul, y, slope);
    let y = b.map(Tanh, y);
    let y = b.binary(BinaryOp::Add, one, y);
    let y = b.binary(BinaryOp::Mul, half, y);
    b.binary(BinaryOp::Mul, y, x)
}

fn hard_swish(b: &mut Build, x: ValueId, max: f32) -> ValueId {
    let (three, six) = (b.constant(&[], &[3.0]), b.constant(&[], &[6.0]));
    let y = b.binary(BinaryOp::Add, x, three);
    let y = b.map(Clip { min: 0.0, max }, y);
    let y = b.binary(BinaryOp::Mul, x, y);
    b.binary(BinaryOp::Div, y, six)
}

#[test]
fn recognise_activations() {
    changes("recognise-activations", |b| {
        let x = b.x(&[3]);
        let gate = b.map(Sigmoid, x);
        let y = b.binary(BinaryOp::Mul, gate, x);
        b.output(y);
        let gate = b.map(
            HardSigmoid {
                alpha: 1.0 / 6.0,
                beta: 0.5,
            },
            x,
        );
        let y = b.binary(BinaryOp::Mul, x, gate);
        b.output(y);
        let y = hard_swish(b, x, 6.0);
        b.output(y);
        let y = gelu(b, x, &[1]);
        b.output(y);
        let y = gelu_tanh(b, x, 0.044715);
        b.output(y);
        let alpha = b.constant(&[1], &[1.702]);
        let gate = b.binary(BinaryOp::Mul, alpha, x);
        let gate = b.map(Sigmoid, gate);
        let y = b.binary(BinaryOp::Mul, x, gate);
        b.output(y);
    });
    leaves(
        "recognise-activations",
        "the parts are of other values or have other numbers",
        |b| {
            let (x, z) = (b.x(&[3]), b.x(&[3]));
            let gate = b.map(Sigmoid, x);
            let y = b.binary(BinaryOp::Mul, gate, z);
            b.output(y);
            let y = b.binary(BinaryOp::Div, x, gate);
            b.output(y);
            let gate = b.map(HardSigmoid { alpha: 0.2, beta: 0.5 }, x);
            let y = b.binary(BinaryOp::Mul, x, gate);
            b.output(y);
            let y = hard_swish(b, x, 5.0);
            b.output(y);
            let y = gelu_tanh(b, x, 0.044);
            b.output(y);
            let six = b.constant(&[], &[6.0]);
            let sum = b.binary(BinaryOp::Div, six, x);
            b.output(sum);
        },
    );
    leaves("recognise-activations", "the constant adds a dimension", |b| {
        let x = b.x(&[3]);
        let y = gelu(b, x, &[1, 1]);
        b.output(y);
    });
}

fn mean(b: &mut Build, x: ValueId, axes: &[usize]) -> ValueId {
    let (op, axes) = (ReduceOp::Mean, axes.to_vec());
    b.op(Reduce { op, axes }, &[x])
}

/// `x / sqrt(mean(x^2) + epsilon)` over `axes`.
fn root_mean_square(b: &mut Build, x: ValueId, axes: &[usize]) -> ValueId {
    let square = b.binary(BinaryOp::Mul, x, x);
    let y = mean(b, square, axes);
    let epsilon = b.constant(&[], &[0.01]);
    let y = b.binary(BinaryOp::Add, y, epsilon);
    let y = b.map(Sqrt, y);
    b.binary(BinaryOp::Div, x, y)
}

#[test]
fn recognise_normalization() {
    changes("recognise-normalization", |b| {
        let x = b.x(&[2, 3, 4]);
        let centre = mean(b, x, &[2]);
        let centred = b.binary(BinaryOp::Sub, x, centre);
        let y = root_mean_square(b, centred, &[2]);
        let (scale, bias) = (b.weights(&[4]), b.x(&[1, 4]));
        let y = b.binary(BinaryOp::Mul, y, scale);
        let y = b.binary(BinaryOp::Add, bias, y);
        b.output(y);
        let square = b.map(Square, x);
        let y = mean(b, square, &[1, 2]);
        let epsilon = b.constant(&[], &[0.5]);
        let y = b.binary(BinaryOp::Add, epsilon, y);
        let y = b.map(Sqrt, y);
        let y = b.map(Reciprocal, y);
        let y = b.binary(BinaryOp::Mul, y, x);
        let scale = b.weights(&[3, 4]);
        let y = b.binary(BinaryOp::Mul, scale, y);
        b.output(y);
        let (scale, bias) = (b.weights(&[4]), b.weights(&[4]));
        let centre = mean(b, x, &[2]);
        let centred = b.binary(BinaryOp::Sub, x, centre);
        let square = b.map(Square, centred);
        let y = mean(b, square, &[2]);
        let y = b.binary(BinaryOp::Add, y, epsilon);
        let y = b.map(Sqrt, y);
        let y = b.map(Reciprocal, y);
        let factor = b.binary(BinaryOp::Mul, y, scale);
        let shift = b.binary(BinaryOp::Mul, centre, factor);
        let shift = b.binary(BinaryOp::Sub, bias, shift);
        let y = b.binary(BinaryOp::Mul, x, factor);
        let y = b.binary(BinaryOp::Add, y, shift);
        b.output(y);
    });
    leaves("recognise-normalization", "of other axes, or of another value", |b| {
        let x = b.x(&[2, 3, 4]);
        let y = root_mean_square(b, x, &[1]);
        b.output(y);
        let z = b.x(&[2, 3, 4]);
        let square = b.map(Square, z);
        let y = mean(b, square, &[2]);
        let epsilon = b.constant(&[], &[0.5]);
        let y = b.binary(BinaryOp::Add, epsilon, y);
        let y = b.map(Sqrt, y);
        let y = b.binary(BinaryOp::Div, x, y);
        b.output(y);
    });
}

/// Exponentials of `x`, and their sum along `axis`.
fn powers(b: &mut Build, x: ValueId, axis: usize) -> [ValueId; 2] {
    let powers = b.map(Exp, x);
    let (op, axes) = (ReduceOp::Sum, vec![axis]);
    [powers, b.op(Reduce { op, axes }, &[powers])]
}

/// How far elements are from the greatest along an axis.
fn below_greatest(b: &mut Build, x: ValueId, axis: usize) -> ValueId {
    let (op, axes) = (ReduceOp::Max, vec![axis]);
    let greatest = b.op(Reduce { op, axes }, &[x]);
    b.binary(BinaryOp::Sub, x, greatest)
}

#[test]
fn recognise_softmax() {
    changes("recognise-softmax", |b| {
        let x = b.x(&[2, 3, 4]);
        let shifted = below_greatest(b, x, 2);
        let [y, sum] = powers(b, shifted, 2);
        let y = b.binary(BinaryOp::Div, y, sum);
        b.output(y);
        let shifted = below_greatest(b, x, 1);
        let [y, sum] = powers(b, shifted, 1);
        let sum = b.map(Reciprocal, sum);
        let y = b.binary(BinaryOp::Mul, sum, y);
        b.output(y);
    });
    leaves("recognise-softmax", "exponentials themselves overflow", |b| {
        let x = b.x(&[2, 3, 4]);
        let [y, sum] = powers(b, x, 2);
        let y = b.binary(BinaryOp::Div, y, sum);
        b.output(y);
    });
    leaves(
        "recognise-softmax",
        "the exponentials are wanted, or others are summed",
        |b| {
            let (x, z) = (b.x(&[2, 3]), b.x(&[2, 3]));
            let (x, z) = (below_greatest(b, x, 1), below_greatest(b, z, 1));
            let [y, sum] = powers(b, x, 1);
            b.output(y);
            let y = b.binary(BinaryOp::Div, y, sum);
            b.output(y);
            let [_, sum] = powers(b, z, 1);
            let y = b.map(Exp, x);
            let y = b.binary(BinaryOp::Div, y, sum);
            b.output(y);
        },
    );
}
