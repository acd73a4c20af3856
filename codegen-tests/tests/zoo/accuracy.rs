//! Trained models of the zoo on their test sets: accuracy and logits, in floats and quantised.

use codegen_tests::trained::{MODELS, Trained};
use codegen_tests::zoo;
use edgec::data::npz;
use edgec::ir::Tensor;
use edgec::middle::quantize::QuantizeOptions;
use edgec::tools::harness::{Tolerance, compare};
use serde_json::Value;
use std::path::Path;

/// What is wrong with a model in floats, if anything is.
fn check_floats(zoo: &Path, model: &str, reference: &Value) -> Result<(), String> {
    let accuracy = reference["fp32"].as_f64().ok_or("there is no reference")?;
    let trained = Trained::open(zoo, model).map_err(|e| e.to_string())?;
    let results = trained.run(&trained.float).map_err(|e| e.to_string())?;
    let (right, all) = (results.right, results.classes.len());
    println!("{model}: {right} of {all}");
    if right as f64 != (accuracy * all as f64).round() {
        return Err(format!("{right} of {all} are right, not {accuracy}"));
    }
    let arrays = npz::read(Path::new(&trained.data)).map_err(|e| e.to_string())?;
    let logits = arrays["fp32_logits"].to_f64();
    let wanted = logits.chunks_exact(logits.len() / results.outputs.len());
    for (number, (got, wanted)) in results.outputs.iter().zip(wanted).enumerate() {
        let wanted: Vec<f32> = wanted.iter().map(|v| *v as f32).collect();
        let comparison = compare(got, &Tensor::f32(&got.shape, &wanted), Tolerance::default());
        if !comparison.passes() {
            return Err(format!("sample {number}: {comparison}"));
        }
    }
    Ok(())
}

/// What a quantised model may lose: points of accuracy, and decibels against the best of ONNX Runtime's quantizer.
struct Most {
    points: f64,
    decibels: f64,
}

const MOST: Most = Most {
    points: 0.2,
    decibels: 0.0,
};
/// For recurrent models: ONNX Runtime leaves their layers in floats.
const RECURRENT: Most = Most {
    points: 0.5,
    decibels: 0.5,
};

/// What is wrong with a model quantised as by default, if anything is.
fn check_quantised(zoo: &Path, model: &str, reference: &Value) -> Result<(), String> {
    let methods = reference.as_object().ok_or("there is no reference")?.values();
    let best = methods.filter_map(|method| method.get("sqnr_db")?.as_f64());
    let best = best.reduce(f64::max).ok_or("there is no reference")?;
    let recurrent = reference["MinMax_s8"]["ops"].as_object().is_some_and(|ops| {
        let kinds = ["LSTM", "GRU"];
        kinds.iter().any(|kind| ops.contains_key(*kind))
    });
    let most = if recurrent { RECURRENT } else { MOST };
    let trained = Trained::open(zoo, model).map_err(|e| e.to_string())?;
    let wanted = trained.run(&trained.float).map_err(|e| e.to_string())?;
    let options = QuantizeOptions::new(trained.calibration());
    let compiled = trained.compiler.clone().quantize(options).compile();
    let compiled = compiled.map_err(|e| e.to_string())?;
    let got = trained.run(&compiled).map_err(|e| e.to_string())?;
    let (accuracy, floats) = (got.accuracy(), wanted.accuracy());
    let decibels = got.noise(&wanted).decibels();
    println!("{model}: {accuracy:.2} % of {floats:.2} %, {decibels:.1} dB, ONNX Runtime {best:.1} dB");
    if accuracy < floats - most.points {
        return Err(format!("{accuracy:.2} % are right, {floats:.2} % in floats"));
    }
    if decibels < best - most.decibels {
        return Err(format!("{decibels:.1} dB, ONNX Runtime's quantizer has {best:.1} dB"));
    }
    Ok(())
}

#[track_caller]
fn all(check: fn(&Path, &str, &Value) -> Result<(), String>) {
    let Some(zoo) = zoo::folder() else { return };
    let text = std::fs::read_to_string(zoo.join("trained/ptq.json")).unwrap();
    let reference: Value = serde_json::from_str(&text).unwrap();
    let failed = MODELS.iter().filter_map(|model| {
        let error = check(&zoo, model, &reference[model]).err()?;
        Some(format!("{model}: {error}"))
    });
    let failed: Vec<_> = failed.collect();
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn trained_models_are_as_accurate_as_their_reference() {
    all(check_floats);
}

#[test]
fn quantised_models_are_as_accurate_as_in_floats() {
    all(check_quantised);
}
