//! What the command says of mistakes that are easily made: the thing, the reason and what to type.

use crate::digits::said;
use edgec::front::proto::tensor_shape_proto::dimension::Value;
use edgec::front::proto::*;
use prost::Message;
use std::path::Path;
use std::process::{Command, Output};

/// Runs the command; what it says is looked at in one line.
fn edgec(folder: &Path, args: &[&str]) -> (Option<i32>, String, Output) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    let output = command.current_dir(folder).args(args).output().unwrap();
    (output.status.code(), said(&output), output)
}

/// Numbers are sizes, other dimensions are names.
fn port(name: &str, dims: &[&str]) -> ValueInfoProto {
    let dims = dims.iter().map(|dim| match dim.parse() {
        Ok(size) => Value::DimValue(size),
        Err(_) => Value::DimParam((*dim).into()),
    });
    crate::port::port(name.into(), dims)
}

/// A model of operators in a row, each of which reads what the one before it gives: `h1`, `h2` and so on.
fn write(path: &Path, dims: &[&str], operators: &[&str]) {
    let node = |(index, op): (usize, &&str)| NodeProto {
        name: Some(format!("node{index}")),
        op_type: Some((*op).into()),
        input: vec![if index == 0 { "x".into() } else { format!("h{index}") }],
        output: vec![format!("h{}", index + 1)],
        ..Default::default()
    };
    let mut result = port(&format!("h{}", operators.len()), &[]);
    result.r#type = None;
    let model = ModelProto {
        ir_version: Some(10),
        opset_import: vec![OperatorSetIdProto {
            domain: Some(String::new()),
            version: Some(17),
        }],
        graph: Some(GraphProto {
            name: Some("graph".into()),
            node: operators.iter().enumerate().map(node).collect(),
            input: vec![port("x", dims)],
            output: vec![result],
            ..Default::default()
        }),
        ..Default::default()
    };
    std::fs::write(path, model.encode_to_vec()).unwrap();
}

