//! The emitted text, and that it compiles and computes however it is taken in.

use crate::loops;
use codegen_tests::model_builder::ModelBuilder;
use codegen_tests::workspace;
use edgec::ir::{DType, Tensor};
use edgec::tools::harness::{Inclusion, Module};
use edgec::{Compiled, Compiler, Machine, Weights};
use std::path::Path;
use tempfile::TempDir;

fn digits() -> Compiler {
    Compiler::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx")).name("Digits")
}

/// Two inputs, two outputs, and names that would break out of identifiers, comments and strings.
fn hostile(folder: &TempDir) -> Compiler {
    let bytes = ModelBuilder::new(17)
        .input("fn", DType::F32, &[1, 4])
        .input("*/ \"; evil(); //", DType::F32, &[1, 4])
        .initializer_f32("\n#![deny()]\u{202e}", &[1, 4], &[0.5, -1.0, 2.0, 1e-3])
        .node("Add", &["fn", "*/ \"; evil(); //"], &["🦀"], &[])
        .named("arena")
        .node("Relu", &["🦀"], &["self"], &[])
        .named("|`](http://x) <b> \\")
        .node("Add", &["self", "\n#![deny()]\u{202e}"], &["Self"], &[])
        .named("")
        .output("self", DType::F32, &[1, 4])
        .output("Self", DType::F32, &[1, 4])
        .bytes();
    let path = folder.path().join("hostile.onnx");
    std::fs::write(&path, bytes).unwrap();
    Compiler::new(path).name("*/ struct; type")
}

/// Inputs called like the locals of emitted code, around a call with two results.
fn locals(folder: &TempDir) -> Compiler {
    let bytes = ModelBuilder::new(17)
        .input("a", DType::F32, &[1, 4])
        .input("y1", DType::F32, &[1, 4])
        .input("simd", DType::F32, &[1, 4])
        .input("after", DType::F32, &[1, 4])
        .initializer_i64("k", &[1], &[2])
        .node("Sum", &["a", "simd", "after"], &["sum"], &[])
        .node("TopK", &["sum", "k"], &["values", "places"], &[])
        .node("Sub", &["y1", "sum"], &["difference"], &[])
        .output("values", DType::F32, &[1, 2])
        .output("places", DType::I64, &[1, 2])
        .output("difference", DType::F32, &[1, 4])
        .bytes();
    let path = folder.path().join("locals.onnx");
    std::fs::write(&path, bytes).unwrap();
    Compiler::new(path)
}

/// The emitted source with the weights' bytes cut out.
fn without_weights(compiler: &Compiler) -> String {
    let compiled = compiler.compile().unwrap_or_else(|e| panic!("{e}"));
    let source = compiler.emit(&compiled, "model.weights").source;
    let mut lines: Vec<&str> = vec![];
    for line in source.lines() {
        match line.trim_start().starts_with("\\x") {
            false => lines.push(line),
            true if line.ends_with("\");") => lines.push("            (bytes)\");"),
            true => {}
        }
    }
    lines.join("\n")
}

#[test]
fn digits_for_boards() {
    insta::assert_snapshot!(without_weights(&digits()));
}

#[test]
fn digits_for_microcontrollers_with_a_sidecar() {
    insta::assert_snapshot!(without_weights(
        &digits().target(Machine::mcu()).weights(Weights::Sidecar)
    ));
}

#[test]
fn what_is_profiled_tells_the_end_of_each_call() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(without_weights(&locals(&folder).profiling(true)));
}

#[test]
fn names_from_the_model_cannot_break_out() {
    let folder = tempfile::tempdir().unwrap();
    insta::assert_snapshot!(without_weights(&hostile(&folder)));
}

/// Numbers between -1 and 1.
fn samples(compiled: &Compiled) -> Vec<Tensor> {
    let values = |len: usize| (0..len).map(|i| (i as f32 * 0.37).sin()).collect::<Vec<_>>();
    compiled
        .program
        .inputs
        .iter()
        .map(|p| Tensor::f32(&p.ty.shape, &values(p.ty.len())))
        .collect()
}

#[test]
fn it_compiles_and_computes_as_the_host_does_however_it_is_taken_in() {
    let folder = tempfile::tempdir().unwrap();
    let (mut modules, mut expected) = (vec![], vec![]);
    for (name, compiler) in [
        ("digits", digits()),
        ("hostile", hostile(&folder)),
        ("locals", locals(&folder)),
    ] {
        for target in [Machine::board(), Machine::mcu()] {
            for weights in [Weights::Inline, Weights::Sidecar] {
                for inclusion in [Inclusion::Mod, Inclusion::Include] {
                    let compiler = compiler.clone().target(target.clone()).weights(weights);
                    let compiler = compiler.profiling(inclusion == Inclusion::Include);
                    let compiled = compiler.compile().unwrap();
                    let module = Module::new(format!("{name}{}", modules.len()), &compiler, &compiled);
                    modules.push(Module { inclusion, ..module });
                    let inputs = samples(&compiled);
                    expected.push((vec![compiled.executor().run(&inputs)], vec![inputs]));
                }
            }
        }
    }
    for (name, weights, fast) in [
        ("sections", Weights::Inline, 10_000),
        ("apart", Weights::Sidecar, 700),
        ("all_fast", Weights::Sidecar, 100_000),
    ] {
        let compiler = digits()
            .weights(weights)
            .weights_section(".model")
            .fast_weights(".fast_weights", fast)
            .arena_section(".bss.fast");
        let compiled = compiler.compile().unwrap();
        let mut module = Module::new(name, &compiler, &compiled);
        // The macro takes a static of any type: this one is written to.
        module.emitted.source.push_str(
            "digits_static!(pub static PLACED: (Digits, core::sync::atomic::AtomicBool) = \
             (Digits::new(), core::sync::atomic::AtomicBool::new(false)));\n",
        );
        let inputs = samples(&compiled);
        expected.push((vec![compiled.executor().run(&inputs)], vec![inputs]));
        modules.push(module);
    }
    let loops = loops::nested(&folder).profiling(true);
    let compiled = loops.compile().unwrap();
    modules.push(Module::new("loops", &loops, &compiled));
    let runs = loops::runs();
    let outputs = runs.iter().map(|inputs| compiled.executor().run(inputs)).collect();
    expected.push((outputs, runs));
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "emitted");
    let calls: Vec<_> = modules
        .iter()
        .map(|module| module.emitted.source.matches("after(").count())
        .collect();
    assert_eq!(calls.iter().filter(|calls| **calls > 0).count(), 13);
    let built = workspace.build(&[modules]).unwrap();
    for ((runner, calls), (outputs, mut inputs)) in built.into_iter().zip(calls).zip(expected) {
        let runner = runner.unwrap_or_else(|e| panic!("{e}"));
        let got = runner.run(&inputs).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(got, outputs, "emitted code and the host run the same kernels");
        let times = runner
            .profile(inputs.swap_remove(0), 2)
            .unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(times.len(), calls);
    }
}

#[test]
fn a_module_that_does_not_compile_fails_alone() {
    let compiler = digits();
    let compiled = compiler.compile().unwrap();
    let good = Module::new("good", &compiler, &compiled);
    let mut bad = Module::new("bad", &compiler, &compiled);
    bad.emitted.source.push_str("pub fn wrong() -> u8 { \"\" }\n");
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "failing");
    let built = workspace.build(&[vec![good, bad]]).unwrap();
    assert!(built[0].is_ok());
    assert!(built[1].as_ref().unwrap_err().message.contains("mismatched types"));
}
