//! What the command writes replaces nothing that it should not, and the source names its weights whatever they are
//! called.

use edgec::data::npz;
use edgec::ir::Tensor;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn edgec(folder: &Path, args: &[&OsStr]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command.current_dir(folder).args(args).output().unwrap()
}

/// Compiles the digits model in a folder, with its weights in a sidecar unless the flags say otherwise.
fn compile(folder: &Path, output: impl AsRef<OsStr>, flags: &[&str]) -> Output {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx");
    if !folder.join("digits.onnx").exists() {
        fs::copy(model, folder.join("digits.onnx")).unwrap();
    }
    let sidecar: &[&str] = if flags.contains(&"--weights") {
        &[]
    } else {
        &["--weights", "sidecar"]
    };
    let flags: Vec<_> = sidecar.iter().chain(flags).map(OsStr::new).collect();
    let args = ["digits.onnx", "-o"].map(OsStr::new);
    edgec(folder, &[&args[..], &[output.as_ref()], &flags].concat())
}

fn message(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    text.split(|c: char| c.is_whitespace() || c == '│')
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn inputs_are_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(compile(folder, "first.rs", &[]).status.success());
    let pixels: Vec<f32> = (0..640).map(|i| (i * 37 % 101) as f32 / 100.0).collect();
    let samples = Tensor::f32(&[10, 1, 8, 8], &pixels);
    npz::write(&folder.join("samples.npz"), &[("x", &samples)]).unwrap();
    for (output, kept) in [
        ("digits.onnx", "digits.onnx"),
        ("samples.npz", "samples.npz"),
        ("./digits.onnx", "digits.onnx"),
    ] {
        let before = fs::read(folder.join(kept)).unwrap();
        for flags in [
            &["--quantize", "int8", "--calibrate", "samples.npz"][..],
            &["--force", "--quantize", "int8", "--calibrate", "samples.npz"],
        ] {
            let wrong = compile(folder, output, flags);
            assert_eq!(wrong.status.code(), Some(2), "{output}: {}", message(&wrong));
            assert!(message(&wrong).contains("which is read"), "{}", message(&wrong));
            assert!(fs::read(folder.join(kept)).unwrap() == before);
        }
    }
    // The weights would go to the place of an input.
    fs::rename(folder.join("digits.onnx"), folder.join("digits.weights")).unwrap();
    let args = ["digits.weights", "--weights", "sidecar", "-o", "digits.rs", "--force"].map(OsStr::new);
    let wrong = edgec(folder, &args);
    assert!(message(&wrong).contains("which is read"), "{}", message(&wrong));
    assert!(!folder.join("digits.rs").exists(), "nothing is written by half");
    // As would the results of a run.
    npz::write(
        &folder.join("in.npz"),
        &[("image", &Tensor::f32(&[1, 1, 8, 8], &[0.5; 64]))],
    )
    .unwrap();
    let run = |output: &str| {
        let args = [
            "run",
            "digits.weights",
            "--input",
            "in.npz",
            "--force",
            "--output",
            output,
        ];
        edgec(folder, &args.map(OsStr::new))
    };
    for output in ["in.npz", "digits.weights"] {
        assert!(
            message(&run(output)).contains("which is read"),
            "{}",
            message(&run(output))
        );
    }
}

#[test]
fn samples_of_a_folder_are_never_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    assert!(compile(folder, "first.rs", &[]).status.success());
    fs::create_dir(folder.join("samples")).unwrap();
    let sample = [
        &b"\x93NUMPY\x01\0\x76\0"[..],
        b"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 1, 8, 8), }",
    ];
    let mut sample = sample.concat();
    sample.resize(127, b' ');
    sample.push(b'\n');
    sample.resize(128 + 4 * 64, 0);
    for number in 0..10 {
        fs::write(folder.join(format!("samples/{number}.npy")), &sample).unwrap();
    }
    let flags = ["--quantize", "int8", "--calibrate", "samples", "--force"];
    let wrong = compile(folder, "samples/3.npy", &flags);
    assert!(message(&wrong).contains("which is read"), "{}", message(&wrong));
    assert!(fs::read(folder.join("samples/3.npy")).unwrap() == sample);
    // What is beside them may be.
    let right = compile(folder, "samples/model.rs", &[&flags[..], &["--allow-loss"]].concat());
    assert!(right.status.success(), "{}", message(&right));
}

#[test]
fn outputs_do_not_overwrite_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (output, flags) in [
        ("both.weights", &["--weights", "sidecar"][..]),
        ("both.rs", &["--c-header", "./both.rs"]),
        ("both.rs", &["--c-header", "both_c.rs"]),
        ("both.rs", &["--c-header", "both.weights", "--weights", "sidecar"]),
    ] {
        let wrong = compile(folder, output, flags);
        assert_eq!(wrong.status.code(), Some(2), "{flags:?}: {}", message(&wrong));
        assert!(message(&wrong).contains("written twice"), "{}", message(&wrong));
        assert!(!folder.join(output).exists());
    }
}

