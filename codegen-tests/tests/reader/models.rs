//! Whole models: versions, files that are none, names, order and graphs inside nodes.

use super::{add, error, loaded, nodes, refused, sample};
use codegen_tests::model_builder::{Attr, Dim, Encoding, ModelBuilder};
use edgec::front::load::{Problem, TensorProblem, load, load_bytes};
use edgec::front::proto::{attribute_proto::AttributeType, tensor_shape_proto::dimension, type_proto};
use edgec::ir::DType;
use std::path::Path;

#[test]
fn a_model_is_read_as_it_was_written() {
    let model = ModelBuilder::new(17)
        .opset("com.microsoft", 1)
        .input("x", DType::F32, &[Dim::from("batch"), Dim::Unknown, 8.into()])
        .node(
            "Conv",
            &["x", "w", ""],
            &["t"],
            &[("pads", Attr::Ints(vec![1, -2])), ("auto_pad", Attr::Str("VALID"))],
        )
        .named("first")
        .node(
            "Gelu",
            &["t"],
            &["y"],
            &[
                ("a", Attr::Float(0.5)),
                ("n", Attr::Int(-3)),
                ("f", Attr::Floats(vec![2.5])),
            ],
        )
        .of_domain("com.microsoft")
        .initializer_f32("w", &[1], &[2.0])
        .output("y", DType::I8, &[0; 0]);
    let model = loaded(&model);

    assert_eq!(nodes(&model), ["first", "Gelu_1"]);
    let [conv, gelu] = &model.graph.node[..] else { panic!() };
    assert_eq!((model.opset(conv), model.opset(gelu)), (17, 1));
    assert_eq!(conv.input, ["x", "w", ""]);
    assert_eq!(conv.attribute[0].ints, [1, -2]);
    assert_eq!(conv.attribute[1].s(), b"VALID");
    assert_eq!(conv.attribute[1].r#type(), AttributeType::String);
    assert_eq!((gelu.attribute[0].f(), gelu.attribute[1].i()), (0.5, -3));
    assert_eq!(gelu.attribute[2].floats, [2.5]);

    let Some(type_proto::Value::TensorType(x)) = model.graph.input[0].r#type.as_ref().and_then(|t| t.value.as_ref())
    else {
        panic!()
    };
    let dims: Vec<_> = x
        .shape
        .iter()
        .flat_map(|shape| &shape.dim)
        .map(|dim| dim.value.clone())
        .collect();
    let expected = [
        Some(dimension::Value::DimParam("batch".into())),
        None,
        Some(dimension::Value::DimValue(8)),
    ];
    assert_eq!(dims, expected);
}

#[test]
fn versions() {
    let model = |opset| {
        ModelBuilder::new(opset)
            .input("x", DType::F32, &[1])
            .output("x", DType::F32, &[1])
    };
    for opset in [1, 13, 28] {
        assert_eq!(loaded(&model(opset)).opsets[""], opset);
    }
    refused(&model(0), &["opset 0", "1 to 28"]);
    refused(&model(29), &["opset 29", "1 to 28"]);
    let help = |opset| {
        miette::Diagnostic::help(&error(&model(opset)))
            .map(|help| help.to_string())
            .unwrap_or_default()
    };
    assert!(help(0).contains("begin at 1"));
    assert!(help(29).contains("opset 28"));
    refused(&model(17).edit(|m| m.ir_version = 0), &["no IR version"]);
    refused(&model(17).edit(|m| m.ir_version = 2), &["IR version 2", "3 to 14"]);
    refused(&model(17).edit(|m| m.ir_version = 15), &["IR version 15", "3 to 14"]);
    refused(
        &model(17).opset("ai.onnx", 18),
        &["version 17 and version 18", "`ai.onnx`"],
    );
    assert_eq!(loaded(&model(17).opset("ai.onnx", 17)).opsets.len(), 1);

    let node = ModelBuilder::new(17)
        .input("x", DType::F32, &[1])
        .node("Relu", &["x"], &["y"], &[]);
    refused(
        &node.clone().edit(|m| m.opset_import.clear()),
        &["`Relu_0` (Relu)", "`ai.onnx`", "opset"],
    );
    refused(&node.clone().of_domain("some.where"), &["`Relu_0`", "`some.where`"]);
    assert_eq!(loaded(&node.of_domain("ai.onnx")).graph.node[0].domain(), "");
}

#[test]
fn files_that_are_not_models() {
    let cases: [(&[u8], &str); 9] = [
        (b"", "empty"),
        (b"hello, this is a text\n", "a text file"),
        (
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n",
            "Git LFS",
        ),
        (b"<!DOCTYPE html><html>", "web page"),
        (b"{\"a\": 1}", "JSON"),
        (b"\x1c\0\0\0TFL3\0\0\0\0", "TensorFlow Lite"),
        (b"PK\x03\x04\x14\0", "zip archive"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b"\xff\xfe\xfd\xfc", "not an ONNX model"),
    ];
    for (bytes, part) in cases {
        let message = load_bytes(bytes, None).unwrap_err().to_string();
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
    refused(&ModelBuilder::new(17).edit(|m| m.graph = None.into()), &["no graph"]);
    let missing = load(Path::new("no/such/model.onnx"), &[]).unwrap_err().to_string();
    assert!(missing.contains("no/such/model.onnx"), "{missing}");

    let bytes = add(&sample(DType::F32), Encoding::Raw).bytes();
    let cut = load_bytes(&bytes[..bytes.len() - 10], None).unwrap_err();
    assert!(matches!(cut.problems(), [Problem::Truncated { .. }]), "{cut}");
}

#[test]
fn nesting_is_bounded() {
    let mut graph = ModelBuilder::new(17).untyped_output("x");
    for _ in 0..200 {
        graph = ModelBuilder::new(17)
            .node("If", &["c"], &["y"], &[("then_branch", Attr::Graph(graph.clone()))])
            .untyped_output("y");
    }
    refused(&graph, &["recursion limit"]);
}

#[test]
fn names_that_do_not_fit_together() {
    let relu = |input: &str, output: &str| {
        ModelBuilder::new(17)
            .input("x", DType::F32, &[1])
            .node("Relu", &[input], &[output], &[])
            .named("r")
    };
    refused(&relu("z", "y"), &["`r` (Relu) reads `z`"]);
    refused(
        &relu("x", "x"),
        &["`x` is produced twice", "a graph input", "`r` (Relu)"],
    );
    refused(&relu("x", "y").untyped_output("z"), &["output `z`", "not produced"]);
    refused(
        &relu("x", "y").untyped_output("y").untyped_output("y"),
        &["output `y` twice"],
    );
    refused(&relu("x", "y").untyped_output(""), &["output number 0", "no name"]);
    refused(&relu("x", "y").input("x", DType::F32, &[1]), &["`x` is produced twice"]);
    let two = relu("x", "y")
        .initializer_f32("w", &[1], &[1.0])
        .initializer_f32("w", &[1], &[1.0]);
    refused(
        &two,
        &["`w` is produced twice: by an initializer and by an initializer"],
    );
    refused(&relu("x", "y").node("", &["x"], &["q"], &[]), &["names no operator"]);
    refused(
        &relu("x", "y").node("Elu", &["x"], &["q"], &[("alpha", Attr::Ref("a"))]),
        &["`alpha`", "`Elu_1`", "`a`"],
    );
    // An initializer may give a graph input its default value.
    loaded(&relu("x", "y").initializer_f32("x", &[1], &[1.0]));

    let many = relu("z", "y")
        .node("Relu", &["zz"], &["q"], &[])
        .untyped_output("y")
        .untyped_output("q")
        .untyped_output("nowhere");
    assert_eq!(error(&many).problems().len(), 3);
    refused(&many, &["3 problems", "`z`", "`zz`", "`nowhere`"]);
}

#[test]
fn nodes_are_put_in_order_and_named_apart() {
    let model = ModelBuilder::new(17)
        .input("x", DType::F32, &[1])
        .node("Add", &["b", "x"], &["c"], &[])
        .node("Relu", &["x"], &["d"], &[])
        .named("same")
        .node("Neg", &["a"], &["b"], &[])
        .node("Relu", &["x"], &["a"], &[])
        .named("same")
        .output("c", DType::F32, &[1])
        .output("d", DType::F32, &[1]);
    assert_eq!(nodes(&loaded(&model)), ["same", "same_2", "Neg_2", "Add_0"]);
}

#[test]
fn cycles_are_named() {
    let model = ModelBuilder::new(17)
        .input("x", DType::F32, &[1])
        .node("Relu", &["c"], &["d"], &[])
        .node("Add", &["x", "b"], &["a"], &[])
        .node("Neg", &["a"], &["c"], &[])
        .node("Abs", &["c"], &["b"], &[]);
    let error = error(&model);
    let [Problem::Cycle { cycle }] = error.problems() else {
        panic!("{error}")
    };
    assert_eq!(cycle.len(), 4);
    assert_eq!(cycle.first(), cycle.last());
    refused(&model, &["`Add_1`", "`Neg_2`", "`Abs_3`"]);
    assert!(!error.to_string().contains("Relu_0"));
}

#[test]
fn subgraphs_see_what_is_around_them() {
    let branch = |reads: &str| {
        ModelBuilder::new(17)
            .node("Neg", &[reads], &["n"], &[])
            .untyped_output("n")
    };
    let model = |reads: &str| {
        ModelBuilder::new(17)
            .input("c", DType::Bool, &[0; 0])
            .node(
                "If",
                &["c"],
                &["y"],
                &[
                    ("then_branch", Attr::Graph(branch(reads))),
                    ("else_branch", Attr::Graph(branch("c"))),
                ],
            )
            .node("Not", &["c"], &["late"], &[])
            .output("y", DType::Bool, &[0; 0])
    };
    // The node that produces what a branch reads goes first.
    assert_eq!(nodes(&loaded(&model("late"))), ["Not_1", "If_0"]);
    refused(&model("nowhere"), &["reads `nowhere`"]);
    refused(&model("y"), &["cycle", "`If_0` -> `If_0`"]);
}

#[test]
fn problems_can_be_told_apart_by_programs() {
    let model = add(&sample(DType::F32), Encoding::Raw)
        .edit(|model| model.graph.mut_or_insert_default().initializer[0].data_type = 8);
    let error = error(&model);
    assert!(matches!(
        error.problems(),
        [Problem::Tensor {
            reason: TensorProblem::Type(_),
            ..
        }]
    ));
}
