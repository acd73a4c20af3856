//! The reader (`edgec::front::load`) against models written by an independent encoder.

use std::path::Path;

use codegen_tests::model_builder::{Attr, Dim, Encoding, FunctionBuilder, ModelBuilder, tensor_proto};
use edgec::front::load::{LoadError, Model, Problem, TensorProblem, load, load_bytes, tensor};
use edgec::front::proto::{attribute_proto::AttributeType, tensor_shape_proto::dimension, type_proto};
use edgec::ir::{DType, Tensor};

/// A model of one node that reads `x` and the initializer `w`.
fn add(w: &Tensor, encoding: Encoding) -> ModelBuilder {
    ModelBuilder::new(17)
        .input("x", w.dtype, &[2, 3])
        .initializer("w", w, encoding)
        .node("Add", &["x", "w"], &["y"], &[])
        .output("y", w.dtype, &[2, 3])
}

/// A tensor of any type whose bytes differ from each other.
fn sample(dtype: DType) -> Tensor {
    let byte = |i| {
        if dtype == DType::Bool {
            i as u8 % 2
        } else {
            (i as u8).wrapping_mul(37).wrapping_add(130)
        }
    };
    Tensor::new(dtype, vec![2, 3], (0..6 * dtype.size()).map(byte).collect())
}

fn f32s(len: usize) -> Tensor {
    Tensor::f32(&[len], &vec![1.5; len])
}

fn loaded(model: &ModelBuilder) -> Model {
    load_bytes(&model.bytes(), None).unwrap_or_else(|error| panic!("{error}"))
}

fn error(model: &ModelBuilder) -> LoadError {
    load_bytes(&model.bytes(), None).expect_err("the model is wrong")
}

/// Asserts that the model is refused with a message that has all of these parts.
#[track_caller]
fn refused(model: &ModelBuilder, parts: &[&str]) {
    let message = error(model).to_string();
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in {message:?}");
    }
}

fn nodes(model: &Model) -> Vec<&str> {
    model.graph.node.iter().map(|node| node.name()).collect()
}

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
fn every_type_in_every_encoding() {
    let folder = tempfile::tempdir().unwrap();
    for dtype in DType::ALL {
        let w = sample(dtype);
        let mut file = vec![0xAA; 5];
        file.extend_from_slice(&w.bytes);
        std::fs::write(folder.path().join("w.bin"), file).unwrap();
        let external = Encoding::External {
            location: "w.bin".into(),
            offset: 5,
        };
        for encoding in [Encoding::Raw, Encoding::Typed, external] {
            let path = folder.path().join("model.onnx");
            std::fs::write(&path, add(&w, encoding.clone()).bytes()).unwrap();
            let model = load(&path).unwrap_or_else(|error| panic!("{dtype} {encoding:?}: {error}"));
            let read = tensor(&model.graph.initializer[0], model.base.as_deref()).unwrap();
            assert_eq!(read, w, "{dtype} {encoding:?}");
        }
    }
}

#[test]
fn tensors_without_elements_and_scalars() {
    for (shape, len) in [(vec![], 1), (vec![0], 0), (vec![3, 0, 2], 0)] {
        for encoding in [Encoding::Raw, Encoding::Typed] {
            let w = Tensor::f32(&shape, &vec![0.25; len]);
            let model = loaded(&add(&w, encoding));
            assert_eq!(tensor(&model.graph.initializer[0], None).unwrap(), w);
        }
    }
}

#[test]
fn bools_are_read_as_0_or_1() {
    let w = Tensor::new(DType::Bool, vec![3], vec![0, 7, 255]);
    for encoding in [Encoding::Raw, Encoding::Typed] {
        let model = loaded(&add(&w, encoding));
        assert_eq!(&*tensor(&model.graph.initializer[0], None).unwrap().bytes, [0, 1, 1]);
    }
}

#[test]
fn sizes_that_do_not_match() {
    let w = |change: fn(&mut onnx_protobuf::TensorProto), encoding| {
        add(&sample(DType::F32), encoding).edit(|model| change(&mut model.graph.mut_or_insert_default().initializer[0]))
    };
    refused(
        &w(|w| w.raw_data.truncate(23), Encoding::Raw),
        &["`w`", "23 bytes", "[2, 3]", "24"],
    );
    refused(&w(|w| w.raw_data.push(0), Encoding::Raw), &["25 bytes"]);
    refused(
        &w(|w| w.raw_data.clear(), Encoding::Raw),
        &["0 elements in `float_data`", "6"],
    );
    refused(
        &w(|w| w.float_data.push(1.0), Encoding::Typed),
        &["7 elements in `float_data`", "6"],
    );
    refused(&w(|w| w.float_data.push(1.0), Encoding::Raw), &["stored twice"]);
    refused(&w(|w| w.dims = vec![-6], Encoding::Raw), &["dimension -6 at axis 0"]);
    refused(&w(|w| w.dims = vec![i64::MAX, 2], Encoding::Raw), &["too large"]);
    refused(&w(|w| w.dims = vec![1 << 32, 1 << 32], Encoding::Raw), &["too large"]);
    refused(
        &w(|w| w.dims = vec![0, 1 << 40, 1 << 40], Encoding::Raw),
        &["too large"],
    );
    refused(&w(|w| w.dims = vec![1_000_000_000], Encoding::Raw), &["4000000000"]);
    refused(
        &w(|w| w.segment = Some(Default::default()).into(), Encoding::Raw),
        &["segments"],
    );
    refused(
        &w(|w| w.name.clear(), Encoding::Raw),
        &["initializer number 0", "no name"],
    );
}

