//! Images that the caller gives channels-last: no copy turns them round, and the results are those of the model's
//! layout.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::workspace;
use codegen_tests::zoo;
use edgec::ir::{DType, Tensor};
use edgec::tools::harness::Module;
use edgec::{Compiled, Compiler, InputLayout};
use std::path::PathBuf;
use tempfile::TempDir;

/// Numbers between -1 and 1.
fn waves(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i as f32 * 0.37).sin()).collect()
}

/// A convolution with padding and a product behind it.
fn convolution(folder: &TempDir) -> PathBuf {
    let bytes = ModelBuilder::new(17)
        .input("image", DType::F32, &[1, 3, 6, 5])
        .initializer_f32("w", &[4, 3, 3, 3], &waves(108))
        .initializer_f32("m", &[120, 2], &waves(240))
        .node(
            "Conv",
            &["image", "w"],
            &["c"],
            &[("pads", Attr::Ints(vec![1, 1, 1, 1]))],
        )
        .node("Relu", &["c"], &["r"], &[])
        .node("Flatten", &["r"], &["f"], &[])
        .node("MatMul", &["f", "m"], &["scores"], &[])
        .output("scores", DType::F32, &[1, 2])
        .bytes();
    let path = folder.path().join("convolution.onnx");
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Calls that only move elements.
fn copies(compiled: &Compiled) -> Vec<&str> {
    let calls = compiled.report.calls.iter();
    let copies = calls.filter(|call| call.kernel == "strided" || call.kernel == "copy");
    copies.map(|call| call.name.as_str()).collect()
}

#[test]
fn images_are_taken_as_cameras_give_them() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = Compiler::new(convolution(&folder));
    let planes = compiler.compile().unwrap();
    let compiler = compiler.input_layout(InputLayout::Nhwc);
    let pixels = compiler.compile().unwrap();
    assert_eq!((copies(&planes).len(), copies(&pixels).len()), (1, 0));

    let array = Tensor::f32(&[1, 3, 6, 5], &waves(90));
    let wanted = planes.executor().run(std::slice::from_ref(&array));
    let image = pixels.program.inputs[0].from_model(array);
    assert_eq!(image.shape, [1, 6, 5, 3]);
    assert_eq!(pixels.executor().run(std::slice::from_ref(&image)), wanted);

    let module = Module::new("convolution", &compiler, &pixels);
    assert!(
        module
            .emitted
            .source
            .contains("IMAGE_SHAPE: [usize; 4] = [1, 6, 5, 3];")
    );
    assert!(module.emitted.source.contains("channels last (1x3x6x5 in the model)"));
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "input_layout");
    let runner = workspace.build(&[vec![module]]).unwrap().remove(0).unwrap();
    assert_eq!(runner.run(&[vec![image]]).unwrap()[0], wanted);
}

#[test]
fn one_input_of_several_can_be_chosen() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = Compiler::new(convolution(&folder));
    let named = compiler
        .clone()
        .input_layout_of("image", InputLayout::Nhwc)
        .compile()
        .unwrap();
    assert!(named.report.inputs[0].channels_last);
    let back = compiler
        .input_layout_of("image", InputLayout::Nhwc)
        .input_layout_of("image", InputLayout::Model);
    assert!(!back.compile().unwrap().report.inputs[0].channels_last);
}

#[test]
fn models_of_the_zoo_need_no_copy() {
    let Some(zoo) = zoo::folder() else { return };
    for model in [
        "kws_dscnn_fp32",
        "kws_dscnn_int8",
        "vww_mobilenetv1_fp32",
        "vww_mobilenetv1_int8",
    ] {
        let compiler = Compiler::new(zoo.join(format!("mlperf_tiny/{model}.onnx")));
        let compiled = compiler.input_layout(InputLayout::Nhwc).compile().unwrap();
        assert_eq!(copies(&compiled), [""; 0], "{model}");
    }
}
