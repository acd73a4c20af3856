//! Models of one node each, with numbers for attributes and operands.

use super::build::{attribute, floats, model, node, value};
use edgec::front::proto::attribute_proto::AttributeType;
use edgec::front::proto::tensor_proto::DataType;
use edgec::front::proto::*;

/// An operator, its inputs, attributes and constants.
type Case = (&'static str, Vec<&'static str>, Vec<AttributeProto>, Vec<TensorProto>);

fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        ints: values.to_vec(),
        ..attribute(name, AttributeType::Ints)
    }
}

fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        i: Some(value),
        ..attribute(name, AttributeType::Int)
    }
}

fn text(name: &str, value: &str) -> AttributeProto {
    AttributeProto {
        s: Some(value.as_bytes().to_vec()),
        ..attribute(name, AttributeType::String)
    }
}

fn list(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: Some(name.to_owned()),
        dims: vec![values.len() as i64],
        data_type: Some(DataType::Int64.into()),
        int64_data: values.to_vec(),
        ..Default::default()
    }
}

fn scalar(name: &str, number: i64) -> TensorProto {
    TensorProto {
        dims: vec![],
        ..list(name, &[number])
    }
}

fn windows() -> Vec<Case> {
    let window = || {
        vec![
            ints("strides", &[1, 1]),
            ints("dilations", &[1, 1]),
            ints("pads", &[1, 1, 1, 1]),
        ]
    };
    let pool = || [window(), vec![ints("kernel_shape", &[2, 2]), int("ceil_mode", 0)]].concat();
    let same = || {
        vec![
            ints("strides", &[2, 2]),
            text("auto_pad", "SAME_UPPER"),
            int("group", 2),
        ]
    };
    let weights = || vec![floats("w", &[4, 2, 3, 3])];
    vec![
        (
            "Conv",
            vec!["x", "w"],
            [window(), vec![int("group", 2), ints("kernel_shape", &[3, 3])]].concat(),
            weights(),
        ),
        ("Conv", vec!["x", "w"], same(), weights()),
        (
            "ConvTranspose",
            vec!["x", "w"],
            [
                window(),
                vec![
                    int("group", 2),
                    ints("output_padding", &[0, 0]),
                    ints("output_shape", &[6, 6]),
                ],
            ]
            .concat(),
            weights(),
        ),
        ("ConvTranspose", vec!["x", "w"], same(), weights()),
        ("MaxPool", vec!["x"], pool(), vec![]),
        (
            "AveragePool",
            vec!["x"],
            [pool(), vec![int("count_include_pad", 1)]].concat(),
            vec![],
        ),
        (
            "MaxPool",
            vec!["x"],
            vec![ints("kernel_shape", &[2, 2]), text("auto_pad", "SAME_LOWER")],
            vec![],
        ),
    ]
}

fn shapes() -> Vec<Case> {
    vec![
        (
            "Pad",
            vec!["x", "a"],
            vec![],
            vec![list("a", &[0, 0, 1, 1, 0, 0, 1, 1])],
        ),
        (
            "Pad",
            vec!["x", "a"],
            vec![text("mode", "reflect")],
            vec![list("a", &[0, 0, 1, 1, 0, 0, 1, 1])],
        ),
        (
            "Slice",
            vec!["x", "a", "b", "c", "d"],
            vec![],
            vec![
                list("a", &[0, 1]),
                list("b", &[1, 4]),
                list("c", &[1, 2]),
                list("d", &[1, 2]),
            ],
        ),
        ("Tile", vec!["x", "a"], vec![], vec![list("a", &[1, 2, 1, 1])]),
        ("Expand", vec!["x", "a"], vec![], vec![list("a", &[2, 1, 1, 1, 1])]),
        (
            "Reshape",
            vec!["x", "a"],
            vec![int("allowzero", 0)],
            vec![list("a", &[1, 4, -1])],
        ),
        ("ConstantOfShape", vec!["a"], vec![], vec![list("a", &[2, 3])]),
        (
            "Range",
            vec!["a", "b", "c"],
            vec![],
            vec![scalar("a", 0), scalar("b", 10), scalar("c", 2)],
        ),
        (
            "Resize",
            vec!["x", "", "", "a"],
            vec![text("mode", "linear"), int("antialias", 1)],
            vec![list("a", &[1, 4, 8, 8])],
        ),
        (
            "Resize",
            vec!["x", "", "s"],
            vec![text("mode", "cubic"), int("antialias", 1)],
            vec![floats("s", &[4])],
        ),
    ]
}

