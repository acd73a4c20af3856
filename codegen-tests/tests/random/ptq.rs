//! Random models quantised, beside what ONNX Runtime's static quantizer makes of them on the same samples.
//! `EDGEC_MODELS=2000` tries that many, and `EDGEC_SEED=5` others.

use codegen_tests::python;
use edgec::Compiler;
use edgec::middle::quantize::QuantizeOptions;
use std::collections::BTreeMap;

/// By how much an output may be worse.
const WITHIN: f64 = 6.0;
/// What is better than this is good whatever another quantizer has.
const GOOD: f64 = 40.0;

#[test]
fn random_models_are_as_good_as_by_onnx_runtime() {
    if !python::has(&["onnx", "onnxruntime"]) {
        println!("skipped: the Python packages onnx and onnxruntime are not installed; scripts/setup.sh installs them");
        return;
    }
    let given = |name: &str, or: &str| std::env::var(name).unwrap_or_else(|_| or.to_owned());
    let (count, seed) = (given("EDGEC_MODELS", "24"), given("EDGEC_SEED", "1"));
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_string_lossy();
    python::run("random_ptq", &["--seed", &seed, "--count", &count, &path]).expect("the script runs");
    let reference = std::fs::read_to_string(folder.path().join("reference.json")).unwrap();
    let reference: BTreeMap<String, Option<Vec<f64>>> = serde_json::from_str(&reference).unwrap();
    let (mut wrong, mut better, mut outputs, mut poor) = (vec![], 0, 0, 0);
    for (number, theirs) in &reference {
        let folder = folder.path().join(number);
        let options = QuantizeOptions {
            allow_loss: true,
            ..QuantizeOptions::new(folder.join("calib.npz").to_string_lossy())
        };
        let compiled = match Compiler::new(folder.join("model.onnx")).quantize(options).compile() {
            Ok(compiled) => compiled,
            // A model may happen to compute nothing.
            Err(error) if error.to_string().contains("no layer of the model") => continue,
            Err(error) => {
                wrong.push(format!("model {number}: {error}"));
                continue;
            }
        };
        let report = compiled.quantized.expect("it is quantised").report;
        for (output, theirs) in report.checked.outputs.iter().zip(theirs.iter().flatten()) {
            let ours = output.sqnr.decibels();
            if output.sqnr.signal == 0.0 {
                continue;
            }
            outputs += 1;
            better += usize::from(ours >= *theirs);
            poor += usize::from(ours < 10.0);
            if ours < (theirs - WITHIN).min(GOOD) {
                wrong.push(format!(
                    "model {number}, {}: {ours:.1} dB, ONNX Runtime {theirs:.1} dB",
                    output.output
                ));
            }
        }
    }
    println!(
        "{outputs} outputs of {} models, {better} as good as by ONNX Runtime or better, {poor} below 10 dB",
        reference.len()
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