#[test]
fn values_outside_their_type() {
    let cases = [
        (DType::I8, 128),
        (DType::U8, -1),
        (DType::I16, 40_000),
        (DType::U16, -1),
        (DType::F16, 65_536),
    ];
    for (dtype, value) in cases {
        let model = add(&sample(dtype), Encoding::Typed)
            .edit(|model| model.graph.mut_or_insert_default().initializer[0].int32_data[4] = value);
        let model = loaded(&model);
        let message = tensor(&model.graph.initializer[0], None).unwrap_err().to_string();
        assert!(
            message.contains(&format!("holds {value} at element 4, which is no {dtype}")),
            "{message}"
        );
    }
    let wide = add(&sample(DType::U32), Encoding::Typed)
        .edit(|model| model.graph.mut_or_insert_default().initializer[0].uint64_data[0] = 1 << 32);
    assert!(tensor(&loaded(&wide).graph.initializer[0], None).is_err());
}

#[test]
fn types_that_are_not_supported() {
    for (data_type, name) in [
        (0, "UNDEFINED"),
        (8, "STRING"),
        (14, "COMPLEX64"),
        (17, "FLOAT8E4M3FN"),
        (22, "INT4"),
    ] {
        let model = add(&sample(DType::F32), Encoding::Raw)
            .edit(|model| model.graph.mut_or_insert_default().initializer[0].data_type = data_type);
        refused(&model, &["`w`", name, "not supported"]);
    }
    let model = add(&sample(DType::F32), Encoding::Raw)
        .edit(|model| model.graph.mut_or_insert_default().initializer[0].data_type = 999);
    refused(&model, &["number 999"]);
}

#[test]
fn tensors_in_attributes_are_checked() {
    let mut value = tensor_proto("", &f32s(4), Encoding::Raw);
    value.raw_data.pop();
    let model = ModelBuilder::new(17)
        .node("Constant", &[], &["y"], &[("value", Attr::TensorProto(value))])
        .output("y", DType::F32, &[4]);
    refused(&model, &["`Constant_0.value`", "15 bytes"]);
}

#[test]
fn sparse_initializers_are_refused() {
    let model = add(&sample(DType::F32), Encoding::Raw).edit(|model| {
        let values = tensor_proto("s", &f32s(1), Encoding::Raw);
        let sparse = onnx_protobuf::SparseTensorProto {
            values: Some(values).into(),
            ..Default::default()
        };
        model.graph.mut_or_insert_default().sparse_initializer.push(sparse);
    });
    refused(&model, &["initializer `s` is sparse"]);
}

#[test]
fn external_data_stays_in_the_folder() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("model");
    std::fs::create_dir_all(folder.join("sub")).unwrap();
    std::fs::write(root.path().join("outside.bin"), [0; 24]).unwrap();
    std::fs::write(folder.join("inside.bin"), [0; 24]).unwrap();

    let outside = root.path().join("outside.bin");
    let refused = ["../outside.bin", "sub/../../outside.bin", outside.to_str().unwrap()];
    for location in refused {
        let message = external(location, 0, &folder).unwrap_err().to_string();
        assert!(message.contains("outside the model's folder"), "{location}: {message}");
    }
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(&outside, folder.join("link.bin")).unwrap();
        let message = external("link.bin", 0, &folder).unwrap_err().to_string();
        assert!(message.contains("outside the model's folder"), "{message}");
    }
    external("inside.bin", 0, &folder).unwrap();
    external("sub/../inside.bin", 0, &folder).unwrap();
}

