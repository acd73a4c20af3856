//! `edgec report`: pages about a model, and what changed between two builds.

use super::digits::{compile, said};
use edgec::front::proto::tensor_shape_proto::dimension;
use edgec::front::proto::*;
use prost::Message;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const DIGITS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../examples/digits");

fn report(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command.current_dir(folder).arg("report").args(args).output().unwrap()
}

/// The parts of a text between each `before` and the next `after`.
fn between<'a>(text: &'a str, before: &str, after: &str) -> Vec<&'a str> {
    let parts = text.split(before).skip(1);
    parts.map(|part| part.split(after).next().unwrap()).collect()
}

#[test]
fn a_page_stands_alone_and_its_links_lead_somewhere() {
    let folder = tempfile::tempdir().unwrap();
    let (model, samples) = (format!("{DIGITS}/digits.onnx"), format!("{DIGITS}/calibration.npz"));
    let args = [
        model.as_str(),
        "--quantize",
        "int8",
        "--calibrate",
        &samples,
        "--target",
        "cortex-m4f",
    ];
    let output = report(folder.path(), &args);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(String::from_utf8_lossy(&output.stdout), "digits.html\n");
    let page = fs::read_to_string(folder.path().join("digits.html")).unwrap();
    for part in ["<script", "http:", "https:", "url(", "@import", " onclick", "src="] {
        assert!(!page.contains(part), "{part}: a page needs nothing else");
    }
    for part in [
        "<title>digits.onnx for cortex-m4f</title>",
        "no budget was given",
        "The plan takes",
        "l00_",
        "edgec digits.onnx -o digits.rs --target cortex-m4f --quantize int8 --calibrate calibration.npz",
        "32 samples of calibration",
        "<td><code>integers</code>",
        " dB</td>",
    ] {
        assert!(page.contains(part), "{part} is not in the page");
    }
    let ids = between(&page, " id=\"", "\"");
    for link in between(&page, "href=\"#", "\"") {
        assert!(ids.contains(&link), "#{link} is nowhere");
    }
    let distinct: std::collections::BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "an id is there twice");

    // The same page again, in the place of the first.
    assert_eq!(report(folder.path(), &args).status.code(), Some(0));
    assert_eq!(fs::read_to_string(folder.path().join("digits.html")).unwrap(), page);
    // What edgec has not written stays, and so does the model.
    fs::write(folder.path().join("mine.html"), "<p>mine</p>").unwrap();
    let refused = report(folder.path(), &[&model, "-o", "mine.html"]);
    assert_eq!(refused.status.code(), Some(2));
    assert!(said(&refused).contains("mine.html is there already, and edgec has not written it"));
    let forced = report(folder.path(), &[&model, "-o", "mine.html", "--force"]);
    assert_eq!(forced.status.code(), Some(0), "{}", said(&forced));
}

#[test]
fn a_model_that_does_not_fit_has_a_page_that_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let model = format!("{DIGITS}/digits.onnx");
    let output = report(folder.path(), &[&model, "--ram", "1K", "--flash", "64K"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        said(&output).contains("does not fit: the model takes"),
        "{}",
        said(&output)
    );
    let page = fs::read_to_string(folder.path().join("digits.html")).unwrap();
    assert!(
        page.contains("<strong>Does not fit. </strong>") && page.contains("of 1 024 B of RAM"),
        "{page}"
    );
    let fits = report(folder.path(), &[&model, "--ram", "16K", "--flash", "64K"]);
    assert_eq!(fits.status.code(), Some(0), "{}", said(&fits));
    let page = fs::read_to_string(folder.path().join("digits.html")).unwrap();
    assert!(page.contains("<strong>Fits. </strong>"), "{page}");
}

