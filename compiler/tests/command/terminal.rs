//! Whatever names a model holds, none of them commands the terminal that the `edgec` command writes to.

use edgec::data::npz;
use edgec::front::proto::tensor_shape_proto::dimension::Value;
use edgec::front::proto::*;
use edgec::ir::Tensor;
use prost::Message;
use std::path::Path;
use std::process::{Command, Output};

/// A colour, a cleared screen in two encodings, a carriage return, a turned direction of reading, a bell and a line of
/// its own.
const HOSTILE: &str = "\u{1b}[31m\u{9b}2J\r\u{202e}\u{7}\nerror: fine ";

/// A name that contains it.
fn name(name: &str) -> String {
    format!("{name}{HOSTILE}{name}")
}

fn edgec(folder: &Path, args: &[&str]) -> Output {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command
        .current_dir(folder)
        .args(args)
        .env("XDG_CACHE_HOME", cache)
        .output()
        .unwrap()
}

/// Runs the command and checks that what it writes shows everything and commands nothing.
fn check(folder: &Path, args: &[&str], succeeds: bool) -> String {
    let output = edgec(folder, args);
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8(text).expect("output is UTF-8");
    let is_command = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
    if let Some(at) = text.find(is_command) {
        panic!("{args:?} writes {:?}", &text[at..].chars().take(60).collect::<String>());
    }
    assert!(
        !text.lines().any(|line| line.starts_with("error: fine")),
        "{args:?}: a name begins a line\n{text}"
    );
    assert_eq!(output.status.success(), succeeds, "{args:?}: {text}");
    text
}

fn value(name: &str, dims: &[Option<i64>]) -> ValueInfoProto {
    let dims = dims.iter().map(|dim| match dim {
        Some(size) => Value::DimValue(*size),
        None => Value::DimParam(self::name("n")),
    });
    crate::port::port(self::name(name), dims)
}

fn node(op: &str, input: &[&str], output: &[&str]) -> NodeProto {
    let names = |names: &[&str]| names.iter().map(|n| name(n)).collect();
    NodeProto {
        name: Some(name("node")),
        op_type: Some(op.to_owned()),
        input: names(input),
        output: names(output),
        ..Default::default()
    }
}

fn weights() -> TensorProto {
    TensorProto {
        name: Some(name("w")),
        dims: vec![2],
        data_type: Some(1),
        raw_data: Some([1.0f32, 2.0].iter().flat_map(|v| v.to_le_bytes()).collect()),
        ..Default::default()
    }
}

/// `y = op(x + w)`, with the names of everything hostile.
fn model(change: impl FnOnce(&mut ModelProto)) -> Vec<u8> {
    let graph = GraphProto {
        name: Some(name("graph")),
        node: vec![node("Add", &["x", "w"], &["sum"]), node("Tanh", &["sum"], &["y"])],
        input: vec![value("x", &[Some(1), Some(2)])],
        output: vec![value("y", &[Some(1), Some(2)])],
        initializer: vec![weights()],
        ..Default::default()
    };
    let opset = |domain: &str| OperatorSetIdProto {
        domain: Some(domain.to_owned()),
        version: Some(17),
    };
    let mut model = ModelProto {
        ir_version: Some(10),
        producer_name: Some(name("producer")),
        opset_import: vec![opset(""), opset(&name("domain"))],
        graph: Some(graph),
        ..Default::default()
    };
    change(&mut model);
    model.encode_to_vec()
}

