//! `edgec tune` and `--tuned`, on the digits model.

use super::digits::said;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const DIGITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/digits/digits.onnx");

fn edgec(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command.current_dir(folder).args(args).output().unwrap()
}

#[track_caller]
fn source(folder: &Path, args: &[&str]) -> String {
    let output = edgec(folder, &[&[DIGITS, "-o", "digits.rs"], args].concat());
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    fs::read_to_string(folder.join("digits.rs")).unwrap()
}

#[test]
fn what_was_measured_is_compiled_again_and_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let output = edgec(folder, &["tune", DIGITS, "-o", "digits.json", "--seconds", "1"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.contains(" layers with several ways take "), "{text}");
    let found: serde_json::Value = serde_json::from_slice(&fs::read(folder.join("digits.json")).unwrap()).unwrap();
    assert_eq!(
        (
            &found["model"],
            &found["target"],
            found["layers"].as_array().unwrap().len()
        ),
        (&"digits.onnx".into(), &"board".into(), 2)
    );
    for layer in found["layers"].as_array().unwrap() {
        let ways: Vec<_> = std::iter::once(layer)
            .chain(layer["others"].as_array().unwrap())
            .collect();
        assert!(ways.iter().all(|way| way["micros"].as_f64().unwrap() > 0.0), "{layer}");
        let mut kernels: Vec<_> = ways.iter().map(|way| way["kernel"].as_str().unwrap()).collect();
        kernels.sort_unstable();
        assert_eq!(kernels, ["conv2d", "winograd_conv2d"]);
    }
    let first = source(folder, &["--tuned", "digits.json"]);
    assert!(
        first.contains("edgec digits.onnx -o digits.rs --tuned digits.json"),
        "{first}"
    );
    assert_eq!(source(folder, &["--tuned", "digits.json"]), first);
    // Its own file may be replaced, others not.
    let again = edgec(folder, &["tune", DIGITS, "-o", "digits.json", "--seconds", "1"]);
    assert_eq!(again.status.code(), Some(0), "{}", said(&again));
    let over = edgec(folder, &["tune", DIGITS, "-o", "digits.rs", "--seconds", "1"]);
    assert_eq!(over.status.code(), Some(2), "{}", said(&over));
    assert!(
        said(&over).contains("is there already, and edgec has not written it"),
        "{}",
        said(&over)
    );
}

/// A file that chooses this for a convolution, and says this too.
fn choose_for(folder: &Path, about: &str, layer: &str, kernel: &str, layout: &str) {
    let text = format!(r#"{{{about}"layers": [{{"name": "{layer}", "kernel": "{kernel}", "layout": "{layout}"}}]}}"#);
    fs::write(folder.join("chosen.json"), text).unwrap();
}

fn choose(folder: &Path, layer: &str, kernel: &str, layout: &str) {
    choose_for(folder, "", layer, kernel, layout);
}

#[test]
fn another_target_is_refused_and_another_file_of_the_model_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let about = r#""target": "board", "sha256": "00", "#;
    choose_for(folder, about, "conv2", "conv2d", "floats");
    let compile = |target| {
        edgec(
            folder,
            &[DIGITS, "-o", "digits.rs", "--tuned", "chosen.json", "--target", target],
        )
    };
    let told = compile("board");
    assert_eq!(told.status.code(), Some(0), "{}", said(&told));
    assert!(
        said(&told).contains("note: the tuned file was measured with a file of the model that has another SHA-256"),
        "{}",
        said(&told)
    );
    let refused = compile("aarch64");
    assert_eq!(refused.status.code(), Some(2), "{}", said(&refused));
    assert!(
        said(&refused).contains("the tuned file is for the target board, and the model is compiled for aarch64"),
        "{}",
        said(&refused)
    );
}

#[test]
fn the_file_decides() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let plain = source(folder, &[]);
    choose(folder, "conv2", "winograd_conv2d", "transformed floats");
    let tuned = source(folder, &["--tuned", "chosen.json"]);
    assert!(
        !plain.contains("kernels::winograd_conv2d(") && tuned.contains("kernels::winograd_conv2d("),
        "{tuned}"
    );
    choose(folder, "conv2", "conv2d", "floats");
    assert!(!source(folder, &["--tuned", "chosen.json"]).contains("kernels::winograd_conv2d("));
    // `run` computes as the emitted code does: with other roundings by another way.
    let image: Vec<f32> = (0..64).map(|i| (i * i % 61) as f32 / 61.0).collect();
    let image = edgec::ir::Tensor::f32(&[1, 1, 8, 8], &image);
    edgec::data::npz::write(&folder.join("in.npz"), &[("image", &image)]).unwrap();
    let run = |kernel, layout, output| {
        choose(folder, "conv2", kernel, layout);
        let args = [
            "run",
            DIGITS,
            "--input",
            "in.npz",
            "--output",
            output,
            "--winograd",
            "on",
            "--tuned",
            "chosen.json",
        ];
        let ran = edgec(folder, &args);
        assert_eq!(ran.status.code(), Some(0), "{}", said(&ran));
        fs::read(folder.join(output)).unwrap()
    };
    let direct = run("conv2d", "floats", "direct.npz");
    assert_ne!(run("winograd_conv2d", "transformed floats", "winograd.npz"), direct);
}

#[test]
fn files_of_other_models_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let refused = |args: &[&str]| {
        let output = edgec(folder, &[&[DIGITS, "-o", "digits.rs"], args].concat());
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        said(&output)
    };
    choose(folder, "conv9", "conv2d", "floats");
    let text = refused(&["--tuned", "chosen.json"]);
    assert!(
        text.contains("that this model does not offer: `conv9` by conv2d of floats"),
        "{text}"
    );
    assert!(text.contains("write the file again by `edgec tune`"), "{text}");
    // With other options there may be no such way.
    choose(folder, "conv2", "winograd_conv2d", "transformed floats");
    let text = refused(&["--tuned", "chosen.json", "--winograd", "off"]);
    assert!(
        text.contains("`conv2` by winograd_conv2d of transformed floats"),
        "{text}"
    );
    let text = refused(&["--tuned", "nothing.json"]);
    assert!(text.contains("nothing.json") && text.contains("No such file"), "{text}");
    fs::write(folder.join("notes.json"), "notes").unwrap();
    let text = refused(&["--tuned", "notes.json"]);
    assert!(
        text.contains("`edgec tune MODEL.onnx -o FILE.json` writes one"),
        "{text}"
    );
    let output = edgec(folder, &["tune", DIGITS, "-o", "t.json", "--target", "cortex-m4f"]);
    assert_eq!(output.status.code(), Some(2), "{}", said(&output));
    assert!(
        said(&output).contains("cortex-m4f is no machine like this one"),
        "{}",
        said(&output)
    );
    assert!(!folder.join("t.json").exists());
}
