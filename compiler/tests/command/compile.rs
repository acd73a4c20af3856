//! The `edgec` command as people run it.

use edgec::data::npz;
use edgec::ir::Tensor;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(super) fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx")
}

pub(super) fn edgec(folder: &Path, args: &[&str]) -> Output {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command
        .current_dir(folder)
        .args(args)
        .env("XDG_CACHE_HOME", cache)
        .output()
        .unwrap()
}

pub(super) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

pub(super) fn code(output: &Output) -> Option<i32> {
    output.status.code()
}

#[test]
fn the_same_model_gives_the_same_bytes_in_another_process_and_folder() {
    let mut files = vec![];
    for copy in ["one", "two"] {
        let folder = tempfile::tempdir().unwrap();
        let model_copy = folder.path().join(copy).join("digits.onnx");
        std::fs::create_dir(model_copy.parent().unwrap()).unwrap();
        std::fs::copy(model(), &model_copy).unwrap();
        let args = [
            model_copy.to_str().unwrap(),
            "-o",
            "out.rs",
            "--weights",
            "sidecar",
            "--name",
            "Digits",
        ];
        let output = edgec(folder.path(), &args);
        assert_eq!(code(&output), Some(0), "{}", stderr(&output));
        assert!(stderr(&output).contains("kernel calls"));
        let read = |name| std::fs::read(folder.path().join(name)).unwrap();
        files.push((read("out.rs"), read("out.weights")));
    }
    assert!(files[0] == files[1]);
}

#[test]
fn source_or_summary_goes_to_stdout() {
    let folder = tempfile::tempdir().unwrap();
    let model = model();
    let model = model.to_str().unwrap();
    let source = edgec(folder.path(), &[model, "-o", "-"]);
    assert!(String::from_utf8(source.stdout).unwrap().contains("pub struct Digits"));
    let json = edgec(folder.path(), &[model, "-o", "d.rs", "--json"]);
    let summary: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(
        summary["macs"].as_u64() > Some(0) && summary["ram"].is_u64(),
        "{summary}"
    );
    let first = &summary["calls"][0];
    assert_eq!((&first["name"], &first["output"][3]), (&"l00_conv".into(), &16.into()));
    assert_eq!(summary["calls"].as_array().unwrap().len(), 6);
    assert_eq!((&summary["target"], &summary["opset"]), (&"board".into(), &17.into()));
    let hash = summary["sha256"].as_str().unwrap().to_owned();
    assert_eq!(hash.len(), 64);
    let emitted = std::fs::read_to_string(folder.path().join("d.rs")).unwrap();
    assert!(emitted.contains(&format!("MODEL_SHA256: &'static str = \"{hash}\"")));
    let inspection = edgec(folder.path(), &["inspect", model, "--json"]);
    let inspection: serde_json::Value = serde_json::from_slice(&inspection.stdout).unwrap();
    assert_eq!(inspection["operators"][0]["name"], "Conv", "{inspection}");
    let text = edgec(folder.path(), &["inspect", model]);
    assert!(String::from_utf8(text.stdout).unwrap().contains("parameters"));
}

#[test]
fn images_can_be_taken_channels_last() {
    let folder = tempfile::tempdir().unwrap();
    let model = model();
    let model = model.to_str().unwrap();
    let output = edgec(
        folder.path(),
        &[model, "-o", "d.rs", "--input-layout", "nhwc", "--json"],
    );
    let summary: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(summary["inputs"][0]["shape"], serde_json::json!([1, 8, 8, 1]));
    let emitted = std::fs::read_to_string(folder.path().join("d.rs")).unwrap();
    assert!(
        emitted.contains("-o d.rs --input-layout nhwc"),
        "the command that makes it again"
    );
    let output = edgec(folder.path(), &["inspect", model, "--input-layout", "picture=nhwc"]);
    assert!(String::from_utf8_lossy(&output.stdout).contains("no input called `picture`"));
    let output = edgec(folder.path(), &[model, "-o", "d.rs", "--input-layout", "nchw"]);
    assert_eq!(code(&output), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("`nchw` is no layout"), "{}", stderr(&output));
}