#[test]
fn names_of_a_model_that_compiles() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.onnx"), model(|_| ())).unwrap();
    let x = Tensor::f32(&[1, 2], &[1.0, 2.0]);
    npz::write(&folder.path().join("x.npz"), &[(&name("x"), &x), (&name("other"), &x)]).unwrap();
    npz::write(&folder.path().join("other.npz"), &[(&name("other"), &x)]).unwrap();
    let (in0, out0) = (format!("in0:{}", name("x")), format!("out0:{}", name("y")));
    npz::write(&folder.path().join("golden.npz"), &[(&in0, &x), (&out0, &x)]).unwrap();
    let wrong = format!("out0:{}", name("z"));
    npz::write(&folder.path().join("wrong.npz"), &[(&in0, &x), (&wrong, &x)]).unwrap();
    let check = |args: &[&str], succeeds| check(folder.path(), args, succeeds);

    check(&["m.onnx", "-o", "-"], true);
    check(&["m.onnx", "-o", "m.rs", "--prune-report"], true);
    check(&["m.onnx", "-o", "m.rs", "--json", "--prune-report"], true);
    let printed = check(&["m.onnx", "-o", "m.rs", "--print-after", "all"], true);
    assert!(
        printed.contains(r"x\u{1b}[31m\u{9b}2J\r\u{202e}\u{7}\nerror: fine x"),
        "{printed}"
    );
    check(&["m.onnx", "-o", "m.rs", "--bake", "absent=x.npz"], false);
    check(&["m.onnx", "-o", "m.rs", "--shape", "absent=1"], false);
    check(&["inspect", "m.onnx"], true);
    let json = check(&["inspect", "m.onnx", "--json"], true);
    let json: serde_json::Value = serde_json::from_str(&json).expect("it is JSON as before");
    assert!(json.to_string().contains("\u{9b}2J"), "{json}");
    check(&["run", "m.onnx", "--input", "x.npz", "--output", "y.npz"], true);
    check(&["run", "m.onnx", "--input", "golden.npz", "--output", "z.npz"], false);
    check(&["run", "m.onnx", "--input", "other.npz", "--output", "y.npz"], false);
    check(&["verify", "m.onnx", "--golden", "golden.npz", "--executor"], false);
    check(&["verify", "m.onnx", "--golden", "wrong.npz", "--executor"], false);
    check(
        &["eval", "m.onnx", "--data", "x.npz", "--labels", "none", "--no-build"],
        true,
    );
    check(&["eval", "m.onnx", "--data", "wrong.npz", "--no-build"], false);
    let samples: Vec<f32> = (0..24).map(|i| (i * 7 % 24) as f32 / 12.0 - 1.0).collect();
    let samples = Tensor::f32(&[12, 2], &samples);
    npz::write(&folder.path().join("samples.npz"), &[(&name("x"), &samples)]).unwrap();
    let quantize = [
        "m.onnx",
        "-o",
        "q.rs",
        "--quantize",
        "int8",
        "--calibrate",
        "samples.npz",
    ];
    check(&quantize, true);
    check(&[&quantize[..], &["--print-after", "all"]].concat(), true);
}

type Change = fn(&mut ModelProto);

