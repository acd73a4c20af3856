//! A model with megabytes of working memory in a debug build: its arena is never on the stack.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::{program, zoo};
use edgec::ir::DType;
use edgec::{Compiled, Compiler, Weights};
use std::path::{Path, PathBuf};

/// Runs the model once in a thread whose stack is much smaller than the arena.
const PROGRAM: &str = "mod model;

fn main() {
    let run = || {
        let input = vec![0.5; model::Model::INPUT_SHAPE.iter().product()];
        let mut arena = runtime_core::Arena::boxed();
        let scores = model::Model::run_in(&mut arena, input.as_slice().try_into().unwrap());
        println!(\"{}\", scores.iter().all(|score| score.is_finite()));
    };
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run);
    thread.unwrap().join().unwrap();
}
";

/// A pool of large windows: few steps for an arena of 8 MiB.
fn synthetic(folder: &Path) -> PathBuf {
    let bytes = ModelBuilder::new(17)
        .input("input", DType::F32, &[1, 1, 1024, 1024])
        .node("Relu", &["input"], &["a"], &[])
        .node("Transpose", &["a"], &["b"], &[("perm", Attr::Ints(vec![0, 1, 3, 2]))])
        .node("ReduceMax", &["b"], &["scores"], &[])
        .output("scores", DType::F32, &[1, 1, 1, 1])
        .bytes();
    let path = folder.join("synthetic.onnx");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn build_and_run(compiler: &Compiler, compiled: &Compiled, folder: &Path) {
    let sources = folder.join("src");
    std::fs::create_dir_all(&sources).unwrap();
    compiler.write(compiled, &sources.join("model.rs")).unwrap();
    assert_eq!(program::run(folder, &["alloc"], PROGRAM, false), "true\n");
}

#[test]
fn the_arena_of_a_large_model_is_never_on_the_stack() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edgec/boxed");
    std::fs::create_dir_all(&folder).unwrap();
    let path = match zoo::folder() {
        Some(zoo) => zoo.join("boards/resnet18_224.onnx"),
        None => synthetic(&folder),
    };
    let compiler = Compiler::new(path).name("Model").weights(Weights::Sidecar);
    let compiled = compiler.compile().unwrap_or_else(|error| panic!("{error}"));
    assert!(
        compiled.report.ram > 2 << 20,
        "{} B would fit on the stack",
        compiled.report.ram
    );
    build_and_run(&compiler, &compiled, &folder);
}
