//! `edgec bench`, alone and beside a peer, whose part a script plays.
#![cfg(unix)]

use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// Answers as ONNX Runtime would that takes between 1 and 3 seconds for a run.
const PEER: &str = r#"#!/bin/sh
[ "$1" = -c ] && [ -f "$3" ] || exit 1
echo '{"version": "9.8.7"}'
while read -r seconds; do echo '[3000000000, 1000000000, 2000000000]'; done
"#;

/// A folder with `python3` in it, if there is a script.
fn folder(name: &str, script: Option<&str>) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench").join(name);
    fs::create_dir_all(&folder).unwrap();
    if let Some(script) = script {
        let path = folder.join("python3");
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    folder
}

/// Runs `edgec bench` on the digits with `python3` from this folder, or without one.
fn bench(path: &Path, others: bool, args: &[&str]) -> Output {
    let mut paths = vec![path.to_owned()];
    if others {
        paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    }
    Command::new(env!("CARGO_BIN_EXE_edgec"))
        .arg("bench")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx"))
        .args(args)
        .env("PATH", std::env::join_paths(paths).unwrap())
        .env("XDG_CACHE_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")))
        .output()
        .unwrap()
}

/// What a command that has failed says.
fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1));
    // Lines are broken where they are long.
    let text = String::from_utf8(output.stderr.clone()).unwrap();
    text.split_whitespace()
        .filter(|word| *word != "│")
        .collect::<Vec<_>>()
        .join(" ")
}

#[test]
fn turns_with_a_peer() {
    let peer = folder("peer", Some(PEER));
    let output = bench(
        &peer,
        true,
        &["--compare", "onnxruntime,openvino,tract,litert", "--json"],
    );
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["macs"], 231_680);
    for peer in ["onnxruntime", "litert", "openvino", "tract"] {
        let other = &found[peer];
        assert_eq!((&other["version"], &other["runs"]), (&"9.8.7".into(), &15.into()));
        assert_eq!((&other["min_us"], &other["median_us"]), (&1e6.into(), &2e6.into()));
        let number = |value: &Value| value.as_f64().unwrap();
        for (ratio, time) in [("min", "min_us"), ("median", "median_us")] {
            let expected = number(&other[time]) / number(&found[time]);
            let ratio = number(&other["ratio"][ratio]);
            assert!((ratio / expected - 1.0).abs() < 1e-6, "{ratio}, not {expected}");
        }
    }
    let output = bench(&peer, true, &["--compare", "onnxruntime", "--iterations", "7"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("runs    35\nmin     "), "{text}");
    assert!(
        text.contains("ONNX Runtime 9.8.7, one thread, in turns\nruns    15\nmin     1000000.000 us, "),
        "{text}"
    );
    let output = bench(&peer, true, &["--iterations", "7"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("runs    7\n") && !text.contains("ONNX Runtime"),
        "{text}"
    );
}

#[test]
fn what_layers_take_is_a_profile_for_the_page() {
    let folder = folder("layers", None);
    let output = bench(&folder, true, &["--layers", "--iterations", "5", "--json"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    let layers = found["layers"].as_array().unwrap();
    assert_eq!((layers.len(), &layers[0]["kernel"]), (6, &"conv2d".into()));
    assert!(
        layers.iter().all(|layer| layer["value"].as_f64().unwrap() > 0.0),
        "{found}"
    );
    fs::write(folder.join("layers.json"), &output.stdout).unwrap();
    let page = Command::new(env!("CARGO_BIN_EXE_edgec"))
        .current_dir(&folder)
        .arg("report")
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx"))
        .args(["--profile", "layers.json", "-o", "page.html", "--force"])
        .output()
        .unwrap();
    assert!(page.status.success(), "{}", String::from_utf8_lossy(&page.stderr));
    let page = fs::read_to_string(folder.join("page.html")).unwrap();
    assert!(page.contains("µs</strong> in all calls") && page.contains("<th>µs, measured</th>"));
    let text = bench(&folder, true, &["--layers", "--iterations", "5"]);
    let text = String::from_utf8(text.stdout).unwrap();
    let lines: Vec<_> = text.lines().skip_while(|line| !line.starts_with("l00_conv ")).collect();
    assert!(
        lines.len() == 7 && lines[5].starts_with("l05_gemm") && lines[6].starts_with("sum "),
        "{text}"
    );
    assert!(
        lines[0].contains(" GFLOP/s ") && lines[0].ends_with(" %  conv1 +1") && !lines[2].contains("GFLOP/s"),
        "{text}"
    );
}

#[test]
fn a_peer_that_is_not_there() {
    let nothing = folder("nothing", None);
    let text = complaint(&bench(&nothing, false, &["--compare", "onnxruntime"]));
    assert!(text.contains("python3 cannot be run"), "{text}");
    assert!(text.contains("python3 -m pip install onnxruntime numpy"), "{text}");
    let script = "#!/bin/sh\necho '{\"missing\": \"No module named onnxruntime\"}'\n";
    let text = complaint(&bench(
        &folder("missing", Some(script)),
        true,
        &["--compare", "onnxruntime"],
    ));
    assert!(
        text.contains("python3 has no ONNX Runtime: No module named onnxruntime"),
        "{text}"
    );
    assert!(text.contains("python3 -m pip install onnxruntime numpy"), "{text}");
}

#[test]
fn a_peer_that_does_not_take_the_model() {
    let script = "#!/bin/sh\necho '{\"input\": \"past\"}'\n";
    let text = complaint(&bench(
        &folder("input", Some(script)),
        true,
        &["--compare", "onnxruntime"],
    ));
    assert!(text.contains("needs a value for the input `past`"), "{text}");
    let script = "#!/bin/sh\necho '{\"threads\": true}'\n";
    let text = complaint(&bench(
        &folder("threads", Some(script)),
        true,
        &["--compare", "tract", "--threads", "2"],
    ));
    assert!(text.contains("tract has one thread"), "{text}");
    let script = "#!/bin/sh\necho first >&2\necho 'Fail: no kernel for Foo' >&2\n";
    let text = complaint(&bench(
        &folder("fails", Some(script)),
        true,
        &["--compare", "onnxruntime"],
    ));
    assert!(
        text.contains("ONNX Runtime does not run the model: Fail: no kernel for Foo"),
        "{text}"
    );
}

#[test]
fn peers_that_do_not_take_the_model_are_left_out_if_another_does() {
    let failing = "case \"$2\" in *tract*) echo 'Fail: no Foo' >&2; exit 1;; *openvino*) echo '{\"missing\": \"none\"}'; exit;; esac";
    let script = PEER.replacen('\n', &format!("\n{failing}\n"), 1);
    let folder = folder("left-out", Some(&script));
    let output = bench(&folder, true, &["--compare", "onnxruntime,openvino,tract", "--json"]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{said}");
    let found: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(found["onnxruntime"]["version"], "9.8.7");
    let reason = "tract does not run the model: Fail: no Foo";
    assert_eq!(found["tract"]["error"], reason);
    assert!(said.contains(&format!("tract is left out: {reason}\n")), "{said}");
    assert!(
        said.contains("OpenVINO is left out: python3 has no OpenVINO: none\n  help: install it"),
        "{said}"
    );
    let text = complaint(&bench(&folder, true, &["--compare", "openvino,tract"]));
    assert!(
        text.contains(reason) && text.contains("python3 has no OpenVINO: none"),
        "{text}"
    );
}
