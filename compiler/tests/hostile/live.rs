//! What reaches no output is gone before anything is checked, and the model can end early.

use edgec::front::proto::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, TensorProto, TypeProto, ValueInfoProto,
    attribute_proto::AttributeType, tensor_proto::DataType, tensor_shape_proto, type_proto,
};
use edgec::{Compiled, Compiler};
use prost::Message;

fn node(op: &str, inputs: &[&str], outputs: &[&str]) -> NodeProto {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    NodeProto {
        op_type: Some(op.into()),
        input: names(inputs),
        output: names(outputs),
        ..NodeProto::default()
    }
}

fn port(name: &str, ty: DataType) -> ValueInfoProto {
    let shape = tensor_shape_proto::Dimension {
        value: Some(tensor_shape_proto::dimension::Value::DimValue(4)),
        ..Default::default()
    };
    let tensor = type_proto::Tensor {
        elem_type: Some(ty.into()),
        shape: Some(edgec::front::proto::TensorShapeProto { dim: vec![shape] }),
    };
    ValueInfoProto {
        name: Some(name.into()),
        r#type: Some(TypeProto {
            value: Some(type_proto::Value::TensorType(tensor)),
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// One number.
fn scalar(name: &str, ty: DataType) -> ValueInfoProto {
    let tensor = type_proto::Tensor {
        elem_type: Some(ty.into()),
        shape: Some(edgec::front::proto::TensorShapeProto { dim: vec![] }),
    };
    let value = Some(type_proto::Value::TensorType(tensor));
    ValueInfoProto {
        name: Some(name.into()),
        r#type: Some(TypeProto {
            value,
            ..Default::default()
        }),
        ..Default::default()
    }
}

/// An attribute that is a graph.
fn branch(name: &str, graph: &GraphProto) -> AttributeProto {
    AttributeProto {
        name: Some(name.into()),
        r#type: Some(AttributeType::Graph.into()),
        g: Some(graph.clone()),
        ..Default::default()
    }
}

/// `y = Relu(x)` beside `more`; `x` and `unread` are inputs.
fn model(more: Vec<NodeProto>) -> ModelProto {
    let mut nodes = more;
    nodes.push(node("Relu", &["x"], &["y"]));
    let graph = GraphProto {
        name: Some("g".into()),
        node: nodes,
        input: vec![port("x", DataType::Float), port("unread", DataType::Float)],
        output: vec![port("y", DataType::Float)],
        ..Default::default()
    };
    ModelProto {
        ir_version: Some(8),
        opset_import: vec![OperatorSetIdProto {
            domain: None,
            version: Some(17),
        }],
        graph: Some(graph),
        ..Default::default()
    }
}

fn compile(model: &ModelProto, outputs: &[&str]) -> Result<Compiled, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, model.encode_to_vec()).unwrap();
    let compiler = Compiler::new(path).outputs(outputs.iter().copied());
    compiler.compile().map_err(|error| format!("{error:?}"))
}

fn names(compiled: &Compiled) -> [Vec<&str>; 2] {
    let program = &compiled.program;
    [&program.inputs, &program.outputs].map(|ports| ports.iter().map(|port| port.name.as_str()).collect())
}

fn string_tensor(name: &str) -> TensorProto {
    TensorProto {
        name: Some(name.into()),
        data_type: Some(DataType::String.into()),
        dims: vec![1],
        string_data: vec![b"cat".to_vec()],
        ..Default::default()
    }
}

#[test]
fn what_nothing_reads_may_be_anything() {
    let mut custom = node("Foo", &["x"], &["a"]);
    custom.domain = Some("my.custom".into());
    let mut text = node("Constant", &[], &["t"]);
    text.attribute = vec![AttributeProto {
        name: Some("value_string".into()),
        r#type: Some(AttributeType::String.into()),
        s: Some(b"v1".to_vec()),
        ..Default::default()
    }];
    let dead = vec![
        custom,
        text,
        node("NonZero", &["x"], &["n"]),
        node("Cast", &["n"], &["c"]),
        node("RandomNormalLike", &["x"], &["r"]),
        node("SequenceConstruct", &["missing"], &["s"]),
    ];
    let mut model = model(dead);
    let graph = model.graph.as_mut().unwrap();
    graph.initializer.push(string_tensor("labels"));
    graph.input.push(port("text", DataType::String));
    let compiled = compile(&model, &[]).unwrap();
    // A tensor of numbers stays an input: callers give it.
    assert_eq!(names(&compiled), [vec!["x", "unread"], vec!["y"]]);
    // What is read is refused as before.
    model.graph.as_mut().unwrap().output.push(port("n", DataType::Int64));
    assert!(compile(&model, &[]).is_err_and(|e| e.contains("NonZero")));
}

