//! What quantization says of the models that it makes.

use super::build::{Build, notes, quantised, samples};
use edgec::ir::primitives::{Binary, BinaryOp, Gemm, Pad, PadMode};
use edgec::ir::{DType, Graph, Tensor, TensorType};
use edgec::middle::quantize::{QuantizeOptions, Scheme};
use runtime_core::function::{Identity, Relu};

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
    let error = got.report.worth_having(&options).unwrap_err().to_string();
    assert!(
        error.contains("`y0`") && error.contains(" dB") && error.contains("most is lost at"),
        "{error}"
    );
    let notes = notes(&got.report);
    let advice = "(try --quantize int16x8, which leaves `y0` ";
    assert!(
        notes.starts_with("integers lose much") && notes.contains(advice),
        "{notes}"
    );
    assert!(got.report.remarks()[0].is_warning());
    // As it says.
    let wide = QuantizeOptions {
        scheme: Scheme::Int16x8,
        ..options
    };
    let wide = quantised(&graph, &wide, &samples, None).unwrap().report.checked;
    let left = format!("{advice}{:.1} dB", wide.outputs[0].sqnr.decibels());
    assert!(notes.contains(&left), "{notes} {left}");
}

#[test]
fn bits_that_do_not_help_are_not_advised() {
    // The weights that count are nothing beside the one of an input that is always zero.
    let mut b = Build::new(5);
    let x = b.x("x", &[1, 4]);
    let factors = b.constant(&[4], &[1e-9, 1.0, 1.0, 1.0]);
    let z = b.binary(BinaryOp::Mul, x, factors);
    let w = b.constant(&[4, 1], &[1000.0, 1.0, -1.0, 1.0]);
    let activation = Identity.into();
    let y = b.op(Gemm { activation }, &[z, w]);
    let graph = b.done(&[y]);
    let got = quantised(&graph, &QuantizeOptions::new(""), &samples(&graph, 100, 1.0), None).unwrap();
    let notes = notes(&got.report);
    assert!(
        notes.contains("since 16 bits do not help") && !notes.contains("int16x8"),
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

#[test]
fn padding_out_of_proportion_is_refused() {
    // Within the memory that every model may take, and nothing is multiplied: time goes with elements.
    let mut b = Build::new(6);
    let x = b.x("x", &[1, 1000]);
    let number = b.constant(&[], &[0.5]);
    let (begins, ends, mode) = (vec![0, 0], vec![0, 1_000_000], PadMode::Constant);
    let padded = b.op(Pad { begins, ends, mode }, &[x, number]);
    let graph = b.done(&[padded]);
    let samples = samples(&graph, 10, 1.0);
    let error = quantised(&graph, &QuantizeOptions::new(""), &samples, None).unwrap_err();
    let error = error.to_string();
    assert!(error.contains("running a sample takes"), "{error}");
}