fn places() -> Vec<Case> {
    vec![
        ("DepthToSpace", vec!["x"], vec![int("blocksize", 2)], vec![]),
        ("SpaceToDepth", vec!["x"], vec![int("blocksize", 2)], vec![]),
        ("Split", vec!["x", "a"], vec![int("axis", 1)], vec![list("a", &[1])]),
        ("Concat", vec!["x", "x"], vec![int("axis", 1)], vec![]),
        (
            "Gather",
            vec!["x", "a"],
            vec![int("axis", 1)],
            vec![list("a", &[0, 3, -1])],
        ),
        ("Transpose", vec!["x"], vec![ints("perm", &[3, 1, 0, 2])], vec![]),
    ]
}

fn numbers() -> Vec<Case> {
    vec![
        (
            "ReduceSum",
            vec!["x", "a"],
            vec![int("keepdims", 0)],
            vec![list("a", &[1, 2])],
        ),
        (
            "ArgMax",
            vec!["x"],
            vec![int("axis", 1), int("select_last_index", 1)],
            vec![],
        ),
        ("Unsqueeze", vec!["x", "a"], vec![], vec![list("a", &[0, 3])]),
        ("Squeeze", vec!["x", "a"], vec![], vec![list("a", &[0])]),
        ("Flatten", vec!["x"], vec![int("axis", 2)], vec![]),
        ("Softmax", vec!["x"], vec![int("axis", 2)], vec![]),
        ("Cast", vec!["x"], vec![int("to", 7)], vec![]),
        (
            "GroupNormalization",
            vec!["x", "s", "s"],
            vec![int("num_groups", 2)],
            vec![floats("s", &[2])],
        ),
        (
            "LayerNormalization",
            vec!["x", "s"],
            vec![int("axis", -1)],
            vec![floats("s", &[6])],
        ),
        (
            "Mod",
            vec!["a", "b"],
            vec![int("fmod", 0)],
            vec![list("a", &[7, -7]), list("b", &[3, -2])],
        ),
        (
            "Div",
            vec!["a", "b"],
            vec![],
            vec![list("a", &[7, -7]), list("b", &[3, -1])],
        ),
        (
            "Pow",
            vec!["a", "b"],
            vec![],
            vec![list("a", &[7, -7]), list("b", &[3, 2])],
        ),
    ]
}

/// Models of one node with numbers for attributes and operands; the data is an input or, if `known`, a constant.
pub(crate) fn nodes_with_numbers(known: bool) -> Vec<(&'static str, ModelProto)> {
    let cases = [windows(), shapes(), places(), numbers()].into_iter().flatten();
    let cases = cases.map(|(op, inputs, attribute, mut initializer)| {
        let node = NodeProto {
            attribute,
            ..node(op, &inputs, &["y"])
        };
        let mut input = vec![];
        if known {
            initializer.push(floats("x", &[1, 4, 6, 6]));
        } else {
            input.push(value("x", &[1, 4, 6, 6]));
        }
        let output = vec![ValueInfoProto {
            name: Some("y".into()),
            ..Default::default()
        }];
        let mut model = model(GraphProto {
            node: vec![node],
            input,
            output,
            initializer,
            ..Default::default()
        });
        model.opset_import[0].version = Some(18);
        (op, model)
    });
    cases.collect()
}
