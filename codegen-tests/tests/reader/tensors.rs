//! Stored tensors: every type in every encoding, and sizes and values that do not fit.

use super::{add, f32s, loaded, refused, sample};
use codegen_tests::model_builder::{Attr, Encoding, ModelBuilder, tensor_proto};
use edgec::front::load::{load, tensor};
use edgec::ir::{DType, Tensor};

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
            let model = load(&path, &[]).unwrap_or_else(|error| panic!("{dtype} {encoding:?}: {error}"));
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
        (23, "FLOAT4E2M1"),
    ] {
        let model = add(&sample(DType::F32), Encoding::Raw)
            .edit(|model| model.graph.mut_or_insert_default().initializer[0].data_type = data_type);
        refused(&model, &["`w`", name, "not supported"]);
    }
    let of_type = |data_type| {
        add(&sample(DType::F32), Encoding::Raw)
            .edit(move |model| model.graph.mut_or_insert_default().initializer[0].data_type = data_type)
    };
    refused(&of_type(999), &["number 999"]);
    refused(&of_type(22), &["`w`", "4 bits", "`Add_0` (Add)"]);
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
        let graph = model.graph.mut_or_insert_default();
        graph.sparse_initializer.push(sparse);
        // What nobody reads is no problem.
        graph.node[0].input[1] = "s".into();
    });
    refused(&model, &["initializer `s` is sparse"]);
}