#[test]
fn outputs_that_nothing_reads_need_no_support() {
    let mut statistics = node("LayerNormalization", &["x", "x"], &["l", "mean", "deviation"]);
    statistics.name = Some("norm".into());
    let mut model = model(vec![
        statistics,
        node("BatchNormalization", &["a", "b", "c", "d", "e"], &["f"]),
    ]);
    model.graph.as_mut().unwrap().output.push(port("l", DataType::Float));
    let compiled = compile(&model, &[]).unwrap();
    let kernels: Vec<_> = compiled.report.calls.iter().map(|call| call.kernel.as_str()).collect();
    assert!(!kernels.contains(&"reduce"), "no statistics: {kernels:?}");
}

#[test]
fn a_model_ends_early() {
    let nodes = vec![
        node("Neg", &["x"], &["boxes"]),
        node("Add", &["boxes", "unread"], &["scores"]),
        node("NonMaxSuppression", &["boxes", "scores"], &["kept"]),
    ];
    let mut model = model(nodes);
    model.graph.as_mut().unwrap().output.push(port("kept", DataType::Int64));
    let error = compile(&model, &[]).unwrap_err();
    assert!(error.contains("--outputs boxes,scores"), "{error}");
    let both = compile(&model, &["boxes", "scores"]).unwrap();
    assert_eq!(names(&both), [vec!["x", "unread"], vec!["boxes", "scores"]]);
    // An input that only other outputs need goes with them.
    assert_eq!(names(&compile(&model, &["boxes"]).unwrap()), [vec!["x"], vec!["boxes"]]);
    let unknown = compile(&model, &["bxes"]).unwrap_err();
    assert!(
        unknown.contains("no tensor `bxes`") && unknown.contains("`y`, `kept`"),
        "{unknown}"
    );
    assert!(compile(&model, &["boxes", "boxes"]).is_err_and(|e| e.contains("twice")));
}

#[test]
fn dead_nodes_of_sub_graphs_go_too() {
    let mut then = GraphProto {
        name: Some("then".into()),
        node: vec![node("Neg", &["x"], &["p"]), node("NonZero", &["x"], &["q"])],
        output: vec![port("p", DataType::Float)],
        ..Default::default()
    };
    let mut choice = node("If", &["go"], &["z"]);
    choice.attribute.push(branch("then_branch", &then));
    then.node.truncate(1);
    choice.attribute.push(branch("else_branch", &then));
    let mut model = model(vec![choice]);
    let graph = model.graph.as_mut().unwrap();
    graph.input.push(scalar("go", DataType::Bool));
    graph.output.push(port("z", DataType::Float));
    compile(&model, &[]).unwrap();
}

/// A loop whose number of trips is known at run time only: it doubles its state, and collects it and a number that no
/// node before the loop could have. `read` are its outputs.
fn collecting(read: &[&str]) -> ModelProto {
    let body = GraphProto {
        name: Some("body".into()),
        node: vec![
            node("Identity", &["c"], &["go"]),
            node("Add", &["s", "s"], &["t"]),
            node("NonZero", &["custom"], &["places"]),
        ],
        input: vec![
            scalar("i", DataType::Int64),
            scalar("c", DataType::Bool),
            port("s", DataType::Float),
        ],
        output: vec![
            scalar("go", DataType::Bool),
            port("t", DataType::Float),
            port("places", DataType::Int64),
            port("t", DataType::Float),
        ],
        ..Default::default()
    };
    let mut custom = node("Foo", &["x"], &["custom"]);
    custom.domain = Some("my.custom".into());
    let mut repeated = node("Loop", &["trips", "", "x"], &["last", "places", "all"]);
    repeated.attribute.push(branch("body", &body));
    let mut model = model(vec![custom, repeated]);
    let graph = model.graph.as_mut().unwrap();
    graph.input.push(scalar("trips", DataType::Int64));
    graph.output.extend(read.iter().map(|name| port(name, DataType::Float)));
    model
}

#[test]
fn what_a_loop_collects_for_nobody_goes() {
    let folder = tempfile::tempdir().unwrap();
    let compile = |read: &[&str]| {
        let path = folder.path().join("model.onnx");
        std::fs::write(&path, collecting(read).encode_to_vec()).unwrap();
        let compiled = Compiler::new(path).max_trips(5).compile();
        compiled.map_err(|error| format!("{error:?}"))
    };
    let compiled = compile(&["last"]).unwrap();
    assert_eq!(names(&compiled)[1], ["y", "last"]);
    let collected = compile(&["last", "all"]);
    assert!(collected.is_err_and(|e| e.contains("scan outputs depends on the number of trips")));
}

