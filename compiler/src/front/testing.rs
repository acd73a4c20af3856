//! Models of one node, read and run on the host, for the tests of operators.

use crate::back::exec::Executor;
use crate::front::import::{self, Dimensions};
use crate::front::ops::OPERATORS;
use crate::front::proto::attribute_proto::AttributeType;
use crate::front::proto::tensor_shape_proto::{Dimension, dimension};
use crate::front::proto::{self, AttributeProto, type_proto};
use crate::ir::{DType, Tensor};
use crate::{back::portable, front::load, middle::passes};
use prost::Message;

/// An operand of the node.
pub(super) enum Operand {
    /// Known at run time only.
    Given(Tensor),
    /// Known at compile time.
    Known(Tensor),
    /// Left out.
    Absent,
}
pub(super) use Operand::{Absent, Given, Known};

/// An attribute of integers.
pub(super) fn ints(name: &str, values: &[i64]) -> AttributeProto {
    let ints = values.to_vec();
    AttributeProto {
        name: Some(name.into()),
        r#type: Some(AttributeType::Ints.into()),
        ints,
        ..Default::default()
    }
}

/// An attribute of one integer.
pub(super) fn int(name: &str, value: i64) -> AttributeProto {
    let (name, i) = (Some(name.into()), Some(value));
    AttributeProto {
        name,
        r#type: Some(AttributeType::Int.into()),
        i,
        ..Default::default()
    }
}

/// An attribute of one float.
pub(super) fn float(name: &str, value: f32) -> AttributeProto {
    let (name, f) = (Some(name.into()), Some(value));
    AttributeProto {
        name,
        r#type: Some(AttributeType::Float.into()),
        f,
        ..Default::default()
    }
}

/// An attribute of floats.
pub(super) fn floats(name: &str, values: &[f32]) -> AttributeProto {
    let floats = values.to_vec();
    AttributeProto {
        name: Some(name.into()),
        r#type: Some(AttributeType::Floats.into()),
        floats,
        ..Default::default()
    }
}

/// An attribute of text.
pub(super) fn text(name: &str, value: &str) -> AttributeProto {
    let (name, s) = (Some(name.into()), Some(value.as_bytes().to_vec()));
    AttributeProto {
        name,
        r#type: Some(AttributeType::String.into()),
        s,
        ..Default::default()
    }
}

/// An attribute of texts.
pub(super) fn texts(name: &str, values: &[&str]) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        r#type: Some(AttributeType::Strings.into()),
        strings: values.iter().map(|value| value.as_bytes().to_vec()).collect(),
        ..Default::default()
    }
}

/// An attribute of a tensor.
pub(super) fn tensor(name: &str, value: &Tensor) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        r#type: Some(AttributeType::Tensor.into()),
        t: Some(stored(String::new(), value)),
        ..Default::default()
    }
}

/// An attribute of a sub-graph: its nodes as operator, inputs and outputs, its stored tensors, its inputs and outputs.
/// It may read the operands of the node, `x0`, `x1` ..
pub(super) fn subgraph(
    name: &str,
    nodes: &[(&str, &[&str], &[&str])],
    stored: &[(&str, Tensor)],
    [inputs, outputs]: [&[&str]; 2],
) -> AttributeProto {
    let strings = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    let values = |names: &[&str]| {
        let value = |name: &&str| proto::ValueInfoProto {
            name: Some((*name).into()),
            ..Default::default()
        };
        names.iter().map(value).collect()
    };
    let node = |(op, input, output): &(&str, &[&str], &[&str])| proto::NodeProto {
        op_type: Some((*op).into()),
        input: strings(input),
        output: strings(output),
        ..Default::default()
    };
    let graph = proto::GraphProto {
        node: nodes.iter().map(node).collect(),
        initializer: stored
            .iter()
            .map(|(name, tensor)| self::stored((*name).into(), tensor))
            .collect(),
        input: values(inputs),
        output: values(outputs),
        ..Default::default()
    };
    AttributeProto {
        name: Some(name.into()),
        r#type: Some(AttributeType::Graph.into()),
        g: Some(graph),
        ..Default::default()
    }
}

