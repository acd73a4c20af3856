//! What quantization says of the models that it makes.

use super::build::{Build, notes, quantised, samples};
use edgec::ir::primitives::{Binary, BinaryOp};
use edgec::ir::{DType, Graph, Tensor, TensorType};
use edgec::middle::quantize::QuantizeOptions;
use runtime_core::function::Relu;

/// Products whose first input is so large that 8 bits leave nothing of the others, which alone have weights.
fn ruined(share: f32) -> Graph {
    let mut b = Build::new(1);
    let x = b.x("x", &[1, 4]);
    let factors = b.constant(&[4], &[1000.0, share, share, share]);
    let z = b.binary(BinaryOp::Mul, x, factors);
    let z = b.map(Relu, z);
    let z = b.binary(BinaryOp::Add, z, z);
    let few = b.constant(&[4], &[0.0, 1.0, -1.0, 0.5]);
    let picked = b.binary(BinaryOp::Mul, z, few);
    let y = b.gemm(picked, 3);
    b.done(&[y])
}

#[test]
fn outputs_that_are_lost_are_an_error() {
    let graph = ruined(1.0);
    let samples = samples(&graph, 100, 1.0);
    let options = QuantizeOptions::new("");
    let got = quantised(&graph, &options, &samples, None).unwrap();
    let error = got.report.checked.worth_having(&options).unwrap_err().to_string();
    assert!(
        error.contains("`y0`") && error.contains(" dB") && error.contains("most is lost at"),
        "{error}"
    );
    let notes = notes(&got.report);
    assert!(
        notes.contains("integers lose much") && notes.contains("--quantize int16x8"),
        "{notes}"
    );
}

#[test]
fn outputs_are_always_compared() {
    let mut b = Build::new(2);
    let x = b.x("x", &[1, 8]);
    let y = b.gemm(x, 4);
    let graph = b.done(&[y]);
    let got = quantised(&graph, &QuantizeOptions::new(""), &samples(&graph, 100, 1.0), None).unwrap();
    let checked = &got.report.checked;
    assert_eq!(
        (checked.samples, checked.outputs.len(), checked.worst.len()),
        (32, 1, 0)
    );
    assert!(checked.outputs[0].sqnr.decibels() > 35.0);
    let notes = notes(&got.report);
    assert!(notes.contains("outputs against floats on 32 samples: `y0` "), "{notes}");
}

#[test]
fn models_of_which_nothing_becomes_integers_are_refused() {
    let mut graph = Graph::new("g");
    let x = graph.add_input("x", TensorType::new(DType::F64, [1, 4]));
    let y = graph.add_op("sum", Binary::from(BinaryOp::Add), &[x, x], &[]).unwrap();
    graph.add_output("y", y);
    let sample = vec![Tensor::new(DType::F64, vec![1, 4], 0.5f64.to_le_bytes().repeat(4))];
    let error = quantised(&graph, &QuantizeOptions::new(""), &vec![sample; 100], None).unwrap_err();
    assert!(error.to_string().contains("f64"), "{error}");
}
