//! Operators between conversions, and what is noted of quantised values.

use super::build::{Build, build};
use super::{changes, leaves, pass};
use edgec::ir::primitives::{BinaryOp, DequantizeLinear, Quantization, QuantizeLinear};
use edgec::ir::{DType, Tensor, ValueId};
use edgec::middle::passes::run;
use runtime_core::function::Sigmoid;

/// `x` in integers of this scale, dequantised.
fn in_integers(b: &mut Build, x: ValueId, scale: f32) -> ValueId {
    let by = Quantization::uniform(DType::I8, scale, 3);
    let q = b.op(QuantizeLinear { to: by.clone() }, &[x]);
    b.op(DequantizeLinear { from: by }, &[q])
}

#[test]
fn integers() {
    changes("integers", |b| {
        let x = b.x(&[2, 3]);
        let y = in_integers(b, x, 0.05);
        let y = b.map(Sigmoid, y);
        let y = in_integers(b, y, 0.01);
        b.output(y);
    });
    leaves("integers", "the result is not quantised", |b| {
        let x = b.x(&[2, 3]);
        let y = in_integers(b, x, 0.05);
        let y = b.map(Sigmoid, y);
        b.output(y);
    });
}

#[test]
fn dequantize_constants() {
    let quantised = |b: &mut Build| {
        let name = b.name();
        b.graph
            .add_constant(name, Tensor::new(DType::I8, vec![3], vec![1, 2, 253]))
    };
    let dequantize = || DequantizeLinear {
        from: Quantization::uniform(DType::I8, 0.5, 1),
    };
    changes("dequantize-constants", |b| {
        let x = b.x(&[3]);
        let constant = quantised(b);
        let numbers = b.op(dequantize(), &[constant]);
        let y = b.binary(BinaryOp::Add, x, numbers);
        b.output(y);
    });
    leaves("dequantize-constants", "the integers are known at run time only", |b| {
        let x = b.x(&[3]);
        let y = in_integers(b, x, 0.05);
        b.output(y);
    });
}

#[test]
fn note_ports() {
    let make = |b: &mut Build| {
        let x = b.x(&[2, 3]);
        let y = in_integers(b, x, 0.05);
        let y = b.op(
            QuantizeLinear {
                to: Quantization::uniform(DType::I8, 0.25, -7),
            },
            &[y],
        );
        b.output(y);
    };
    leaves("note-ports", "it only notes what integers stand for", make);
    let mut graph = build(&make);
    run(&mut graph, &[pass("note-ports")], &mut |_, _| {}).unwrap();
    assert!(graph.port_steps.inputs.is_empty(), "the input is a float");
    let steps = graph.port_steps.outputs[&0];
    assert_eq!((steps.scale, steps.zero), (0.25, -7));
}
