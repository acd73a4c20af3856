//! Graphs, shapes and tensors that make no sense.

use super::build::{graph, model, node, text, value};
use super::{error, survives};
use edgec::front::proto::tensor_proto::DataType;
use edgec::front::proto::*;
use prost::Message;

#[test]
fn graphs_that_make_no_sense() {
    let cycle = graph(vec![
        node("Add", &["x", "b"], &["a"]),
        node("Neg", &["a"], &["b"]),
        node("Abs", &["b"], &["y"]),
    ]);
    assert!(error("a cycle", &model(cycle)).contains("cycle"));
    let itself = graph(vec![node("Add", &["x", "y"], &["y"])]);
    assert!(error("a node that reads itself", &model(itself)).contains("cycle"));
    let twice = graph(vec![node("Neg", &["x"], &["y"]), node("Abs", &["x"], &["y"])]);
    assert!(error("a name twice", &model(twice)).contains("produced twice"));
    let missing = graph(vec![node("Add", &["x", "nowhere"], &["y"])]);
    assert!(error("a missing input", &model(missing)).contains("`nowhere`"));
    error("a missing output", &model(graph(Vec::new())));
    error(
        "an empty graph",
        &ModelProto {
            opset_import: Vec::new(),
            ..model(graph(vec![NodeProto::default()]))
        },
    );
}

#[test]
fn tensors_that_are_not_there() {
    let huge = |dims: &[i64], data_type: DataType| {
        let mut graph = graph(vec![node("Add", &["x", "w"], &["y"])]);
        let data_type = Some(data_type.into());
        graph.initializer = vec![TensorProto {
            name: text("w"),
            dims: dims.to_vec(),
            data_type,
            ..Default::default()
        }];
        error(&format!("an absent tensor of {dims:?}"), &model(graph))
    };
    for data_type in [
        DataType::Float,
        DataType::Int8,
        DataType::Int64,
        DataType::Bool,
        DataType::String,
    ] {
        huge(&[1_000_000_000], data_type);
        huge(&[i64::MAX], data_type);
        huge(&[1 << 32, 1 << 32], data_type);
        huge(&[0, i64::MAX, i64::MAX], data_type);
        huge(&[i64::MIN, -1], data_type);
        huge(&[i64::from(u32::MAX); 100], data_type);
    }
    assert!(huge(&[1_000_000_000], DataType::Float).contains("1000000000"));
}

#[test]
fn shapes_that_do_not_fit() {
    for shape in [
        &[i64::MAX, i64::MAX][..],
        &[1 << 40],
        &[-1],
        &[i64::MIN],
        &[0],
        &[1; 1000],
    ] {
        let mut graph = graph(vec![node("Neg", &["x"], &["y"])]);
        graph.input = vec![value("x", shape)];
        graph.output = vec![value("y", shape)];
        let _ = survives(&format!("an input of {shape:?}"), &model(graph).encode_to_vec());
    }
}
