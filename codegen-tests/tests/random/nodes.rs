//! Random cases of every operator, against what ONNX Runtime or ONNX's reference evaluator computes of them.
//!
//! `scripts/random_node_tests` tells how to run more of them.

use codegen_tests::node_tests::{self, Backend};
use codegen_tests::python;
use codegen_tests::workspace;
use edgec::front::node::Domain;
use edgec::front::ops::OPERATORS;

const SCRIPT: &str = "random_node_tests";

/// Operators of `com.microsoft` that are compared with ONNX Runtime in quantised models, or are as those of ONNX.
const ELSEWHERE: &[&str] = &[
    "DequantizeLinear",
    "QGemm",
    "QLinearAdd",
    "QLinearAveragePool",
    "QLinearConcat",
    "QLinearGlobalAveragePool",
    "QLinearLeakyRelu",
    "QLinearMul",
    "QLinearSigmoid",
    "QLinearSoftmax",
    "QuantizeLinear",
];

/// Generates `each` cases of every operator and runs them; `None` without the Python packages for it.
fn failures(seed: u32, each: usize, backend: &Backend<'_>) -> Option<String> {
    if !python::has(&["onnx", "onnxruntime"]) {
        println!("skipped: the Python packages onnx and onnxruntime are not installed; scripts/setup.sh installs them");
        return None;
    }
    let run = |arguments: &[&str]| python::run(SCRIPT, arguments).expect("the script runs");
    let listed = run(&["--list"]);
    let operators: Vec<_> = listed.lines().collect();
    for operator in OPERATORS {
        let name = match operator.domain {
            Domain::Microsoft if ELSEWHERE.contains(&operator.name) => continue,
            // It gives maps in ONNX, which a test of a node has no files for.
            Domain::Ml if operator.name == "ZipMap" => continue,
            Domain::Microsoft => format!("{}.{}", operator.domain.name(), operator.name),
            _ => operator.name.to_owned(),
        };
        assert!(operators.contains(&name.as_str()), "no random cases of {name}");
    }
    let folder = tempfile::tempdir().expect("a folder");
    let count = (operators.len() * each).to_string();
    run(&[
        "--seed",
        &seed.to_string(),
        "--count",
        &count,
        &folder.path().to_string_lossy(),
    ]);
    let tests = node_tests::read(folder.path()).expect("the tests can be read");
    let verdicts = node_tests::run(tests, false, backend).expect("the tests can be run");
    let (refused, judged): (Vec<_>, Vec<_>) = verdicts.into_iter().partition(|v| v.refusal.is_some());
    print!("{}{}", node_tests::summary(&judged), node_tests::refusals(&refused));
    let failed = judged
        .iter()
        .filter_map(|v| Some(format!("{}: {}\n", v.name, v.failure.as_ref()?)));
    Some(failed.collect())
}

#[test]
fn executor() {
    let failed = failures(1, 3, &Backend::Executor);
    assert_eq!(failed.unwrap_or_default(), "");
}

#[test]
fn emitted() {
    let workspace = workspace::native(env!("CARGO_TARGET_TMPDIR"), "random_nodes");
    let failed = failures(2, 1, &Backend::Emitted(&workspace));
    assert_eq!(failed.unwrap_or_default(), "");
}
