//! Emitted code for a processor that rustc is told of.

use super::self_test::{example, int8};
use codegen_tests::workspace;
use edgec::Compiler;
use edgec::tools::harness::Module;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// Many times what it takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// LLVM 22 does not come to an end with some ways to write products of 8 bits where it may use VBMI.
#[test]
fn integers_are_built_for_a_processor_with_vbmi() {
    let compiler = int8(Compiler::new(example("digits.onnx")));
    let compiled = compiler.compile().unwrap();
    let workspace =
        workspace::open(env!("CARGO_TARGET_TMPDIR"), "target_cpu").rustflags("-C target-cpu=icelake-server");
    let modules = [vec![Module::new("digits", &compiler, &compiled)]];
    let (done, built) = mpsc::channel();
    thread::spawn(move || done.send(workspace.build(&modules)));
    // It is not run: this processor may be another one.
    let runners = built.recv_timeout(PATIENCE).expect("rustc comes to an end");
    runners.unwrap().remove(0).unwrap();
}