#[test]
fn external_data_that_is_not_there() {
    let root = tempfile::tempdir().unwrap();
    std::fs::write(root.path().join("w.bin"), [0; 24]).unwrap();
    let message = |location, offset| external(location, offset, root.path()).unwrap_err().to_string();
    assert!(message("none.bin", 0).contains("`none.bin`, which cannot be read"));
    assert!(message(".", 0).contains("not a file"));
    assert!(message("", 0).contains("without a `location`"));
    assert!(message("w.bin", 1).contains("at bytes 1..25, but the file has 24 bytes"));
    assert!(message("w.bin", usize::MAX).contains("the file has 24 bytes"));
    assert!(message("w\0.bin", 0).contains("cannot be read"));

    let location = Encoding::External {
        location: "w.bin".into(),
        offset: 0,
    };
    refused(
        &add(&sample(DType::F32), location.clone()),
        &["`w`", "not loaded from a file"],
    );
    for (key, value) in [("offset", "-1"), ("length", "many"), ("length", "23")] {
        let model = add(&sample(DType::F32), location.clone()).edit(|model| {
            let data = &mut model.graph.mut_or_insert_default().initializer[0].external_data;
            data.iter_mut()
                .filter(|entry| entry.key == key)
                .for_each(|entry| entry.value = value.to_owned());
        });
        let message = load_bytes(&model.bytes(), Some(root.path())).unwrap_err().to_string();
        assert!(message.contains(value), "{message}");
    }
}

