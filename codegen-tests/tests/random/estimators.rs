//! Estimators of scikit-learn, as its converter writes them, through emitted code.
//!
//! `scripts/estimators.py` makes the models and their results, which ONNX Runtime and scikit-learn agree on.

use codegen_tests::node_tests::{self, Backend};
use codegen_tests::python;
use codegen_tests::workspace;

/// The fewest models that the script makes.
const MODELS: usize = 90;

#[test]
fn estimators_agree_with_scikit_learn() {
    if !python::has(&["sklearn", "skl2onnx", "onnxruntime"]) {
        println!("skipped: scikit-learn or skl2onnx is not installed; pip install scikit-learn skl2onnx");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    python::run("estimators.py", &[&folder.path().to_string_lossy()]).expect("the script runs");
    let tests = node_tests::read(folder.path()).expect("the tests can be read");
    assert!(tests.len() >= MODELS, "only {} models", tests.len());
    let workspace = workspace::native(env!("CARGO_TARGET_TMPDIR"), "estimators");
    let verdicts = node_tests::run(tests, false, &Backend::Emitted(&workspace)).expect("the tests can be run");
    let wrong = verdicts.iter().filter(|verdict| !verdict.passes()).map(|verdict| {
        let reasons = [
            verdict.failure.as_deref(),
            verdict.refusal.as_deref(),
            verdict.out_of_scope,
        ];
        format!("{}: {:?}\n", verdict.name, reasons)
    });
    assert_eq!(wrong.collect::<String>(), "");
}
