use super::*;
use std::os::unix::fs::PermissionsExt;

/// A command that says a version, and otherwise does what `script` says.
fn program(folder: &Path, version: &str, script: &str) -> Program {
    let path = folder.join("edgec");
    let text = format!("#!/bin/sh\nif [ \"$1\" = --version ]; then echo \"edgec {version}\"; exit; fi\n{script}\n");
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    Program::named(path, &[])
}

#[test]
fn the_command_gets_all_options_and_its_warnings_and_inputs_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"
        echo "$@" > "$(dirname "$0")/called"
        while [ "$1" != --depfile ]; do shift; done
        printf 'm.rs: \\\n  m.onnx \\\n  of\\ it.npz\n' > "$2"
        echo "note: nothing" >&2; echo "warning: \`y\` keeps little" >&2"#;
    let program = program(folder.path(), VERSION_OF_TEST, script);
    program.check_version().unwrap();
    let output = folder.path().join("m.rs");
    let model = Model::new("m.onnx").arg("--quantize").args(["int8", "--threads"]);
    let compiled = model.compile(&program, &output).unwrap();
    assert_eq!(compiled.inputs, ["m.onnx", "of it.npz"].map(PathBuf::from));
    assert_eq!(compiled.warnings, ["`y` keeps little"]);
    let called = fs::read_to_string(folder.path().join("called")).unwrap();
    let place = folder.path().display();
    assert_eq!(
        called.trim(),
        format!("m.onnx --quantize int8 --threads -o {place}/m.rs --depfile {place}/m.d")
    );
}

const VERSION_OF_TEST: &str = env!("CARGO_PKG_VERSION");

#[test]
fn a_command_that_cannot_do_it_is_an_error_that_says_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let fails = program(
        folder.path(),
        VERSION_OF_TEST,
        "echo 'error: no operator `Magic`' >&2; exit 1",
    );
    let error = Model::new("m.onnx")
        .compile(&fails, &folder.path().join("m.rs"))
        .unwrap_err();
    assert_eq!(error.to_string(), "error: no operator `Magic`");
    let silent = program(folder.path(), VERSION_OF_TEST, "exit 3");
    let error = Model::new("m.onnx")
        .compile(&silent, &folder.path().join("m.rs"))
        .unwrap_err();
    assert!(error.to_string().ends_with("exit status: 3"), "{error}");

    let later = program(folder.path(), "9.9.9", "");
    let text = later.check_version().unwrap_err().to_string();
    assert!(
        text.contains("is `edgec 9.9.9`, and edgec-build is 0.") && text.contains("cargo install edgec"),
        "{text}"
    );
    let other = Program::named("/bin/echo".into(), &[]);
    assert!(matches!(other.check_version(), Err(Error::Version(..))));
    let missing = Program::named(folder.path().join("nothing"), &[]);
    let text = missing.check_version().unwrap_err().to_string();
    assert!(
        text.contains("nothing cannot be run") && text.contains("set EDGEC"),
        "{text}"
    );
}

#[test]
fn a_name_is_looked_for_in_folders_and_a_path_is_not() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), VERSION_OF_TEST, "");
    let folders = [PathBuf::from("/nowhere"), folder.path().to_owned()];
    let found = Some(folder.path().join("edgec"));
    assert_eq!(Program::named("edgec".into(), &folders).path, found);
    assert_eq!(Program::named("other".into(), &folders).path, None);
    assert_eq!(Program::named("a/edgec".into(), &folders).path, Some("a/edgec".into()));
}