#[test]
fn the_prune_report_is_a_table_or_json() {
    let folder = tempfile::tempdir().unwrap();
    let model = model();
    let model = model.to_str().unwrap();
    let table = edgec(folder.path(), &["inspect", model, "--prune-report"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(table.contains("without 75 % of the channels"), "{table}");
    let with_source = edgec(folder.path(), &[model, "-o", "d.rs", "--prune-report"]);
    assert!(stderr(&with_source).contains("without 75 % of the channels"));
    let json = edgec(folder.path(), &[model, "-o", "d.rs", "--prune-report", "--json"]);
    let json: serde_json::Value = serde_json::from_slice(&json.stdout).unwrap();
    let costs = json["prune_report"]["pruned"].as_array().unwrap();
    let macs: Vec<_> = costs.iter().map(|cost| cost["macs"].as_u64().unwrap()).collect();
    assert_eq!(macs[0], json["macs"].as_u64().unwrap());
    assert!(macs[1] < macs[0] && macs[2] < macs[1], "{macs:?}");
    assert!(json["prune_report"]["layers"][0]["before"]["channels"].as_u64() > Some(0));
}

#[test]
fn exit_codes_tell_usage_from_failure() {
    let folder = tempfile::tempdir().unwrap();
    let model = model();
    let model = model.to_str().unwrap();
    std::fs::write(folder.path().join("bad.onnx"), b"no model").unwrap();
    let cases: [(&[&str], i32, &str); 7] = [
        (&[], 2, "Usage"),
        (&[model], 2, "--output"),
        (&[model, "-o", "-", "--weights", "sidecar"], 2, "stdout"),
        (&[model, "-o", "x.rs", "--dim", "nothing=3"], 2, "nothing"),
        (&[model, "-o", "x.rs", "--print-after", "nothing"], 2, "no pass"),
        (&["bad.onnx", "-o", "x.rs"], 1, "ONNX"),
        (&["verify", model, "--golden", "missing.npz"], 1, "missing.npz"),
    ];
    for (args, expected, part) in cases {
        let output = edgec(folder.path(), args);
        assert_eq!(code(&output), Some(expected), "{args:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(part), "{args:?}: {}", stderr(&output));
    }
}

#[test]
fn results_are_verified_against_a_reference() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let model = model();
    let compiled = edgec::Compiler::new(&model).compile().unwrap();
    let (input, output) = (&compiled.program.inputs[0], &compiled.program.outputs[0]);
    let values: Vec<f32> = (0..input.ty.len()).map(|i| i as f32 / 64.0).collect();
    let tensor = Tensor::f32(&input.ty.shape, &values);
    npz::write(&at("in.npz"), &[(&input.name, &tensor)]).unwrap();

    let model = model.to_str().unwrap();
    let run = edgec(
        folder.path(),
        &["run", model, "--input", "in.npz", "--output", "out.npz"],
    );
    assert_eq!(code(&run), Some(0), "{}", stderr(&run));
    let result = npz::read(&at("out.npz")).unwrap().remove(&output.name).unwrap();

    let (key_in, key_out) = (format!("in0:{}", input.name), format!("out0:{}", output.name));
    npz::write(&at("golden.npz"), &[(&key_in, &tensor), (&key_out, &result)]).unwrap();
    let wrong = Tensor::f32(&result.shape, &vec![77.0; result.len()]);
    npz::write(&at("wrong.npz"), &[(&key_in, &tensor), (&key_out, &wrong)]).unwrap();
    for (golden, how, expected) in [
        ("golden.npz", None, 0),
        ("wrong.npz", None, 1),
        ("golden.npz", Some("--executor"), 0),
        ("wrong.npz", Some("--executor"), 1),
    ] {
        let args: Vec<&str> = ["verify", model, "--golden", golden].into_iter().chain(how).collect();
        let output = edgec(folder.path(), &args);
        assert_eq!(code(&output), Some(expected), "{}", stderr(&output));
        assert!(String::from_utf8_lossy(&output.stdout).contains("worst error"));
    }
}

/// A set of `count` samples for the digits model, each element made by `element` of the sample's and its own number.
fn digits_samples(folder: &Path, count: usize, element: impl Fn(usize, usize) -> f32) -> PathBuf {
    let values: Vec<f32> = (0..count * 64).map(|i| element(i / 64, i % 64)).collect();
    let path = folder.join("samples.npz");
    npz::write(&path, &[("calib", &Tensor::f32(&[count, 1, 8, 8], &values))]).unwrap();
    path
}

#[test]
fn a_model_is_quantised_and_the_banner_says_how() {
    let folder = tempfile::tempdir().unwrap();
    digits_samples(folder.path(), 120, |sample, i| {
        ((sample * 31 + i * 17) % 97) as f32 / 97.0
    });
    let model = model();
    let output = edgec(
        folder.path(),
        &[
            model.to_str().unwrap(),
            "-o",
            "out.rs",
            "--quantize",
            "int8",
            "--calibrate",
            "samples.npz:calib",
            "--io",
            "int8",
            "--round",
            "nearest",
        ],
    );
    assert_eq!(code(&output), Some(0), "{}", stderr(&output));
    assert!(stderr(&output).contains("on 120 samples"), "{}", stderr(&output));
    let source = std::fs::read_to_string(folder.path().join("out.rs")).unwrap();
    assert!(source.contains("--quantize int8 --calibrate samples.npz:calib --io int8 --round nearest"));
    for constant in ["_SCALE: f32 = ", "_ZERO_POINT: i32 = "] {
        assert_eq!(source.matches(constant).count(), 2, "{source}");
    }
    assert!(source.contains("[i8; 64]") && source.contains("[i8; 10]"), "{source}");
}

#[test]
fn samples_that_do_not_serve_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let model = model();
    let quantised = |arguments: &[&str]| {
        let all = [&[model.to_str().unwrap(), "-o", "out.rs"], arguments].concat();
        let output = edgec(folder.path(), &all);
        (code(&output), stderr(&output))
    };
    let refused = |arguments: &[&str], text: &str| {
        let (code, stderr) = quantised(arguments);
        assert!(code != Some(0) && stderr.contains(text), "{text}: {stderr}");
        assert!(!folder.path().join("out.rs").exists(), "{text}");
    };
    refused(&["--quantize", "int8"], "--calibrate");
    refused(&["--calibrate", "samples.npz"], "--quantize");
    refused(&["--quantize", "f16", "--calibrate", "samples.npz"], "need no samples");
    let int8 = ["--quantize", "int8", "--calibrate", "samples.npz:calib"];
    refused(&int8, "samples.npz");
    digits_samples(folder.path(), 3, |_, i| i as f32);
    refused(&int8, "3 calibration samples");
    refused(&["--quantize", "int8", "--calibrate", "samples.npz:other"], "other");
    digits_samples(
        folder.path(),
        30,
        |sample, i| if (sample, i) == (11, 5) { f32::NAN } else { 0.5 },
    );
    refused(&int8, "sample 11");
    digits_samples(folder.path(), 30, |sample, i| (sample + i) as f32);
    let unmet = [&int8[..], &["--max-loss", "0.5%"]].concat();
    refused(&unmet, "without labels");
    refused(&[&int8[..], &["--max-loss", "much"]].concat(), "30dB");
    refused(&[&int8[..], &["--percentile", "99"]].concat(), "--method percentile");
    let wrong = Tensor::f32(&[30, 5, 5], &[0.0; 750]);
    npz::write(&folder.path().join("samples.npz"), &[("calib", &wrong)]).unwrap();
    refused(&int8, "calib");
}
