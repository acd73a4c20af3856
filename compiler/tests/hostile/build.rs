//! Models to be damaged, and the parts that they are made of.

use edgec::front::proto::attribute_proto::AttributeType;
use edgec::front::proto::tensor_proto::DataType;
use edgec::front::proto::*;

pub(crate) fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub(crate) fn value(name: &str, shape: &[i64]) -> ValueInfoProto {
    use tensor_shape_proto::{Dimension, dimension::Value};
    let dim = shape
        .iter()
        .map(|dim| Dimension {
            value: Some(Value::DimValue(*dim)),
            denotation: None,
        })
        .collect();
    let tensor = type_proto::Tensor {
        elem_type: Some(1),
        shape: Some(TensorShapeProto { dim }),
    };
    let r#type = TypeProto {
        value: Some(type_proto::Value::TensorType(tensor)),
        denotation: None,
    };
    ValueInfoProto {
        name: text(name),
        r#type: Some(r#type),
        ..Default::default()
    }
}

pub(crate) fn node(op: &str, input: &[&str], output: &[&str]) -> NodeProto {
    let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    NodeProto {
        op_type: text(op),
        input: strings(input),
        output: strings(output),
        ..Default::default()
    }
}

pub(crate) fn attribute(name: &str, r#type: AttributeType) -> AttributeProto {
    AttributeProto {
        name: text(name),
        r#type: Some(r#type.into()),
        ..Default::default()
    }
}

pub(crate) fn floats(name: &str, dims: &[i64]) -> TensorProto {
    let len = dims.iter().product::<i64>();
    TensorProto {
        name: text(name),
        dims: dims.to_vec(),
        data_type: Some(DataType::Float.into()),
        raw_data: Some((0..len).flat_map(|i| (i as f32 / 64.0).to_le_bytes()).collect()),
        ..Default::default()
    }
}

pub(crate) fn model(graph: GraphProto) -> ModelProto {
    let opset = |domain: &str, version| OperatorSetIdProto {
        domain: text(domain),
        version: Some(version),
    };
    ModelProto {
        ir_version: Some(10),
        opset_import: vec![opset("", 17), opset("local", 1)],
        graph: Some(graph),
        ..Default::default()
    }
}

/// A small network with what models have: a convolution, a function, tensors stored in several ways.
pub(crate) fn network() -> ModelProto {
    let mut conv = node("Conv", &["x", "w"], &["c"]);
    conv.attribute = vec![AttributeProto {
        ints: vec![1; 4],
        ..attribute("pads", AttributeType::Ints)
    }];
    let mut call = node("Block", &["c"], &["b"]);
    call.domain = text("local");
    call.attribute = vec![AttributeProto {
        f: Some(0.1),
        ..attribute("slope", AttributeType::Float)
    }];
    let shape = TensorProto {
        name: text("shape"),
        dims: vec![2],
        data_type: Some(DataType::Int64.into()),
        int64_data: vec![1, 512],
        ..Default::default()
    };
    let graph = GraphProto {
        name: text("network"),
        node: vec![
            conv,
            call,
            node("Reshape", &["b", "shape"], &["r"]),
            node("MatMul", &["r", "m"], &["p"]),
            node("Softmax", &["p"], &["y"]),
        ],
        input: vec![value("x", &[1, 3, 8, 8])],
        output: vec![value("y", &[1, 10])],
        initializer: vec![floats("w", &[8, 3, 3, 3]), floats("m", &[512, 10]), shape],
        ..Default::default()
    };
    let mut leaky = node("LeakyRelu", &["x"], &["t"]);
    leaky.attribute = vec![AttributeProto {
        ref_attr_name: text("slope"),
        ..attribute("alpha", AttributeType::Float)
    }];
    let block = FunctionProto {
        name: text("Block"),
        domain: text("local"),
        input: vec!["x".into()],
        output: vec!["y".into()],
        attribute: vec!["slope".into()],
        node: vec![leaky, node("Add", &["t", "x"], &["y"])],
        opset_import: vec![OperatorSetIdProto {
            domain: text(""),
            version: Some(17),
        }],
        ..Default::default()
    };
    ModelProto {
        functions: vec![block],
        ..model(graph)
    }
}

/// The network with a branch.
pub(crate) fn branching() -> ModelProto {
    let mut choice = node("If", &["flag"], &["i"]);
    choice.attribute = ["then_branch", "else_branch"]
        .map(|name| {
            let nodes = vec![node("Relu", &["b"], &["inner"])];
            let graph = GraphProto {
                node: nodes,
                output: vec![value("inner", &[1, 8, 8, 8])],
                ..Default::default()
            };
            AttributeProto {
                g: Some(graph),
                ..attribute(name, AttributeType::Graph)
            }
        })
        .to_vec();
    let flag = TensorProto {
        name: text("flag"),
        data_type: Some(DataType::Bool.into()),
        int32_data: vec![1],
        ..Default::default()
    };
    let mut model = network();
    let graph = model.graph.as_mut().unwrap();
    graph.node.insert(2, choice);
    graph.node[3].input[0] = "i".into();
    graph.initializer.push(flag);
    model
}

/// A graph from `x` to `y` through these nodes.
pub(crate) fn graph(nodes: Vec<NodeProto>) -> GraphProto {
    GraphProto {
        node: nodes,
        input: vec![value("x", &[4])],
        output: vec![value("y", &[4])],
        ..Default::default()
    }
}

/// A node with an axis.
pub(crate) fn along(axis: i64, node: NodeProto) -> NodeProto {
    NodeProto {
        attribute: vec![AttributeProto {
            i: Some(axis),
            ..attribute("axis", AttributeType::Int)
        }],
        ..node
    }
}
