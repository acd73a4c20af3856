//! `--ram` and `--flash`: a model that takes more does not compile, and the emitted code checks again.

use super::digits::{compile, said};
use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn a_model_that_takes_too_much_is_refused_with_what_takes_it_and_what_helps() {
    let folder = tempfile::tempdir().unwrap();
    let output = compile(folder.path(), &["--ram", "4K", "--flash", "20000"]);
    assert_eq!(output.status.code(), Some(1));
    let said = said(&output);
    for part in [
        "the model takes 8 448 B of RAM and may take 4 096 B: 8 192 B of arena and 256 B of inputs, the stack apart",
        "the arena is fullest when `l01_conv` runs, with",
        "4 096 B `l00_conv`, f32 1x8x8x16 4 096 B `l01_conv`, f32 1x8x8x16",
        "the model takes 36 712 B of flash for its weights alone and may take 20 000 B the most are those of",
        "`l03_conv`",
        "is enough, with layers by rows or in tiles",
        "--quantize int8 takes a quarter of the bytes of floats",
        "--quantize int8 takes a quarter of the bytes of float weights",
    ] {
        assert!(said.contains(part), "{part}\nis not in\n{said}");
    }
    assert!(!folder.path().join("d.rs").exists());
}

#[test]
fn a_model_that_fits_says_how_well_and_checks_again_where_it_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let output = compile(folder.path(), &["--ram", "16K", "--flash", "64k"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains("RAM budget 8 448 of 16 384 B (52 %), with 256 B of inputs, the stack apart"));
    assert!(said(&output).contains("flash budget 36 712 of 65 536 B (56 %), the code apart"));
    let source = fs::read_to_string(folder.path().join("d.rs")).unwrap();
    for part in [
        "--ram 16384 --flash 65536",
        "Digits::RAM + 256 <= 16_384",
        "Digits::WEIGHTS <= 65_536",
    ] {
        assert!(source.contains(part), "{part}");
    }
}

#[test]
fn a_model_that_takes_too_much_ram_runs_in_tiles() {
    let folder = tempfile::tempdir().unwrap();
    let output = compile(folder.path(), &["--ram", "4500"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let said = said(&output);
    for part in [
        "RAM budget 4 352 of 4 500 B",
        "note: `conv1` to `pool1` run in 4 tiles, so that the model fits the RAM: 6 912 multiply-accumulates are computed again",
    ] {
        assert!(said.contains(part), "{part}\nis not in\n{said}");
    }
    // The first tile reads the first rows of the image.
    let source = fs::read_to_string(folder.path().join("d.rs")).unwrap();
    assert!(source.contains("image.get(0..32).unwrap_or_default()"), "{source}");
}

#[test]
fn a_model_that_takes_too_much_ram_overwrites_its_input_before_it_runs_in_tiles() {
    let folder = tempfile::tempdir().unwrap();
    let compile = |args: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_edgec"))
            .current_dir(folder.path())
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/keywords/keywords.onnx"))
            .args(["-o", "k.rs", "--force", "--target", "cortex-m4f"])
            .args(args)
            .output()
            .unwrap();
        let said = said(&output);
        assert_eq!(output.status.code(), Some(0), "{said}");
        (said, fs::read_to_string(folder.path().join("k.rs")).unwrap())
    };
    let (said, source) = compile(&[]);
    assert!(
        said.contains("RAM 24 448 B") && said.contains("; 19 392 B with --overlap always)"),
        "{said}"
    );
    assert!(!source.contains("Overlap"), "{source}");
    for args in [&["--ram", "53000"][..], &["--overlap", "always"]] {
        let (said, source) = compile(args);
        let note = "note: one layer overwrites its input row by row";
        assert!(
            said.contains("RAM 19 392 B") && said.contains(note) && !said.contains("tiles"),
            "{said}"
        );
        assert!(
            source.contains("use runtime_core::{Overlap, Simd, kernels};"),
            "{source}"
        );
        assert!(
            source.contains("| by rows  |") && source.contains(&args.join(" ")),
            "{source}"
        );
    }
    let (said, source) = compile(&["--ram", "53000", "--overlap", "never"]);
    assert!(
        said.contains("tiles, so that the model fits the RAM") && !source.contains("Overlap"),
        "{said}"
    );
}

#[test]
fn the_least_that_is_named_for_tiles_compiles() {
    let folder = tempfile::tempdir().unwrap();
    let refused = said(&compile(folder.path(), &["--ram", "1K"]));
    let (_, advice) = refused.split_once("help: --ram ").unwrap();
    let (least, _) = advice
        .split_once(" is enough, with layers by rows or in tiles")
        .unwrap();
    let output = compile(folder.path(), &["--ram", least]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
}

#[test]
fn inspect_shows_what_less_ram_costs() {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx");
    let inspect = |flag: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
        let output = command
            .arg("inspect")
            .arg(&model)
            .args(["--ram-curve", flag])
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = inspect("--favour=speed");
    assert!(
        text.contains("8 192 B  100%") && text.contains("4 096 B   50%"),
        "{text}"
    );
    assert!(text.contains("the last line: `conv1` to `pool1` run in"), "{text}");
    let json: serde_json::Value = serde_json::from_str(&inspect("--json")).unwrap();
    let points = json["ram_curve"]["points"].as_array().unwrap();
    assert!(points.len() > 1 && points[1]["arena"].as_u64() < points[0]["arena"].as_u64());
}

#[test]
fn a_budget_that_is_no_size_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for (size, why) in [
        ("64Q", "units are K"),
        ("K", "a whole number of bytes"),
        ("-1", "unexpected argument"),
        ("99999999999999M", "more than there can be"),
    ] {
        let output = compile(folder.path(), &["--ram", size]);
        assert_eq!(output.status.code(), Some(2), "{size}");
        assert!(said(&output).contains(why), "{size}: {}", said(&output));
    }
}
