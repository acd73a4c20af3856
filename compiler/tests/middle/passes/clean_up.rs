//! Passes that take away what computes nothing new.

use super::build::{Build, IMAGE, build};
use super::{changes, keeps_results, leaves, pass};
use edgec::ir::primitives::{BinaryOp, Cast, Reshape, Select, Slice, Transpose};
use edgec::ir::{DType, Tensor};
use edgec::middle::passes::run;
use runtime_core::function::{Clip, Identity, Relu, Round, Sigmoid};

#[test]
fn import() {
    leaves("import", "it is the graph as it was read", |b| {
        let x = b.x(&[2]);
        let y = b.map(Identity, x);
        b.output(y);
    });
}

#[test]
fn no_ops() {
    changes("no-ops", |b| {
        let x = b.x(&[2, 6]);
        let y = b.op(Reshape { shape: vec![3, 4] }, &[x]);
        let y = b.op(Reshape { shape: vec![4, 3] }, &[y]);
        let y = b.op(Transpose { perm: vec![0, 1] }, &[y]);
        let one = b.constant(&[1], &[1.0]);
        let y = b.binary(BinaryOp::Mul, y, one);
        let y = b.map(Identity, y);
        let y = b.op(Slice::along(&[4, 3], 0, 0, 4), &[y]);
        let closed = b
            .graph
            .add_constant("closed", Tensor::new(DType::Bool, vec![3], vec![0; 3]));
        let y = b.op(Select, &[closed, one, y]);
        let y = b.map(Relu, y);
        b.output(y);
    });
    leaves(
        "no-ops",
        "a slice that runs backwards has the type of its operand",
        |b| {
            let x = b.x(&[4]);
            let y = b.op(
                Slice {
                    starts: vec![3],
                    steps: vec![-1],
                    lens: vec![4],
                },
                &[x],
            );
            b.output(y);
        },
    );
    leaves("no-ops", "the ones change the shape, or are divided", |b| {
        let x = b.x(&[4]);
        let ones = b.constant(&[1, 1], &[1.0]);
        let y = b.binary(BinaryOp::Mul, x, ones);
        b.output(y);
        let one = b.constant(&[1], &[1.0]);
        let y = b.binary(BinaryOp::Div, one, x);
        b.output(y);
        let y = b.binary(BinaryOp::Sub, x, one);
        b.output(y);
    });
}

#[test]
fn constant_folding() {
    changes("constant-folding", |b| {
        let x = b.x(&[3]);
        let (two, three) = (b.constant(&[3], &[2.0; 3]), b.constant(&[1], &[3.0]));
        let six = b.binary(BinaryOp::Mul, two, three);
        let root = b.map(runtime_core::function::Sqrt, six);
        let y = b.binary(BinaryOp::Add, x, root);
        b.output(y);
        b.output(six);
    });
    leaves("constant-folding", "the result is much larger than its operands", |b| {
        let x = b.x(&[1]);
        let small = b.constant(&[1], &[2.0]);
        let large = b.op(edgec::ir::primitives::Expand { shape: vec![100, 1000] }, &[small]);
        let y = b.binary(BinaryOp::Add, large, x);
        b.output(y);
    });
}

#[test]
fn a_convolution_of_a_constant_is_folded() {
    let pass = pass("constant-folding");
    let make = |b: &mut Build| {
        let x = b.x(&[1, 2, 5, 6]);
        let image = b.weights(&IMAGE);
        let y = b.conv(image, 2, 1);
        let y = b.binary(BinaryOp::Add, y, x);
        b.output(y);
    };
    let mut graph = build(&make);
    run(&mut graph, &[pass], &mut |_, _| {}).unwrap();
    assert!(!graph.to_string().contains("Conv"), "{graph}");
    keeps_results(pass, &make);
}

#[test]
fn halves_in_floats() {
    // As readers of operators round, on behalf of no node of their own.
    let halved = |b: &mut Build, y| b.graph.add_op("rounded", Cast { to: DType::F16 }, &[y], &[]).unwrap();
    changes("halves-in-floats", |b| {
        let x = b.x(&[2, 3]);
        // Whole numbers, which lose nothing as halves.
        let y = b.map(Round, x);
        let y = halved(b, y);
        let y = b.op(Reshape { shape: vec![3, 2] }, &[y]);
        let y = b.op(Cast { to: DType::F32 }, &[y]);
        let y = b.map(Sigmoid, y);
        let y = halved(b, y);
        b.output(y);
    });
    leaves("halves-in-floats", "nothing computes with halves", |b| {
        let x = b.x(&[2, 3]);
        let y = halved(b, x);
        b.output(y);
    });
}

#[test]
fn common_subexpressions() {
    changes("common-subexpressions", |b| {
        let x = b.x(&[3]);
        let (one, same) = (b.constant(&[1], &[1.5]), b.constant(&[1], &[1.5]));
        let (p, q) = (b.binary(BinaryOp::Add, x, one), b.binary(BinaryOp::Add, x, same));
        let (p, q) = (b.map(Relu, p), b.map(Relu, q));
        let y = b.binary(BinaryOp::Mul, p, q);
        b.output(y);
        b.output(q);
    });
    leaves(
        "common-subexpressions",
        "attributes, the order of operands or the shapes of constants differ",
        |b| {
            let (x, z) = (b.x(&[3]), b.x(&[3]));
            let (flat, deep) = (b.constant(&[1], &[1.5]), b.constant(&[1, 1], &[1.5]));
            let values = [
                b.binary(BinaryOp::Sub, x, z),
                b.binary(BinaryOp::Sub, z, x),
                b.map(Clip { min: 0.0, max: 1.0 }, x),
                b.map(Clip { min: 0.0, max: 2.0 }, x),
                b.binary(BinaryOp::Add, x, flat),
                b.binary(BinaryOp::Add, x, deep),
            ];
            values.into_iter().for_each(|v| b.output(v));
        },
    );
}

#[test]
fn unused() {
    changes("unused", |b| {
        let (x, _) = (b.x(&[3]), b.x(&[3]));
        let dead = b.map(Relu, x);
        let zero = b.constant(&[], &[0.0]);
        b.binary(BinaryOp::Add, dead, zero);
        let y = b.map(Sigmoid, x);
        b.output(y);
    });
    leaves("unused", "all of it is read, or an input", |b| {
        let (x, _) = (b.x(&[3]), b.x(&[3]));
        let y = b.map(Relu, x);
        b.output(y);
        let z = b.map(Sigmoid, y);
        b.output(z);
        b.output(x);
    });
}