/// Runs one node with `outputs` outputs; the error is all that the compiler says. The opset is that of its domain, that
/// of any other domain is the newest.
pub(super) fn run(
    opset: i64,
    op: &str,
    attributes: &[AttributeProto],
    operands: &[Operand],
    outputs: usize,
) -> Result<Vec<Tensor>, String> {
    run_in(&Dimensions::default(), opset, op, attributes, operands, outputs)
}

/// [`run`] with sizes and bounds that the user gives.
pub(super) fn run_in(
    dimensions: &Dimensions,
    opset: i64,
    op: &str,
    attributes: &[AttributeProto],
    operands: &[Operand],
    outputs: usize,
) -> Result<Vec<Tensor>, String> {
    let domain = OPERATORS.iter().find(|known| known.name == op);
    let domain = domain.map_or("", |known| known.domain.name());
    let mut graph = proto::GraphProto {
        name: Some("test".into()),
        ..Default::default()
    };
    let mut node = proto::NodeProto {
        name: Some("node".into()),
        op_type: Some(op.into()),
        domain: Some(domain.into()),
        ..Default::default()
    };
    node.attribute = attributes.to_vec();
    let mut given = vec![];
    for (i, operand) in operands.iter().enumerate() {
        let name = format!("x{i}");
        node.input.push(if matches!(operand, Absent) {
            String::new()
        } else {
            name.clone()
        });
        match operand {
            Absent => {}
            Known(tensor) => graph.initializer.push(stored(name, tensor)),
            Given(tensor) => {
                graph.input.push(proto::ValueInfoProto {
                    name: Some(name),
                    r#type: Some(tensor_type(tensor)),
                    ..Default::default()
                });
                given.push(tensor.clone());
            }
        }
    }
    for i in 0..outputs {
        node.output.push(format!("y{i}"));
        graph.output.push(proto::ValueInfoProto {
            name: Some(format!("y{i}")),
            ..Default::default()
        });
    }
    graph.node.push(node);
    let import = |domain: &str, version| proto::OperatorSetIdProto {
        domain: Some(domain.into()),
        version: Some(version),
    };
    let mut opset_import = vec![import(domain, opset)];
    if !domain.is_empty() {
        opset_import.push(import("", load::MAX_OPSET));
    }
    let model = proto::ModelProto {
        ir_version: Some(8),
        opset_import,
        graph: Some(graph),
        ..Default::default()
    };
    let model = load::load_bytes(&model.encode_to_vec(), None).map_err(|e| format!("{e:?}"))?;
    let mut graph = import::import(&model, "test", dimensions)
        .map_err(|e| format!("{e:?}"))?
        .graph;
    passes::run(&mut graph, passes::PIPELINE, &mut |_, _| {}).map_err(|e| format!("{e:?}"))?;
    let (program, plan) = portable(&graph).map_err(|e| format!("{e:?}"))?;
    Ok(Executor::new(&program, &plan).run(&given))
}

fn number(dtype: DType) -> i32 {
    let known = (1..=16).find(|number| load::dtype(*number) == Some(dtype));
    known.expect("every element type has a number")
}

fn stored(name: String, tensor: &Tensor) -> proto::TensorProto {
    proto::TensorProto {
        name: Some(name),
        data_type: Some(number(tensor.dtype)),
        dims: tensor.shape.iter().map(|dim| *dim as i64).collect(),
        raw_data: Some(tensor.bytes.to_vec()),
        ..Default::default()
    }
}

fn tensor_type(tensor: &Tensor) -> proto::TypeProto {
    let dim = |dim: &usize| Dimension {
        value: Some(dimension::Value::DimValue(*dim as i64)),
        denotation: None,
    };
    let shape = Some(proto::TensorShapeProto {
        dim: tensor.shape.iter().map(dim).collect(),
    });
    let value = type_proto::Value::TensorType(type_proto::Tensor {
        elem_type: Some(number(tensor.dtype)),
        shape,
    });
    proto::TypeProto {
        denotation: None,
        value: Some(value),
    }
}
