//! `edgec prune`, on the digits model and its calibration samples.

use edgec::Compiler;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/digits")
        .join(file)
}

fn prune(folder: &Path, model: &Path, calibrate: &str, flags: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command.current_dir(folder).arg("prune").arg(model);
    command.args(["--calibrate", calibrate]).args(flags).output().unwrap()
}

fn digits(folder: &Path, flags: &[&str]) -> Output {
    let samples = example("calibration.npz");
    prune(folder, &example("digits.onnx"), samples.to_str().unwrap(), flags)
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).replace('│', "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_pruned_model_compiles_to_fewer_multiplications() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.onnx");
    let output = digits(folder.path(), &["--channels", "30%", "-o", "p.onnx", "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let macs = |which: &str| report[which]["macs"].as_u64().unwrap();
    let compiled = |path: &Path| Compiler::new(path).compile().unwrap().report.macs;
    assert_eq!(
        [macs("before"), macs("after")],
        [compiled(&example("digits.onnx")), compiled(&path)]
    );
    assert!(macs("after") * 10 <= macs("before") * 7, "{report}");
    let left = report["evaluation"]["scores"][1]["sqnr"][0][1]["db"].as_f64().unwrap();
    assert!(left > 8.0, "{left} dB");

    // What is there already may be replaced if it was pruned here, or if that is asked for.
    let again = digits(folder.path(), &["--channels", "10%", "-o", "p.onnx"]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    assert!(compiled(&path) > macs("after"));
    std::fs::write(&path, "notes").unwrap();
    let refused = digits(folder.path(), &["--channels", "10%", "-o", "p.onnx"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(
        said(&refused).contains("edgec has not written it"),
        "{}",
        said(&refused)
    );
    assert_eq!(std::fs::read(&path).unwrap(), b"notes");
}

#[test]
fn what_cannot_be_is_said() {
    let folder = tempfile::tempdir().unwrap();
    for (flags, wanted) in [
        (&["--channels", "0.3", "-o", "p.onnx"][..], "as in 30%"),
        (&["-o", "p.onnx"], "--channels"),
        (&["--channels", "30%"], "--output"),
        (&["--channels", "30%", "-o", "-"], "not written to stdout"),
    ] {
        let output = digits(folder.path(), flags);
        assert_eq!(output.status.code(), Some(2), "{flags:?}");
        assert!(said(&output).contains(wanted), "{flags:?}: {}", said(&output));
    }
    let output = digits(folder.path(), &["--channels", "99%", "-o", "p.onnx", "--no-refit"]);
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(
        text.contains("could go, not 99.0 %") && text.contains("WARNING"),
        "{text}"
    );
}

/// A trained model loses three tenths of its multiplications, and no more than a point of its accuracy.
#[test]
fn a_model_of_the_zoo_stays_accurate() {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/zoo");
    let zoo = std::env::var_os("EDGEC_ZOO").map_or_else(beside, PathBuf::from);
    let (model, data) = (
        zoo.join("trained/har_conv1d.onnx"),
        zoo.join("data/har_conv1d_testset.npz"),
    );
    if !model.exists() || !data.exists() {
        eprintln!("skipped: there is no {}", model.display());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let data = data.to_str().unwrap();
    let flags = ["--channels", "30%", "--data", data, "-o", "p.onnx", "--json"];
    let output = prune(folder.path(), &model, &format!("{data}:calib"), &flags);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let number = |value: &serde_json::Value| value.as_f64().unwrap();
    assert!(number(&report["after"]["macs"]) <= 0.7 * number(&report["before"]["macs"]));
    let correct = |i: usize| number(&report["evaluation"]["scores"][i]["correct"]);
    let samples = number(&report["evaluation"]["samples"]);
    assert!(
        correct(1) >= correct(0) - 0.01 * samples,
        "{} and {}",
        correct(0),
        correct(1)
    );
}
