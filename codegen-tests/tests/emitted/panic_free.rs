//! Optimised code for microcontrollers cannot panic: it refers to nothing in `core::panicking`. (What is in
//! runtime-core itself, not instantiated in the model's crate, is seen by the check of linked firmware.)

use codegen_tests::workspace;
use codegen_tests::zoo::{self, Reference};
use edgec::tools::harness::Module;
use edgec::{Compiler, Machine, Optimizer, TrainOptions};
use std::path::Path;

const MODELS: &[&str] = &[
    "trained/mlp_digits",
    "trained/lenet_mnist",
    "mlperf_tiny/kws_dscnn_fp32",
    "tiny/pulsevad_2.1k",
    "tiny/tiny_transformer",
    "tiny/lstm_stream",
    "trained/gru_vowels",
    "mlperf_tiny/ic_resnet8_int8",
    "tiny/tflm_micro_speech_int8",
];

/// Recurrent models that are trained.
const THROUGH_TIME: &[&str] = &["trained/gru_vowels", "trained/lstm_vowels"];

/// A crate that can panic.
const CONTROL: &str = "control";

/// What both of Rust's manglings make of `core::panicking`.
const SYMBOL: &[u8] = b"core9panicking";

/// Symbols in a library's string tables that hold [`SYMBOL`].
fn panics(library: &[u8]) -> Vec<String> {
    let printable = |b: &u8| b.is_ascii_graphic();
    let words = library
        .split(|b| !printable(b))
        .filter(|w| w.windows(SYMBOL.len()).any(|w| w == SYMBOL));
    let mut found: Vec<_> = words.map(|w| String::from_utf8_lossy(w).into_owned()).collect();
    found.sort();
    found.dedup();
    found
}

#[test]
fn emitted_code_has_no_panic_path() {
    let digits = Compiler::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx"));
    let digits = digits.target(Machine::mcu());
    let compiled = digits.compile().unwrap();
    let mut control = Module::new("control", &digits, &compiled);
    control
        .emitted
        .source
        .push_str("#[inline(never)] pub fn element(of: &[u8], index: usize) -> u8 { of[index] }\n");
    let training = digits.clone().train(TrainOptions {
        optimizer: Optimizer::Adam,
        accumulate: true,
        ..TrainOptions::default()
    });
    let trained = training.compile().unwrap();
    let mut crates = vec![
        (CONTROL, vec![control]),
        ("digits", vec![Module::new("digits", &digits, &compiled)]),
        ("digits, trained", vec![Module::new("training", &training, &trained)]),
    ];
    let mut problems = vec![];
    if let Some(folder) = zoo::folder() {
        for model in THROUGH_TIME {
            let compiler = Compiler::new(folder.join(format!("{model}.onnx"))).target(Machine::mcu());
            let compiler = compiler.train(TrainOptions::default());
            match compiler.compile() {
                Ok(compiled) => crates.push((model, vec![Module::new("through_time", &compiler, &compiled)])),
                Err(error) => problems.push(format!("{model}, trained: {error}")),
            }
        }
        for model in MODELS {
            match Reference::compile(&folder, model, Machine::mcu()) {
                Ok(r) => crates.push((model, vec![Module::new(&r.module, &r.compiler, &r.compiled)])),
                Err(error) => problems.push(format!("{model}: {error}")),
            }
        }
    }
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "panic_free");
    let (names, crates): (Vec<&str>, Vec<_>) = crates.into_iter().unzip();
    for (model, built) in names.iter().zip(workspace.build(&crates).unwrap()) {
        problems.extend(built.err().map(|error| format!("{model}: {error}")));
    }
    for (index, model) in names.iter().enumerate() {
        let found = panics(&std::fs::read(workspace.library(index)).unwrap());
        println!("{model}: {} panic symbols", found.len());
        if *model == CONTROL {
            assert!(!found.is_empty(), "the check does not see a panic where there is one");
        } else if !found.is_empty() {
            problems.push(format!("{model}: {}", found.join(" ")));
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}