#[test]
fn elements_of_four_bits_are_widened() {
    let narrow = |ty: DataType, raw: bool| {
        // -8, 7, -1 and 5, or 8, 7, 15 and 5.
        let bytes = vec![0x78, 0x5f];
        TensorProto {
            name: Some("q".into()),
            data_type: Some(ty.into()),
            dims: vec![4],
            int32_data: if raw {
                vec![]
            } else {
                bytes.iter().map(|byte| i32::from(*byte)).collect()
            },
            raw_data: raw.then_some(bytes),
            ..Default::default()
        }
    };
    let with = |ty, raw, reader: &str| {
        let mut cast = node(reader, &["q", "scale"], &["w"]);
        if reader == "Cast" {
            cast.input.pop();
            cast.attribute = vec![AttributeProto {
                name: Some("to".into()),
                r#type: Some(AttributeType::Int.into()),
                i: Some(1),
                ..Default::default()
            }];
        }
        let mut model = model(vec![cast, node("Add", &["x", "w"], &["z"])]);
        let graph = model.graph.as_mut().unwrap();
        graph.initializer.push(narrow(ty, raw));
        graph.initializer.push(TensorProto {
            name: Some("scale".into()),
            data_type: Some(DataType::Float.into()),
            float_data: vec![0.5],
            ..Default::default()
        });
        graph.output = vec![port("z", DataType::Float)];
        let compiled = compile(&model, &["z"])?;
        let zeros = edgec::ir::Tensor::f32(&[4], &[0.0; 4]);
        Ok(compiled.executor().run(&[zeros])[0].to_f64())
    };
    let signed = Ok::<_, String>(vec![-4.0, 3.5, -0.5, 2.5]);
    assert_eq!(with(DataType::Int4, true, "DequantizeLinear"), signed);
    assert_eq!(with(DataType::Int4, false, "DequantizeLinear"), signed);
    assert_eq!(with(DataType::Uint4, true, "Cast"), Ok(vec![8.0, 7.0, 15.0, 5.0]));
    let widened = with(DataType::Int4, true, "Mul");
    assert!(widened.is_err_and(|e| e.contains("4 bits") && e.contains("`Mul_0` (Mul)")));
}

#[test]
fn dimensions_that_are_computed_from_others() {
    let mut model = model(vec![node("Concat", &["x", "unread"], &["z"])]);
    let graph = model.graph.as_mut().unwrap();
    graph.node[0].attribute.push(AttributeProto {
        name: Some("axis".into()),
        r#type: Some(AttributeType::Int.into()),
        i: Some(1),
        ..Default::default()
    });
    graph.output = vec![port("z", DataType::Float)];
    for (input, symbol) in graph.input.iter_mut().zip(["past", "past + 1"]) {
        let dimension = |value| tensor_shape_proto::Dimension {
            value: Some(value),
            ..Default::default()
        };
        let Some(type_proto::Value::TensorType(ty)) = input.r#type.as_mut().and_then(|ty| ty.value.as_mut()) else {
            panic!("a tensor");
        };
        ty.shape.as_mut().unwrap().dim = vec![
            dimension(tensor_shape_proto::dimension::Value::DimValue(1)),
            dimension(tensor_shape_proto::dimension::Value::DimParam(symbol.into())),
        ];
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.onnx");
    std::fs::write(&path, model.encode_to_vec()).unwrap();
    let compiler = || Compiler::new(&path).outputs(["z"]);
    let open = format!("{:?}", compiler().compile().unwrap_err());
    assert!(
        open.contains("called `past + 1`") && open.ends_with("add --dim past=N"),
        "{open}"
    );
    let compiled = compiler().dim("past", 3).compile().unwrap();
    assert_eq!(compiled.program.inputs[1].ty.shape, [1, 4]);
    let apart = compiler().dim("past", 3).dim("past + 1", 7).compile().unwrap();
    assert_eq!(apart.program.inputs[1].ty.shape, [1, 7]);
}

#[test]
fn layers_share_what_is_made_of_their_weights() {
    // 40 products by one matrix that is transposed for each would hold more constants than may be made.
    let mut nodes = vec![node("Expand", &["x", "shape"], &["a0"])];
    for layer in 0..40 {
        let mut gemm = node("Gemm", &[&format!("a{layer}"), "w"], &[&format!("a{}", layer + 1)]);
        gemm.attribute.push(AttributeProto {
            name: Some("transB".into()),
            r#type: Some(AttributeType::Int.into()),
            i: Some(1),
            ..Default::default()
        });
        nodes.push(gemm);
    }
    let mut model = model(nodes);
    let graph = model.graph.as_mut().unwrap();
    let size = 1024_i64;
    graph.initializer.push(TensorProto {
        name: Some("w".into()),
        data_type: Some(DataType::Float.into()),
        dims: vec![size, size],
        raw_data: Some((0..size * size).flat_map(|i| ((i % 7) as f32).to_le_bytes()).collect()),
        ..Default::default()
    });
    graph.initializer.push(TensorProto {
        name: Some("shape".into()),
        data_type: Some(DataType::Int64.into()),
        dims: vec![2],
        int64_data: vec![1, size],
        ..Default::default()
    });
    let Some(type_proto::Value::TensorType(ty)) = graph.input[0].r#type.as_mut().and_then(|ty| ty.value.as_mut())
    else {
        panic!("a tensor");
    };
    ty.shape.as_mut().unwrap().dim[0].value = Some(tensor_shape_proto::dimension::Value::DimValue(1));
    graph.output = vec![port("a40", DataType::Float)];
    let compiled = compile(&model, &[]).unwrap();
    let weights: u64 = compiled.report.weights as u64;
    assert!(weights < 5 << 20, "the matrix once, not {weights} bytes");
}
