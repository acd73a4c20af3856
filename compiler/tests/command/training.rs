//! What is said of training that cannot be.

use std::path::Path;
use std::process::{Command, Output};

fn edgec(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_edgec"))
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx"))
        .args(["-o", "-"])
        .args(args)
        .output()
        .unwrap()
}

/// What a command that fails says, its lines joined.
fn complaint(args: &[&str], code: i32) -> String {
    let output = edgec(args);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{text}");
    text.split_whitespace()
        .filter(|word| *word != "│")
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn layers_that_are_not_there() {
    let text = complaint(&["--trainable", "conv9*"], 2);
    assert!(text.contains("--trainable `conv9*` fits no layer"), "{text}");
    assert!(text.contains("`fc` (Gemm), `conv3` (Conv)"), "{text}");
    let text = complaint(&["--trainable", "last:0"], 2);
    assert!(text.contains("`last:0` must end in a number above zero"), "{text}");
}

#[test]
fn losses_and_optimizers_that_are_not_known() {
    let text = complaint(&["--trainable", "all", "--loss", "hinge"], 2);
    assert!(
        text.contains("known: softmax-cross-entropy, mse, binary-cross-entropy, distillation:T"),
        "{text}"
    );
    let text = complaint(&["--trainable", "all", "--loss", "distillation"], 2);
    assert!(
        text.contains("it needs a temperature, such as distillation:4"),
        "{text}"
    );
    let text = complaint(&["--trainable", "all", "--loss", "distillation:0"], 2);
    assert!(text.contains("T must be a number from 0.01 to 1000"), "{text}");
    let text = complaint(&["--trainable", "all", "--optimizer", "momentum:1"], 2);
    assert!(
        text.contains("BETA must be a number from 0 up to but excluding 1"),
        "{text}"
    );
    let text = complaint(&["--optimizer", "adam"], 2);
    assert!(text.contains("--trainable <LAYERS>"), "{text}");
    let text = complaint(&["--accumulate"], 2);
    assert!(text.contains("--trainable <LAYERS>"), "{text}");
}

#[test]
fn beginnings_that_are_not_known() {
    for (init, text) in [
        (
            "xavier:1",
            "there is no such initialisation; known: keep, zeros, he:SEED",
        ),
        ("he", "it needs a seed, such as he:1"),
        ("he:-1", "SEED must be a whole number from 0 to 18446744073709551615"),
    ] {
        let said = complaint(&["--trainable", "all", "--init", init], 2);
        assert!(said.contains(text), "{said}");
    }
}

#[test]
fn the_regenerate_line_makes_the_same_file() {
    let output = edgec(&[
        "--trainable",
        "last:1,conv*",
        "--loss",
        "distillation:2.5",
        "--optimizer",
        "momentum:0.5",
        "--accumulate",
        "--init",
        "he:3",
    ]);
    let source = String::from_utf8(output.stdout).unwrap();
    let flags =
        "--trainable \"last:1,conv*\" --loss distillation:2.5 --optimizer momentum:0.5 --init he:3 --accumulate";
    assert!(
        source.lines().take(4).any(|line| line.contains(flags)),
        "{}",
        &source[..400]
    );
    assert!(source.contains("pub const PARAMETERS: usize = "));
    let heads = ["| **training** ", "| **apply** "].map(|head| source.find(head).expect(head));
    assert!(heads[0] < heads[1], "{heads:?}");
}

#[test]
fn frozen_parts_that_cannot_be_quantised() {
    let samples = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/digits/calibration.npz");
    let int8 = ["--quantize", "int8", "--calibrate", samples];
    for (layers, more, text) in [
        (
            "all",
            &int8[..],
            "no layer in front of the trained ones is left to be quantised",
        ),
        (
            "last:1",
            &[&int8[..], &["--io", "int8"]].concat(),
            "takes and gives floats: only its frozen part becomes integers",
        ),
        (
            "last:1",
            &[&int8[..], &["--max-loss", "1%"]].concat(),
            "of accuracy cannot be told of a frozen part",
        ),
        (
            "last:1",
            &["--quantize", "f16"],
            "cannot be compiled with --quantize f16 yet",
        ),
    ] {
        let args = [&["--trainable", layers], more].concat();
        let said = complaint(&args, 2);
        assert!(said.contains(text), "{said}");
    }
}
