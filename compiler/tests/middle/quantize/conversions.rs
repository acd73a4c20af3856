//! Where conversions are put, and which ranges values share.

use super::build::{Build, classifier, decibels, plain, quantised, samples};
use edgec::ir::primitives::{Binary, BinaryOp, Concat, Map, Resize, Softmax};
use edgec::ir::{Tensor, ValueId};
use edgec::middle::passes::{PIPELINE, run};
use edgec::middle::quantize::{Io, QuantizeOptions};

use runtime_core::function::{Exp, Sigmoid};

#[test]
fn conversions_are_put_between_layers() {
    let graph = classifier();
    let float = quantised(&graph, &plain(), &samples(&graph, 100)).unwrap();
    insta::assert_snapshot!("floats_outside", float.graph);
    let io = Io::Int8;
    let integers = quantised(&graph, &QuantizeOptions { io, ..plain() }, &samples(&graph, 100)).unwrap();
    insta::assert_snapshot!("integers_outside", integers.graph);
}

#[test]
fn functions_residuals_and_concatenations_share_what_they_can() {
    let mut b = Build::new();
    let x = b.x(&[1, 2, 4, 4]);
    let left = b.conv("left", x, 2);
    let left = b.op(
        "sigmoid",
        Map {
            function: Sigmoid.into(),
        },
        &[left],
    );
    let right = b.conv("right", x, 2);
    let joined = b.op("joined", Concat { axis: 1 }, &[left, right]);
    let again = b.conv("again", joined, 4);
    let sum = b.op("sum", Binary::from(BinaryOp::Add), &[again, joined]);
    let sum = b.relu("limit", sum);
    let half = b.graph.add_constant("half", Tensor::f32(&[], &[0.5]));
    let scaled = b.op("scaled", Binary::from(BinaryOp::Mul), &[sum, half]);
    let exp = b.op("exp", Map { function: Exp.into() }, &[scaled]);
    let odd = b.op("odd", Binary::from(BinaryOp::Div), &[exp, sum]);
    let graph = b.done(odd);
    let got = quantised(&graph, &plain(), &samples(&graph, 100)).unwrap();
    insta::assert_snapshot!("branches", got.graph);
    assert_eq!(
        got.report.float,
        [("odd".to_owned(), "Div has no integer form".to_owned())]
    );
}

#[test]
fn probabilities_reach_from_zero_to_one() {
    let mut b = Build::new();
    let x = b.x(&[1, 8]);
    let scores = b.gemm("scores", x, 4);
    let y = b.op("softmax", Softmax { axis: 1, log: false }, &[scores]);
    let graph = b.done(y);
    let got = quantised(
        &graph,
        &QuantizeOptions {
            io: Io::Int8,
            ..plain()
        },
        &samples(&graph, 100),
    )
    .unwrap();
    assert!(
        got.graph.to_string().contains("scales: [0.003921569], zeros: [-128]"),
        "{}",
        got.graph
    );
}

/// A resize of one axis to twice its elements, each between two that are quantised as one.
fn doubled(b: &mut Build, name: &str, x: ValueId, axis: usize) -> ValueId {
    let size = b.graph.ty(x).shape[axis];
    let indices: Vec<i32> = (0..2 * size)
        .flat_map(|i| [i / 2, (i / 2 + 1).min(size - 1)].map(|i| i as i32))
        .collect();
    let weights: Vec<f32> = (0..2 * size)
        .flat_map(|i| [[0.75, 0.25], [0.25, 0.75]][i % 2])
        .collect();
    let indices = b.graph.add_constant("indices", Tensor::i32(&[2 * size, 2], &indices));
    let weights = b.graph.add_constant("weights", Tensor::f32(&[2 * size, 2], &weights));
    b.op(name, Resize { axis }, &[x, indices, weights])
}

#[test]
fn both_axes_of_a_resize_are_one_operator() {
    let mut b = Build::new();
    let x = b.x(&[1, 2, 4, 4]);
    let conv = b.conv("conv", x, 3);
    let rows = doubled(&mut b, "rows", conv, 2);
    let columns = doubled(&mut b, "columns", rows, 3);
    let y = b.conv("last", columns, 2);
    let graph = b.done(y);
    let samples = samples(&graph, 100);
    let mut got = quantised(&graph, &plain(), &samples).unwrap();
    let noise = decibels(&graph, &got.graph, &samples[..10]);
    assert!(noise > 30.0, "{noise} dB");
    assert!(got.report.float.is_empty(), "{:?}", got.report.float);
    run(&mut got.graph, PIPELINE, &mut |_, _| {}).unwrap();
    let nodes = got.graph.order().into_iter();
    let names: Vec<_> = nodes
        .filter_map(|id| Some(got.graph.node(id).operator()?.name()))
        .collect();
    assert!(
        names.contains(&"QlinearResize") && !names.contains(&"Resize"),
        "{names:?}"
    );
}

/// Its range on the samples would cut it off, and a table of lines misses such a bend.
#[test]
fn a_sigmoid_in_16_bits_has_room_for_all_its_results() {
    let mut b = Build::new();
    let x = b.x(&[1, 2, 6, 6]);
    let conv = b.conv("conv", x, 3);
    let y = b.op(
        "sigmoid",
        Map {
            function: Sigmoid.into(),
        },
        &[conv],
    );
    let graph = b.done(y);
    let mut got = quantised(&graph, &plain(), &samples(&graph, 100)).unwrap();
    let step = format!("scales: [{:?}]", 1.0 / f32::from(i16::MAX));
    assert!(got.graph.to_string().contains(&step), "{}", got.graph);
    run(&mut got.graph, PIPELINE, &mut |_, _| {}).unwrap();
    assert!(got.graph.to_string().contains("Lookup"), "{}", got.graph);
    assert!(got.graph.remarks().is_empty(), "{:?}", got.graph.remarks());
}