#[test]
fn weights_that_move_into_the_source_leave_no_file_behind() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (weights, beside) in [("sidecar", true), ("inline", false), ("sidecar", true)] {
        let output = compile(folder, "moved.rs", &["--weights", weights]);
        assert!(output.status.success(), "{weights}: {}", message(&output));
        assert_eq!(folder.join("moved.weights").exists(), beside, "{weights}");
    }
}

#[test]
fn files_of_others_are_replaced_by_force_only() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for name in ["main.rs", "other.weights"] {
        fs::write(folder.join(name), "precious").unwrap();
        let output = Path::new(name).with_extension("rs");
        let refused = compile(folder, &output, &[]);
        assert_eq!(refused.status.code(), Some(2), "{}", message(&refused));
        assert!(message(&refused).contains("has not written it") && message(&refused).contains("--force"));
        assert_eq!(fs::read(folder.join(name)).unwrap(), b"precious");
        assert!(compile(folder, &output, &["--force"]).status.success());
        assert_ne!(fs::read(folder.join(name)).unwrap(), b"precious");
        // From now on they are edgec's own.
        assert!(compile(folder, &output, &[]).status.success());
    }
    // Code of edgec with its weights inside says nothing about a file beside it.
    assert!(compile(folder, "inline.rs", &["--weights", "inline"]).status.success());
    fs::write(folder.join("inline.weights"), "precious").unwrap();
    let refused = compile(folder, "inline.rs", &[]);
    assert!(
        message(&refused).contains("has not written it"),
        "{}",
        message(&refused)
    );
    assert_eq!(fs::read(folder.join("inline.weights")).unwrap(), b"precious");
    let left: Vec<_> = fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert!(
        left.iter().all(|name| !name.to_string_lossy().ends_with(".part")),
        "{left:?}"
    );
}

#[cfg(unix)]
#[test]
fn the_source_names_its_weights_whatever_they_are_called() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    for name in [
        "quote\"d",
        "back\\slash",
        "new\nline",
        "tab\tand \u{1b}[31m",
        "ünï",
        "{}",
        "//",
        "per%cent",
    ] {
        let name = name.replace("//", "*");
        let output = compile(folder.path(), format!("{name}.rs"), &[]);
        assert!(output.status.success(), "{name:?}: {}", message(&output));
        let source = fs::read_to_string(folder.path().join(format!("{name}.rs"))).unwrap();
        let file = syn::parse_file(&source).unwrap_or_else(|e| panic!("{name:?}: {e}"));
        let (_, rest) = source.split_once("include_bytes!(").unwrap();
        let (literal, _) = rest.split_once("))").unwrap();
        let literal: syn::LitStr = syn::parse_str(literal).unwrap();
        assert_eq!(literal.value(), format!("{name}.weights"));
        assert!(folder.path().join(literal.value()).exists() && !file.items.is_empty());
    }
    let bytes = OsStr::from_bytes(b"\xff.rs");
    let refused = compile(folder.path(), bytes, &[]);
    assert!(message(&refused).contains("is not text"), "{}", message(&refused));
    assert!(!folder.path().join(bytes).exists());
}

#[test]
fn a_rule_of_make_names_what_the_output_was_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/calibration.npz");
    fs::copy(samples, folder.join("of it.npz")).unwrap();
    let quantized = [
        "--quantize",
        "int8",
        "--calibrate",
        "of it.npz:image",
        "--depfile",
        "m.d",
    ];
    for _ in 0..2 {
        let compiled = compile(folder, "m.rs", &quantized);
        assert!(compiled.status.success(), "{}", message(&compiled));
        let rule = fs::read_to_string(folder.join("m.d")).unwrap();
        assert_eq!(rule, "m.rs: \\\n  digits.onnx \\\n  of\\ it.npz\n");
    }
    // Neither what is read nor files of others are replaced, and a rule is about a file.
    for (output, depfile, told) in [
        ("m.rs", "digits.onnx", "which is read"),
        ("n.rs", "m.rs", "edgec has not written it"),
        ("m.rs", "m.rs", "would be written"),
        ("-", "o.d", "stdout is no file"),
    ] {
        let flags = ["--weights", "inline", "--depfile", depfile];
        let wrong = compile(folder, output, &flags);
        assert_eq!(wrong.status.code(), Some(2), "{depfile}: {}", message(&wrong));
        assert!(message(&wrong).contains(told), "{depfile}: {}", message(&wrong));
    }
    assert!(
        fs::read_to_string(folder.join("m.rs"))
            .unwrap()
            .starts_with("// @generated")
    );
}
