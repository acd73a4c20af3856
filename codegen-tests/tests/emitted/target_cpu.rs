//! Emitted code for a processor that rustc is told of.

use edgec::Compiler;
use edgec::middle::quantize::{Io, QuantizeOptions};
use edgec::tools::harness::{Module, Workspace};
use std::path::Path;

/// LLVM 22 does not come to an end with some ways to write products of 8 bits where it may use VBMI.
#[test]
fn integers_are_built_for_a_processor_with_vbmi() {
    let example = |file: &str| format!("{}/../examples/digits/{file}", env!("CARGO_MANIFEST_DIR"));
    let compiler = Compiler::new(example("digits.onnx")).quantize(QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new(example("calibration.npz"))
    });
    let compiled = compiler.compile().unwrap();
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edgec/target_cpu");
    let workspace = Workspace::open(&folder)
        .unwrap()
        .rustflags("-C target-cpu=icelake-server");
    let modules = [vec![Module::new("digits", &compiler, &compiled)]];
    // It is not run: this processor may be another one.
    workspace.build(&modules).unwrap().remove(0).unwrap();
}
