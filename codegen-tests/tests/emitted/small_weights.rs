//! Weights that take few bytes, in whole models.

use codegen_tests::model_builder::{Attr, Encoding, ModelBuilder};
use codegen_tests::workspace;
use edgec::ir::{DType, Tensor};
use edgec::tools::harness::Module;
use edgec::{Compiled, Compiler};
use runtime_core::f16;
use tempfile::TempDir;

fn compiler(folder: &TempDir, name: &str, model: &ModelBuilder) -> Compiler {
    let path = folder.path().join(name);
    std::fs::write(&path, model.bytes()).unwrap();
    Compiler::new(path)
}

fn halves(shape: &[usize]) -> Tensor {
    let numbers = (0..shape.iter().product()).map(|i: usize| f16::from_f32((i * 37 % 101) as f32 / 512.0 - 0.1));
    Tensor::new(DType::F16, shape.to_vec(), numbers.flat_map(f16::to_le_bytes).collect())
}

/// An LSTM of 16 units over five inputs.
fn recurrent() -> ModelBuilder {
    ModelBuilder::new(17)
        .input("x", DType::F16, &[4_i64, 1, 5])
        .initializer("w", &halves(&[1, 64, 5]), Encoding::Raw)
        .initializer("r", &halves(&[1, 64, 16]), Encoding::Raw)
        .initializer("b", &halves(&[1, 128]), Encoding::Raw)
        .node("LSTM", &["x", "w", "r", "b"], &["y"], &[("hidden_size", Attr::Int(16))])
        .output("y", DType::F16, &[4_i64, 1, 1, 16])
}

#[test]
fn recurrent_weights_of_half_precision_stay_so() {
    let folder = tempfile::tempdir().unwrap();
    let compiler = compiler(&folder, "lstm.onnx", &recurrent());
    let compiled = compiler.compile().unwrap();
    let recurrence = compiled.report.calls.iter().find(|call| call.kernel == "recurrence");
    assert_eq!(recurrence.map(|call| call.weights), Some(64 * 16 * 2));
    let modules = [vec![Module::new("lstm", &compiler, &compiled)]];
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "small_weights");
    let runner = workspace.build(&modules).unwrap().remove(0).unwrap();
    let x = vec![halves(&[4, 1, 5])];
    let expected = compiled.executor().run(&x);
    assert_eq!(runner.run(&[x]).unwrap(), [expected]);
}

fn kernels(compiled: &Compiled) -> Vec<&str> {
    compiled.report.calls.iter().map(|call| call.kernel.as_str()).collect()
}

#[test]
fn integers_are_convolved_in_groups_by_fast_kernels() {
    let folder = tempfile::tempdir().unwrap();
    let filters = Tensor::new(DType::I8, vec![16, 1, 3, 3], (0..144).map(|i| (i * 53) as u8).collect());
    let model = ModelBuilder::new(17)
        .input("x", DType::U8, &[1_i64, 16, 8, 8])
        .initializer("w", &filters, Encoding::Raw)
        .node("ConvInteger", &["x", "w"], &["y"], &[("group", Attr::Int(16))])
        .output("y", DType::I32, &[1_i64, 16, 6, 6]);
    let compiled = compiler(&folder, "groups.onnx", &model).compile().unwrap();
    assert!(
        kernels(&compiled).contains(&"depthwise_conv2d"),
        "{:?}",
        kernels(&compiled)
    );
}