#[test]
fn misspelt_words_are_suggested() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("m.onnx"), &["1", "2"], &["Neg", "Tanh"]);
    for (args, suggestion) in [
        (&["insepct", "m.onnx"][..], "'inspect'"),
        (&["verfiy", "m.onnx", "--golden", "g.npz"], "'verify'"),
        (&["inspekt"], "'inspect'"),
        (&["inspect", "m.onnx", "--dmi", "n=1"], "'--dim'"),
        (&["m.onnx", "-o", "m.rs", "--quantise", "int8"], "'--quantize'"),
        (&["m.onnx", "-o", "m.rs", "--outptus", "h1"], "'--outputs'"),
    ] {
        let (code, said, _) = edgec(folder.path(), args);
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(suggestion) && !said.contains("as a value"), "{said}");
    }
    // Names of the model are suggested as well.
    let (code, said, _) = edgec(folder.path(), &["m.onnx", "-o", "m.rs", "--outputs", "h2,hh2"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("no tensor `hh2`") && said.contains("did you mean `h2`?"),
        "{said}"
    );
    let (code, said, _) = edgec(folder.path(), &["m.onnx", "-o", "m.rs", "--shape", "y=1,2"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("no input called `y`; did you mean `x`?"), "{said}");
}

/// Every command that compiles can end the model early, and its outputs have the order in which they are named.
#[test]
fn a_model_ends_where_the_user_says() {
    let folder = tempfile::tempdir().unwrap();
    write(
        &folder.path().join("m.onnx"),
        &["1", "2"],
        &["Neg", "Tanh", "Decode", "Exp"],
    );
    let (code, said, _) = edgec(folder.path(), &["m.onnx", "-o", "m.rs"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("node `node2` (Decode, opset 17): this operator is not supported")
            && said.contains("end the model before this operator with --outputs h2 "),
        "{said}"
    );
    let cut = ["--outputs", "h2,h1"];
    let json = edgec(folder.path(), &[&["m.onnx", "-o", "m.rs", "--json"], &cut[..]].concat()).2;
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let names = [&json["outputs"][0]["name"], &json["outputs"][1]["name"]];
    assert_eq!(names, ["h2", "h1"], "{json}");
    let emitted = std::fs::read_to_string(folder.path().join("m.rs")).unwrap();
    assert!(emitted.contains("--outputs h2,h1"), "the command that makes it again");
    let x = edgec::ir::Tensor::f32(&[1, 2], &[1.0, -2.0]);
    let tanh = edgec::ir::Tensor::f32(&[1, 2], &[libm::tanhf(-1.0), libm::tanhf(2.0)]);
    let negated = edgec::ir::Tensor::f32(&[1, 2], &[-1.0, 2.0]);
    let arrays = [("in0:x", &x), ("out0:h2", &tanh), ("out0:h1", &negated)];
    edgec::data::npz::write(&folder.path().join("g.npz"), &arrays).unwrap();
    edgec::data::npz::write(&folder.path().join("x.npz"), &[("x", &x)]).unwrap();
    for args in [
        &["inspect", "m.onnx"][..],
        &["run", "m.onnx", "--input", "x.npz", "--output", "y.npz"],
        &["verify", "m.onnx", "--golden", "g.npz", "--executor"],
        &["eval", "m.onnx", "--data", "x.npz", "--labels", "none", "--no-build"],
    ] {
        let (code, said, _) = edgec(folder.path(), args);
        assert_eq!(code, Some(1), "{args:?}: {said}");
        let (code, said, _) = edgec(folder.path(), &[args, &cut[..]].concat());
        assert_eq!(code, Some(0), "{args:?}: {said}");
    }
}

#[test]
fn open_dimensions_come_with_the_flags_to_type() {
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("m.onnx"), &["1", "n frames", "past + 1"], &["Neg"]);
    let (code, said, _) = edgec(folder.path(), &["m.onnx", "-o", "m.rs"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.ends_with("add --dim \"n frames=N\" --dim past=N"), "{said}");
    // `inspect` shows them all the same, says what to add, and that the model does not compile.
    let (code, _, output) = edgec(folder.path(), &["inspect", "m.onnx"]);
    let shown = String::from_utf8(output.stdout).unwrap();
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("open        dimension 1 of `x`"), "{shown}");
    assert!(shown.ends_with("add --dim \"n frames=N\" --dim past=N\n"), "{shown}");
    let dims = ["--dim", "n frames=2", "--dim", "past=3"];
    let (code, said, output) = edgec(folder.path(), &[&["inspect", "m.onnx", "--json"], &dims[..]].concat());
    let json: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(json["summary"]["inputs"][0]["shape"], serde_json::json!([1, 2, 4]));
    // A dimension without a name takes the whole shape, which then says the others too.
    write(&folder.path().join("u.onnx"), &["1", "T", "?"], &["Neg"]);
    let (code, said, _) = edgec(folder.path(), &["u.onnx", "-o", "u.rs"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.ends_with("add --shape x=1,N,N"), "{said}");
    let (_, said, _) = edgec(folder.path(), &["u.onnx", "-o", "u.rs", "--dim", "T=4"]);
    assert!(said.ends_with("add --shape x=1,4,N"), "{said}");
    let both = ["u.onnx", "-o", "u.rs", "--dim", "T=4", "--shape"];
    assert_eq!(edgec(folder.path(), &[&both[..], &["x=1,4,3"]].concat()).0, Some(0));
    let (code, said, _) = edgec(folder.path(), &[&both[..], &["x=1,5,3"]].concat());
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("`T` of input `x` is 4 by --dim, and 5 in its shape"),
        "{said}"
    );

    let (code, said, _) = edgec(folder.path(), &["m.onnx", "-o", "m.rs", "--dim", "n frame=2"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("called `n frame`; did you mean `n frames`?"), "{said}");
    let all = ["m.onnx", "-o", "m.rs", "--dim", "n frames=2", "--dim", "past + 1=4"];
    assert_eq!(edgec(folder.path(), &all).0, Some(0));
    let emitted = std::fs::read_to_string(folder.path().join("m.rs")).unwrap();
    assert!(
        emitted.contains("--dim \"n frames=2\" --dim \"past + 1=4\""),
        "the command that makes it again"
    );
}
