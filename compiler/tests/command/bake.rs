//! `--bake`: inputs whose values are fixed.

use super::compile::{code, edgec, stderr};
use super::port::port;
use edgec::front::proto::{self, tensor_shape_proto::dimension::Value, type_proto::Value::TensorType as Tensor};
use prost::Message;

/// `y = Reshape(x, shape)`, both of them inputs.
fn reshape() -> Vec<u8> {
    let fixed = |name: &str, dims: &[i64]| port(name.into(), dims.iter().map(|size| Value::DimValue(*size)));
    let mut shape = fixed("shape", &[1]);
    if let Some(Tensor(ty)) = shape.r#type.as_mut().and_then(|ty| ty.value.as_mut()) {
        ty.elem_type = Some(7);
    }
    let node = proto::NodeProto {
        op_type: Some("Reshape".into()),
        input: vec!["x".into(), "shape".into()],
        output: vec!["y".into()],
        ..Default::default()
    };
    let graph = proto::GraphProto {
        name: Some("g".into()),
        node: vec![node],
        input: vec![fixed("x", &[2, 3]), shape],
        output: vec![proto::ValueInfoProto {
            name: Some("y".into()),
            ..Default::default()
        }],
        ..Default::default()
    };
    let opset = proto::OperatorSetIdProto {
        domain: None,
        version: Some(13),
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
fn inputs_that_decide_a_shape_are_baked() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.onnx"), reshape()).unwrap();
    let shape = |dtype: i32, value: &[u8]| {
        let tensor = proto::TensorProto {
            data_type: Some(dtype),
            dims: vec![1],
            raw_data: Some(value.to_vec()),
            ..Default::default()
        };
        std::fs::write(folder.path().join("s.pb"), tensor.encode_to_vec()).unwrap();
    };
    let open = edgec(folder.path(), &["m.onnx", "-o", "-"]);
    assert_eq!(code(&open), Some(1));
    let words: Vec<_> = stderr(&open)
        .split(|c: char| c.is_whitespace() || c == '│')
        .map(str::to_owned)
        .collect();
    assert!(words.concat().contains("--bakeshape=NUMBER"), "{}", stderr(&open));
    shape(7, &6_i64.to_le_bytes());
    let baked = edgec(folder.path(), &["m.onnx", "-o", "-", "--bake", "shape=s.pb"]);
    let source = String::from_utf8_lossy(&baked.stdout);
    assert!(source.contains("run(&mut self, x: &[f32; 6]) -> &[f32; 6]"), "{source}");
    assert!(source.contains("--bake shape=s.pb"), "{source}");
    let number = edgec(folder.path(), &["m.onnx", "-o", "-", "--bake", "shape=6"]);
    let text = String::from_utf8_lossy(&number.stdout);
    assert_eq!(text.replace("shape=6", "shape=s.pb"), source);
    for (value, message) in [
        ("6,1", "--bake gives input `shape` 2 numbers"),
        ("6.5", "i64, which cannot be 6.5"),
        // One more than what is still read exactly.
        ("9007199254740993", "i64, which cannot be"),
    ] {
        let wrong = edgec(
            folder.path(),
            &["m.onnx", "-o", "-", "--bake", &format!("shape={value}")],
        );
        assert_eq!(code(&wrong), Some(2));
        let words = stderr(&wrong).replace(['\n', '│'], " ");
        let words: Vec<_> = words.split_whitespace().collect();
        assert!(words.join(" ").contains(message), "{words:?}");
    }
    let unknown = edgec(folder.path(), &["m.onnx", "-o", "-", "--bake", "form=s.pb"]);
    assert_eq!(code(&unknown), Some(2));
    assert!(stderr(&unknown).contains("no input called `form`"));
    shape(6, &6_i32.to_le_bytes());
    let wrong = edgec(folder.path(), &["m.onnx", "-o", "-", "--bake", "shape=s.pb"]);
    assert_eq!(code(&wrong), Some(2));
    assert!(stderr(&wrong).contains("i32"), "{}", stderr(&wrong));
}

/// A number that the element type holds only as infinite is refused; one that was given as infinite is not.
#[test]
fn numbers_too_large_for_a_float_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.onnx"), reshape()).unwrap();
    let baked = |x: &str| {
        let x = format!("x={x},0,0,0,0,0");
        edgec(folder.path(), &["m.onnx", "-o", "-", "--bake", "shape=6", "--bake", &x])
    };
    for (x, expected) in [("1e38", 0), ("inf", 0), ("-inf", 0), ("1e39", 2), ("-1e39", 2)] {
        let output = baked(x);
        assert_eq!(code(&output), Some(expected), "{x}: {}", stderr(&output));
        assert_eq!(stderr(&output).contains("f32, which cannot be"), expected == 2, "{x}");
    }
}

/// The elements of a `TensorProto` may be in another file, which is an input too.
#[test]
fn external_data_of_what_is_baked_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("m.onnx"), reshape()).unwrap();
    std::fs::write(folder.path().join("elements.bin"), 6_i64.to_le_bytes()).unwrap();
    let location = proto::StringStringEntryProto {
        key: Some("location".into()),
        value: Some("elements.bin".into()),
    };
    let tensor = proto::TensorProto {
        data_type: Some(7),
        dims: vec![1],
        data_location: Some(proto::tensor_proto::DataLocation::External as i32),
        external_data: vec![location],
        ..Default::default()
    };
    std::fs::write(folder.path().join("s.pb"), tensor.encode_to_vec()).unwrap();
    let baked = ["m.onnx", "--bake", "shape=s.pb", "--force", "-o"];
    let right = edgec(folder.path(), &[&baked[..], &["-"]].concat());
    assert_eq!(code(&right), Some(0), "{}", stderr(&right));
    for file in ["s.pb", "elements.bin"] {
        let before = std::fs::read(folder.path().join(file)).unwrap();
        let wrong = edgec(folder.path(), &[&baked[..], &[file]].concat());
        assert_eq!(code(&wrong), Some(2), "{file}");
        assert!(stderr(&wrong).contains("would be written over"), "{}", stderr(&wrong));
        assert_eq!(std::fs::read(folder.path().join(file)).unwrap(), before);
    }
}
