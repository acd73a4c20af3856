//! `--threads`: what is emitted, and where it is refused.

use super::compile::{code, edgec, model, stderr};
use super::port::port;
use edgec::front::proto::{self, tensor_proto::DataType, tensor_shape_proto::dimension::Value};
use prost::Message;

/// A convolution with a bias and `Relu`, of about a million multiply-accumulates: worth dividing.
fn convolution() -> Vec<u8> {
    let fixed = |name: &str, dims: &[i64]| port(name.into(), dims.iter().map(|size| Value::DimValue(*size)));
    let weights = |name: &str, dims: &[i64]| proto::TensorProto {
        name: Some(name.into()),
        data_type: Some(DataType::Float as i32),
        dims: dims.to_vec(),
        float_data: (0..dims.iter().product()).map(|i| (i % 7) as f32 - 3.0).collect(),
        ..Default::default()
    };
    let node = |op: &str, input: &[&str], output: &str| proto::NodeProto {
        op_type: Some(op.into()),
        input: input.iter().map(|name| (*name).into()).collect(),
        output: vec![output.into()],
        ..Default::default()
    };
    let graph = proto::GraphProto {
        name: Some("g".into()),
        node: vec![node("Conv", &["x", "w", "b"], "c"), node("Relu", &["c"], "y")],
        initializer: vec![weights("w", &[16, 8, 3, 3]), weights("b", &[16])],
        input: vec![fixed("x", &[1, 8, 32, 32])],
        output: vec![fixed("y", &[1, 16, 30, 30])],
        ..Default::default()
    };
    let opset = proto::OperatorSetIdProto {
        domain: None,
        version: Some(17),
    };
    let model = proto::ModelProto {
        ir_version: Some(8),
        opset_import: vec![opset],
        graph: Some(graph),
        ..Default::default()
    };
    model.encode_to_vec()
}

#[test]
fn a_layer_that_is_long_enough_is_divided() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.onnx"), convolution()).unwrap();
    let output = edgec(folder.path(), &["m.onnx", "-o", "-", "--threads"]);
    let source = String::from_utf8_lossy(&output.stdout);
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(
        source.contains("// Regenerate: edgec m.onnx -o - --threads\n"),
        "{source}"
    );
    let needed = "// Needs, in Cargo.toml: runtime-core = { version = \"0.1.0\", features = [\"threads\"] }\n";
    assert!(source.contains(needed), "{source}");
    // Where this checkout has it.
    let said = stderr(&output);
    let line = said
        .lines()
        .find(|line| line.contains("  Cargo.toml    runtime-core = { path = \""));
    assert!(
        line.is_some_and(|line| line.ends_with("/runtime-core\", features = [\"threads\"] }")),
        "{said}"
    );
    let run = source.split("fn run_by").nth(1).unwrap_or_default();
    let run = run.split("\n    }\n").next().unwrap_or_default();
    insta::assert_snapshot!(run);
    // What no call uses is no warning.
    let output = edgec(folder.path(), &[model().to_str().unwrap(), "-o", "-", "--threads"]);
    let source = String::from_utf8_lossy(&output.stdout);
    assert!(source.contains("_threads: &runtime_core::Threads"), "{source}");
    assert!(
        stderr(&output).contains("no layer is long enough"),
        "{}",
        stderr(&output)
    );
    let output = edgec(folder.path(), &["m.onnx", "-o", "-"]);
    let source = String::from_utf8_lossy(&output.stdout);
    assert!(!source.contains("threads"), "{source}");
}

#[test]
fn where_there_are_no_threads_they_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.onnx"), convolution()).unwrap();
    for (flags, message) in [
        (&["--target", "cortex-m4f"][..], "there are no threads on cortex-m4f"),
        (&["--target", "wasm32"], "there are no threads on wasm32"),
        (&["--c-header", "m.h"], "the functions for C run a model on one thread"),
        (
            &["--trainable", "all", "--loss", "mse"],
            "a model that is trained on the device runs on one thread",
        ),
    ] {
        let args = [&["m.onnx", "-o", "m.rs", "--threads"][..], flags].concat();
        let output = edgec(folder.path(), &args);
        assert_eq!(code(&output), Some(2), "{flags:?}: {}", stderr(&output));
        let words: Vec<String> = stderr(&output)
            .split(|c: char| c.is_whitespace() || c == '│')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect();
        assert!(words.join(" ").contains(message), "{flags:?}: {}", stderr(&output));
    }
}