/// What is wrong with the models, one thing each.
const CHANGES: &[(&str, Change)] = &[
    ("an open dimension", |m| {
        graph(m).input[0] = value("x", &[Some(1), None])
    }),
    ("an operator that is not known", |m| {
        graph(m).node[1].op_type = Some(name("Op"))
    }),
    ("a domain that is not known", |m| {
        graph(m).node[1].domain = Some(name("domain"))
    }),
    ("a domain that is not imported", |m| {
        graph(m).node[1].domain = Some(name("other"))
    }),
    ("an attribute that is not known", |m| {
        graph(m).node[1].attribute.push(AttributeProto {
            name: Some(name("attribute")),
            r#type: Some(attribute_proto::AttributeType::String.into()),
            s: Some(HOSTILE.into()),
            ..Default::default()
        });
    }),
    ("an attribute of a function", |m| {
        graph(m).node[1].attribute.push(AttributeProto {
            name: Some(name("attribute")),
            ref_attr_name: Some(name("target")),
            ..Default::default()
        });
    }),
    ("a choice that is not known", |m| {
        graph(m).node[1].op_type = Some("Gelu".into());
        m.opset_import[0].version = Some(20);
        graph(m).node[1].attribute.push(AttributeProto {
            name: Some("approximate".into()),
            r#type: Some(attribute_proto::AttributeType::String.into()),
            s: Some(HOSTILE.into()),
            ..Default::default()
        });
    }),
    ("nothing that gives a tensor", |m| {
        graph(m).node[1].input[0] = name("nothing")
    }),
    ("a cycle", |m| graph(m).node[0].input[1] = name("y")),
    ("a tensor given twice", |m| {
        graph(m).node[1].output = vec![name("sum"), name("y")]
    }),
    ("an output given by nothing", |m| {
        graph(m).output[0].name = Some(name("z"))
    }),
    ("an output listed twice", |m| {
        let output = graph(m).output[0].clone();
        graph(m).output.push(output);
    }),
    ("shapes that do not fit", |m| graph(m).initializer[0].dims = vec![3]),
    ("operands that do not fit", |m| {
        graph(m).initializer[0].dims = vec![1];
        graph(m).initializer[0].raw_data = Some(vec![0; 4]);
        graph(m).node[1].op_type = Some("MatMul".into());
        graph(m).node[1].input.push(name("sum"));
    }),
    ("a file outside", |m| external(m, "/etc/", "location")),
    ("a file that is not there", |m| external(m, "", "location")),
    ("an offset that is no number", |m| external(m, "", "offset")),
    ("an element type that is not known", |m| {
        graph(m).initializer[0].data_type = Some(8)
    }),
    ("a function twice", |m| m.functions = vec![function(), function()]),
    ("a function that calls itself", |m| {
        let mut own = function();
        own.node[0].op_type = own.name.clone();
        own.node[0].domain = own.domain.clone();
        m.functions = vec![own];
        graph(m).node[1].op_type = Some(name("function"));
        graph(m).node[1].domain = Some(name("domain"));
    }),
    ("a domain imported twice", |m| {
        let mut again = m.opset_import[1].clone();
        again.version = Some(3);
        m.opset_import.push(again);
    }),
];

fn graph(model: &mut ModelProto) -> &mut GraphProto {
    model.graph.as_mut().unwrap()
}

fn external(model: &mut ModelProto, folder: &str, key: &str) {
    let tensor = &mut graph(model).initializer[0];
    tensor.raw_data = None;
    tensor.data_location = Some(tensor_proto::DataLocation::External.into());
    for (found, value) in [("location", name("file")), ("offset", name("0"))] {
        if key == found || found == "location" {
            tensor.external_data.push(StringStringEntryProto {
                key: Some(found.into()),
                value: Some(format!("{folder}{value}")),
            });
        }
    }
}

fn function() -> FunctionProto {
    FunctionProto {
        name: Some(name("function")),
        domain: Some(name("domain")),
        input: vec![name("a")],
        output: vec![name("b")],
        node: vec![node("Tanh", &["a"], &["b"])],
        opset_import: vec![
            OperatorSetIdProto {
                domain: Some(String::new()),
                version: Some(17),
            },
            OperatorSetIdProto {
                domain: Some(name("domain")),
                version: Some(17),
            },
        ],
        ..Default::default()
    }
}

#[test]
fn names_of_models_that_do_not_compile() {
    let folder = tempfile::tempdir().unwrap();
    for (what, change) in CHANGES {
        std::fs::write(folder.path().join("m.onnx"), model(change)).unwrap();
        let text = check(folder.path(), &["m.onnx", "-o", "-"], false);
        assert!(
            text.contains(r"\u{1b}[31m"),
            "{what}: the message names nothing\n{text}"
        );
        let library = edgec::Compiler::new(folder.path().join("m.onnx"))
            .compile()
            .unwrap_err();
        for text in [library.to_string(), format!("{library:?}")] {
            assert!(
                !text.contains('\u{1b}') && !text.contains('\u{202e}'),
                "{what}: {text:?}"
            );
        }
        let output = edgec(folder.path(), &["inspect", "m.onnx"]);
        check(folder.path(), &["inspect", "m.onnx"], output.status.success());
    }
}
