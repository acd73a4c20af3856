//! Small models cannot make the compiler work for long: what is computed while compiling has a budget for the whole
//! model.

use edgec::Compiler;
use edgec::front::load::load_bytes;
use edgec::front::proto::*;
use prost::Message;
use std::time::{Duration, Instant};

/// A model of these nodes, each `(operator, input, output)`, over the matrix `w` of `size` rows; all outputs are the
/// model's.
fn model(size: usize, nodes: &[(&str, String, String)], shape: &[i64]) -> Vec<u8> {
    let dim = |dim: &i64| tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(*dim)),
        denotation: None,
    };
    let info = |name: &str| ValueInfoProto {
        name: Some(name.to_owned()),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(type_proto::Tensor {
                elem_type: Some(1),
                shape: Some(TensorShapeProto {
                    dim: shape.iter().map(dim).collect(),
                }),
            })),
            denotation: None,
        }),
        ..Default::default()
    };
    // Well-conditioned, so that elimination never ends early.
    let element = |i: usize| {
        if i.is_multiple_of(size + 1) {
            1.0f32
        } else {
            (i * 7919 % 1009) as f32 / 1e6
        }
    };
    let weights = TensorProto {
        name: Some("w".into()),
        dims: vec![size as i64; 2],
        data_type: Some(1),
        raw_data: Some((0..size * size).flat_map(|i| element(i).to_le_bytes()).collect()),
        ..Default::default()
    };
    let node = |(operator, input, output): &(&str, String, String)| NodeProto {
        op_type: Some((*operator).to_owned()),
        input: vec![input.clone()],
        output: vec![output.clone()],
        ..Default::default()
    };
    let graph = GraphProto {
        name: Some("g".into()),
        node: nodes.iter().map(node).collect(),
        output: nodes.iter().map(|(_, _, output)| info(output)).collect(),
        initializer: vec![weights],
        ..Default::default()
    };
    let model = ModelProto {
        ir_version: Some(8),
        opset_import: vec![OperatorSetIdProto {
            domain: None,
            version: Some(17),
        }],
        graph: Some(graph),
        ..Default::default()
    };
    model.encode_to_vec()
}

/// The notes, and the time that compiling took.
fn compiled(model: &[u8]) -> (Vec<String>, Duration) {
    let start = Instant::now();
    let model = load_bytes(model, None).unwrap();
    let compiled = Compiler::new("m.onnx").compile_model(&model, &mut |_, _| {}).unwrap();
    (compiled.report.notes, start.elapsed())
}

#[test]
fn steps_of_folding_are_bounded_for_the_whole_model() {
    // Equal operators on one constant are computed once, so each determinant is of another matrix.
    let name = |i: usize| if i == 0 { "w".to_owned() } else { format!("w{i}") };
    let pair = |i: usize| [("Det", name(i), format!("d{i}")), ("Neg", name(i), name(i + 1))];
    let nodes: Vec<_> = (0..60).flat_map(pair).collect();
    // Each takes 72 million steps, 60 of them 4 billion.
    let (notes, took) = compiled(&model(600, &nodes, &[]));
    assert!(
        notes
            .iter()
            .any(|note| note.contains("constants take too long to compute")),
        "{notes:?}"
    );
    assert!(took < Duration::from_secs(30), "{took:?}");
    let (notes, _) = compiled(&model(600, &nodes[..2], &[]));
    assert!(notes.iter().all(|note| !note.contains("too long")), "{notes:?}");
}

#[test]
fn bytes_of_folding_are_bounded_for_the_whole_model() {
    let names: Vec<_> = (0..400)
        .map(|i| if i == 0 { "w".to_owned() } else { format!("y{i}") })
        .collect();
    let pairs = names.windows(2);
    let nodes: Vec<_> = pairs.map(|pair| ("Neg", pair[0].clone(), pair[1].clone())).collect();
    // 400 results of 1 MB from one matrix of 1 MB.
    let (notes, _) = compiled(&model(512, &nodes, &[512, 512]));
    assert!(
        notes
            .iter()
            .any(|note| note.contains("constants take too long to compute")),
        "{notes:?}"
    );
}