#[test]
fn compiling_writes_a_page_too() {
    let folder = tempfile::tempdir().unwrap();
    let output = compile(folder.path(), &["--report", "page.html"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
    let source = fs::read_to_string(folder.path().join("d.rs")).unwrap();
    assert!(page.contains("<pre>edgec digits.onnx -o d.rs</pre>"), "{page}");
    assert!(
        source.contains("edgec digits.onnx -o d.rs\n"),
        "the page changes nothing in the source"
    );
    // The source may go to stdout.
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    let args = [&format!("{DIGITS}/digits.onnx"), "-o", "-", "--report", "other.html"];
    let output = command.current_dir(folder.path()).args(args).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(folder.path().join("other.html").exists());
    let another = tempfile::tempdir().unwrap();
    let refused = compile(another.path(), &["--report", "d.rs"]);
    assert!(said(&refused).contains("would be written twice"), "{}", said(&refused));
}

#[test]
fn names_of_a_model_stay_text() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = "</code></script><script>alert(1)</script><img src=x onerror=alert(1)>\" ' & \u{202e}\u{1b}[31m";
    let value = |name: &str| super::port::port(format!("{name}{hostile}"), [dimension::Value::DimValue(4)].into_iter());
    let model = ModelProto {
        ir_version: Some(8),
        opset_import: vec![OperatorSetIdProto {
            version: Some(17),
            ..Default::default()
        }],
        graph: Some(GraphProto {
            name: Some(hostile.to_owned()),
            node: vec![NodeProto {
                name: Some(hostile.to_owned()),
                op_type: Some("Relu".to_owned()),
                input: vec![format!("x{hostile}")],
                output: vec![format!("y{hostile}")],
                ..Default::default()
            }],
            input: vec![value("x")],
            output: vec![value("y")],
            ..Default::default()
        }),
        ..Default::default()
    };
    fs::write(folder.path().join("m.onnx"), model.encode_to_vec()).unwrap();
    let output = report(folder.path(), &["m.onnx"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let page = fs::read_to_string(folder.path().join("m.html")).unwrap();
    assert!(page.contains("alert(1)"), "the names are shown");
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(!page.contains(|c: char| c == '\u{202e}' || c.is_control() && c != '\n'));
}

/// What a tool would have measured of the build of which this is the summary: a thousand instructions for the first
/// call, two thousand for the second and so on.
fn profile(summary: &Value) -> Value {
    let calls = summary["calls"].as_array().unwrap().iter().enumerate();
    let layers = calls.map(|(index, call)| {
        json!({
            "name": call["name"], "kernel": call["kernel"], "value": 1000 * (index + 1), "unit": "instructions",
            "limit": 500, "macs": call["macs"],
        })
    });
    json!({
        "on": "m4f in QEMU, opt-level 3", "target": summary["target"], "sha256": summary["sha256"],
        "layers": layers.collect::<Vec<_>>(),
    })
}

#[test]
fn what_was_measured_stands_beside_the_estimates() {
    let folder = tempfile::tempdir().unwrap();
    let model = format!("{DIGITS}/digits.onnx");
    let quantized = [
        "--quantize",
        "int8",
        "--calibrate",
        &format!("{DIGITS}/calibration.npz"),
        "--target",
        "cortex-m4f",
    ];
    let compiled = compile(folder.path(), &[&quantized[..], &["--json"]].concat());
    let summary: Value = serde_json::from_slice(&compiled.stdout).unwrap();
    let own = profile(&summary);
    let mut other = own.clone();
    other["target"] = json!("cortex-m0");
    let write = |name: &str, value: &Value| fs::write(folder.path().join(name), value.to_string()).unwrap();
    write("one.json", &own);
    write("list.json", &json!([other, own]));
    let told = |args: &[&str]| {
        let args = [&[model.as_str()], &quantized[..], &["-o", "page.html"], args].concat();
        let output = report(folder.path(), &args);
        (output.status.code(), said(&output))
    };
    for file in ["one.json", "list.json"] {
        let (code, said) = told(&["--profile", file]);
        assert_eq!(code, Some(0), "{said}");
        let page = fs::read_to_string(folder.path().join("page.html")).unwrap();
        assert!(page.contains("Measured on m4f in QEMU, opt-level 3"), "{page}");
        let row = between(&page, "<tr id=\"call1\">", "</tr>")[0].replace("</td>", "</td>\n");
        insta::assert_snapshot!("row_of_a_call_with_what_was_measured", row);
    }

    let mut renamed = own.clone();
    renamed["layers"][1]["name"] = json!("l01_gemm");
    write("renamed.json", &renamed);
    let mut kernel = own.clone();
    kernel["layers"][0]["kernel"] = json!("conv2d");
    write("kernel.json", &kernel);
    let mut digest = own.clone();
    digest["sha256"] = json!("12");
    write("digest.json", &digest);
    write("other.json", &other);
    write("both.json", &json!([own, own]));
    write("neither.json", &json!([other, renamed]));
    write("none.json", &json!({"runs": 10}));
    let name = summary["calls"][1]["name"].as_str().unwrap();
    let first = summary["calls"][0]["name"].as_str().unwrap();
    for (file, messages) in [
        (
            "renamed.json",
            &[
                format!("the model's layer `{name}` is not in it").as_str(),
                "made of another model",
            ][..],
        ),
        (
            "kernel.json",
            &[format!("its layer `{first}` ran `conv2d`, and here that is").as_str()],
        ),
        (
            "digest.json",
            &[
                "it is of a file with another SHA-256",
                "measure again what this command compiles",
            ],
        ),
        (
            "other.json",
            &["it was measured for `cortex-m0`, and this is for `cortex-m4f`"],
        ),
        (
            "both.json",
            &["holds 2 profiles of this model", "keep the one that is meant"],
        ),
        (
            "neither.json",
            &[
                "holds 2 profiles, and none fits this model",
                "measured for `cortex-m0`",
                name,
            ],
        ),
        (
            "none.json",
            &[
                "is no profile: missing field `layers`",
                "every kernel call of the emitted file",
            ],
        ),
        ("missing.json", &["missing.json"]),
    ] {
        let (code, said) = told(&["--profile", file]);
        assert!(matches!(code, Some(1 | 2)), "{file}: {said}");
        for message in messages {
            assert!(
                said.contains(file) && said.contains(message),
                "{message} is not in {said}"
            );
        }
    }
    // Beside the source as well, which is not written with figures of something else.
    let with_page = |file: &str| {
        let flags = ["--report", "beside.html", "--profile", file];
        compile(folder.path(), &[&quantized[..], &flags].concat())
    };
    fs::remove_file(folder.path().join("d.rs")).unwrap();
    assert_eq!(with_page("renamed.json").status.code(), Some(2));
    assert!(!folder.path().join("d.rs").exists());
    assert_eq!(with_page("one.json").status.code(), Some(0));
    let page = fs::read_to_string(folder.path().join("beside.html")).unwrap();
    assert!(page.contains("instructions, measured"), "{page}");
    let alone = compile(folder.path(), &["--profile", "one.json"]);
    assert!(said(&alone).contains("--report <FILE.html>"), "{}", said(&alone));
}

#[test]
fn two_builds_are_compared() {
    let folder = tempfile::tempdir().unwrap();
    let build = |name: &str, flags: &[&str]| {
        let output = compile(folder.path(), &[flags, &["--json"]].concat());
        fs::write(folder.path().join(name), output.stdout).unwrap();
    };
    build("a.json", &[]);
    build("b.json", &["--ram", "4500"]);
    let output = report(folder.path(), &["--diff", "a.json", "b.json"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let text = String::from_utf8(output.stdout).unwrap();
    for part in [
        "### `digits`",
        "| arena | 8 192 B | 4 096 B | -50.0 % |",
        "New remarks:",
        "layers are computed otherwise",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let same = report(folder.path(), &["--diff", "a.json", "a.json"]);
    assert!(String::from_utf8_lossy(&same.stdout).contains("Every layer is computed as before."));
    fs::write(folder.path().join("c.json"), "{}").unwrap();
    let wrong = report(folder.path(), &["--diff", "a.json", "c.json"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(
        said(&wrong).contains("c.json is no summary of edgec"),
        "{}",
        said(&wrong)
    );
    assert_eq!(report(folder.path(), &[]).status.code(), Some(2), "no model");
}
