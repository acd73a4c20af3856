//! `edgec eval`: test sets whose labels are what the model itself says, except for some.

use edgec::data::npz;
use edgec::ir::Tensor;
use edgec::tools::eval::Classes;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const SAMPLES: usize = 40;
/// Samples whose label is not what the model says.
const WRONG: usize = 3;

fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx")
}

fn eval(folder: &Path, args: &[&str]) -> Output {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command
        .current_dir(folder)
        .arg("eval")
        .arg(model())
        .args(args)
        .env("XDG_CACHE_HOME", cache)
        .output()
        .unwrap()
}

fn json(folder: &Path, args: &[&str]) -> serde_json::Value {
    let output = eval(folder, &[args, &["--json"]].concat());
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{text}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Samples `x`, labels `y`, labels `far` beyond the classes and `few` of too small a number.
fn write_test_set(path: &Path) {
    let compiled = edgec::Compiler::new(model()).compile().unwrap();
    let (input, output) = (&compiled.program.inputs[0], &compiled.program.outputs[0]);
    let classes = Classes::of(output, 1).unwrap();
    let mut state = 1_u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32
    };
    let mut executor = compiled.executor();
    let (mut values, mut labels) = (vec![], vec![]);
    for number in 0..SAMPLES {
        let sample: Vec<f32> = (0..input.ty.len()).map(|_| next()).collect();
        let outputs = executor.run(&[Tensor::f32(&input.ty.shape, &sample)]);
        let best = classes.best(&outputs[0])[0];
        labels.push(if number < WRONG {
            (best + 1) % classes.count
        } else {
            best
        } as i64);
        values.extend(sample);
    }
    let shape = [&[SAMPLES], &input.ty.shape[1..]].concat();
    let mut far = labels.clone();
    far[5] = classes.count as i64;
    npz::write(
        path,
        &[
            ("x", &Tensor::f32(&shape, &values)),
            ("y", &Tensor::i64(&[SAMPLES], &labels)),
            ("far", &Tensor::i64(&[SAMPLES], &far)),
            ("few", &Tensor::i64(&[2], &labels[..2])),
        ],
    )
    .unwrap();
}

#[test]
fn accuracy_is_that_of_the_labels() {
    let folder = tempfile::tempdir().unwrap();
    write_test_set(&folder.path().join("t.npz"));
    let report = json(folder.path(), &["--data", "t.npz"]);
    let scores = report["scores"].as_array().unwrap();
    assert_eq!(scores.len(), 2, "{report}");
    for score in scores {
        assert_eq!(score["correct"], SAMPLES - WRONG, "{report}");
    }
    assert_eq!(scores[1]["identical"], SAMPLES, "{report}");

    let first = json(folder.path(), &["--data", "t.npz:x", "--first", "5", "--no-build"]);
    assert_eq!(
        (&first["samples"], &first["scores"][0]["correct"]),
        (&5.into(), &(5 - WRONG).into())
    );
    let unlabelled = json(folder.path(), &["--data", "t.npz", "--labels", "none", "--no-build"]);
    assert!(unlabelled["scores"][0]["correct"].is_null(), "{unlabelled}");
    let text = eval(folder.path(), &["--data", "t.npz", "--no-build"]);
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.contains("92.50 % (37/40)"), "{text}");
}

#[test]
fn quantised_models_are_compared_with_the_float_model() {
    let folder = tempfile::tempdir().unwrap();
    write_test_set(&folder.path().join("t.npz"));
    for io in ["float", "int8"] {
        let quantize = ["--quantize", "int8", "--calibrate", "t.npz:x", "--io", io];
        let report = json(
            folder.path(),
            &[&["--data", "t.npz", "--no-build"], &quantize[..]].concat(),
        );
        let scores = report["scores"].as_array().unwrap();
        assert_eq!(scores[0]["model"], "float, executor");
        assert_eq!(scores[1]["model"], "int8, executor");
        assert!(scores[1]["agrees"].as_u64() > Some(30), "{report}");
        assert!(scores[1]["sqnr"][0][1]["db"].as_f64() > Some(15.0), "{report}");
        let layers = report["layers"].as_array().unwrap();
        let noise: Vec<f64> = layers.iter().filter_map(|layer| layer["sqnr"]["db"].as_f64()).collect();
        assert!(noise.len() > 3 && noise.is_sorted() && noise[0] > 10.0, "{report}");
        assert!(
            layers
                .iter()
                .any(|layer| layer["operator"] == "Input" && layer["dtype"] == "i8")
        );
    }
}

#[test]
fn what_is_wrong_with_a_test_set_is_told() {
    let folder = tempfile::tempdir().unwrap();
    write_test_set(&folder.path().join("t.npz"));
    let cases: [(&[&str], i32, &str); 8] = [
        (&[], 2, "--data"),
        (&["--data", "missing.npz"], 1, "missing.npz"),
        (&["--data", "t.npz:z"], 1, "no array `z`"),
        (&["--data", "t.npz:x", "--samples", "x"], 2, "already"),
        (&["--data", "t.npz", "--labels", "z"], 1, "labels `z`"),
        (&["--data", "t.npz", "--labels", "few"], 1, "2 labels for 40 samples"),
        (&["--data", "t.npz", "--labels", "far"], 1, "label 5 is class"),
        (&["--data", "t.npz", "--output", "nothing"], 2, "no output `nothing`"),
    ];
    for (args, code, part) in cases {
        let output = eval(folder.path(), args);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(part), "{args:?}: {text}");
    }
}