fn external(location: &str, offset: usize, folder: &Path) -> Result<Model, LoadError> {
    let encoding = Encoding::External {
        location: location.into(),
        offset,
    };
    load_bytes(&add(&sample(DType::F32), encoding).bytes(), Some(folder))
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
    let missing = load(Path::new("no/such/model.onnx")).unwrap_err().to_string();
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
        .output("c", DType::F32, &[1]);
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

/// `y = LeakyRelu(x)` twice, by functions: `twice` calls `once`, whose slope is an attribute.
fn with_functions() -> ModelBuilder {
    let once = FunctionBuilder::new("f", "once", &["x"], &["y"])
        .opset("", 17)
        .default("slope", Attr::Float(0.25))
        .node(
            "LeakyRelu",
            &["x"],
            &["t"],
            &[("alpha", Attr::Ref("slope")), ("gone", Attr::Ref("absent"))],
        )
        .node("Identity", &["t"], &["y"], &[]);
    let twice = FunctionBuilder::new("f", "twice", &["x", "unused"], &["y", "copy"])
        .opset("", 16)
        .opset("f", 1)
        .attribute("first")
        .node_of("f", "once", &["x"], &["t"], &[("slope", Attr::Ref("first"))])
        .node_of("f", "once", &["t"], &["y"], &[])
        .node("Relu", &["x"], &["copy"], &[]);
    ModelBuilder::new(17)
        .opset("f", 1)
        .function(twice)
        .function(once)
        .input("t", DType::F32, &[1])
        .node("twice", &["t"], &["y"], &[("first", Attr::Float(0.5))])
        .named("call")
        .of_domain("f")
        .output("y", DType::F32, &[1])
}

#[test]
fn functions_are_inlined() {
    let model = loaded(&with_functions());
    let names = [
        "call/once_0/LeakyRelu_0",
        "call/once_0/Identity_1",
        "call/once_1/LeakyRelu_0",
        "call/once_1/Identity_1",
    ];
    assert_eq!(nodes(&model)[..4], names);
    let [a, b, c, d, relu] = &model.graph.node[..] else {
        panic!()
    };
    assert_eq!(a.input, ["t"]);
    assert_eq!(b.input, a.output);
    assert_eq!(c.input, b.output);
    assert_eq!(d.input, c.output);
    assert_eq!(d.output, ["y"]);
    assert_eq!(relu.input, ["t"]);
    let alpha = |node: &edgec::front::proto::NodeProto| (node.attribute.len(), node.attribute[0].f());
    assert_eq!(alpha(a), (1, 0.5), "given by the call, passed on");
    assert_eq!(alpha(c), (1, 0.25), "the default");
    assert_eq!(model.opset(a), 17);
    assert_eq!(model.opset(relu), 16, "that of the function it comes from");
    assert!(model.header.functions.is_empty());
}

#[test]
fn outputs_of_functions_that_are_inputs() {
    let swap = FunctionBuilder::new("f", "swap", &["a", "b"], &["b", "a", "a"]).opset("", 17);
    let model = ModelBuilder::new(17)
        .opset("f", 1)
        .function(swap)
        .input("x", DType::F32, &[1])
        .input("y", DType::F32, &[1])
        .node("swap", &["x", "y"], &["u", "", "v"], &[])
        .of_domain("f")
        .output("u", DType::F32, &[1])
        .output("v", DType::F32, &[1]);
    let model = loaded(&model);
    let [u, v] = &model.graph.node[..] else { panic!() };
    assert_eq!((u.op_type(), &u.input[0][..], &u.output[0][..]), ("Identity", "y", "u"));
    assert_eq!((v.op_type(), &v.input[0][..], &v.output[0][..]), ("Identity", "x", "v"));
}

#[test]
fn subgraphs_in_functions_are_renamed() {
    // The body of the If has a tensor `x` of its own, and reads the function's input, which the caller calls `x`.
    let branch = ModelBuilder::new(17)
        .node("Neg", &["input"], &["x"], &[])
        .untyped_output("x");
    let given = ModelBuilder::new(17)
        .node("Abs", &["x"], &["t"], &[])
        .untyped_output("t");
    let choose = FunctionBuilder::new("f", "choose", &["c", "input"], &["t"])
        .opset("", 17)
        .attribute("other")
        .node(
            "If",
            &["c"],
            &["t"],
            &[
                ("then_branch", Attr::Graph(branch)),
                ("else_branch", Attr::Ref("other")),
            ],
        );
    let model = ModelBuilder::new(17)
        .opset("f", 1)
        .function(choose)
        .input("c", DType::Bool, &[0; 0])
        .input("x", DType::F32, &[1])
        .node("choose", &["c", "x"], &["y"], &[("other", Attr::Graph(given))])
        .named("call")
        .of_domain("f")
        .output("y", DType::F32, &[1]);
    let model = loaded(&model);
    let graphs: Vec<_> = model.graph.node[0]
        .attribute
        .iter()
        .filter_map(|a| a.g.as_ref())
        .collect();
    assert_eq!(graphs[0].node[0].input, ["x"], "the caller's");
    assert_eq!(graphs[0].node[0].output, ["call/x"], "its own");
    assert_eq!(graphs[0].output[0].name(), "call/x");
    assert_eq!(
        graphs[1].node[0].input,
        ["x"],
        "written by the caller, in the caller's names"
    );
    assert_eq!(graphs[1].node[0].output, ["t"]);
}

#[test]
fn functions_that_are_wrong() {
    let f = |name: &str, calls: &str| {
        FunctionBuilder::new("f", name, &["x"], &["y"])
            .opset("", 17)
            .node_of("f", calls, &["x"], &["y"], &[])
    };
    let model = ModelBuilder::new(17)
        .opset("f", 1)
        .input("x", DType::F32, &[1])
        .node("a", &["x"], &["y"], &[])
        .of_domain("f")
        .output("y", DType::F32, &[1]);
    refused(
        &model.clone().function(f("a", "b")).function(f("b", "a")),
        &["`f::a` calls itself"],
    );
    refused(
        &model.clone().function(f("a", "b")).function(f("a", "b")),
        &["`f::a` twice"],
    );
    refused(
        &model.clone().function(FunctionBuilder::new("f", "a", &[], &["y"])),
        &["`f::a`", "not produce", "`y`"],
    );
    let none = FunctionBuilder::new("f", "a", &[], &["y"])
        .opset("", 17)
        .node("Abs", &["x"], &["y"], &[]);
    refused(&model.clone().function(none), &["1 inputs", "`f::a`, which has 0"]);
    let old = FunctionBuilder::new("f", "a", &["x"], &["y"])
        .opset("", 29)
        .node("Abs", &["x"], &["y"], &[]);
    refused(&model.clone().function(old), &["the function `f::a` uses opset 29"]);
    // A body cannot reach the caller's tensors.
    let reach = FunctionBuilder::new("f", "a", &["q"], &["y"])
        .opset("", 17)
        .node("Abs", &["x"], &["y"], &[]);
    refused(&model.clone().function(reach), &["reads `a_0/x`"]);
}

#[test]
fn functions_that_expand_without_end() {
    let call = |model: ModelBuilder| {
        model
            .input("x", DType::F32, &[1])
            .node("f40", &["x"], &["y"], &[])
            .of_domain("f")
            .opset("f", 1)
            .output("y", DType::F32, &[1])
    };
    let level = |index: usize, calls: usize| {
        let below = format!("f{}", index - 1);
        let mut function = FunctionBuilder::new("f", &format!("f{index}"), &["x"], &["y"]).opset("", 17);
        for i in 0..calls {
            let output = if i == 0 { "y".to_owned() } else { format!("t{i}") };
            function = function.node_of("f", &below, &["x"], &[&output], &[]);
        }
        function
    };
    let leaf = FunctionBuilder::new("f", "f0", &["x"], &["y"])
        .opset("", 17)
        .node("Abs", &["x"], &["y"], &[]);
    let chain = |calls| {
        (1..=40).fold(ModelBuilder::new(17).function(leaf.clone()), |m, i| {
            m.function(level(i, calls))
        })
    };
    assert_eq!(loaded(&call(chain(1))).graph.node.len(), 1);
    refused(&call(chain(2)), &["expand to more than"]);

    let deep = (1..=60).fold(ModelBuilder::new(17).function(leaf), |m, i| m.function(level(i, 1)));
    let deep = call(deep).node("f60", &["x"], &["z"], &[]).of_domain("f");
    refused(&deep, &["nested more than 48 deep"]);
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
