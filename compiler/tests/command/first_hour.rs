//! What a new user meets first: projects, completions, the manual, and what is installed.

use crate::digits::said;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn edgec(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command.current_dir(folder).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn digits() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx")
}

/// Makes a project of the digits model.
fn project(folder: &Path, name: &str, board: &str) -> Output {
    let model = digits();
    edgec(
        folder,
        &["new", name, "--model", model.to_str().unwrap(), "--board", board],
    )
}

/// Runs cargo in a project, with the versions of the checkout for what is in both.
fn cargo(project: &Path, args: &[&str]) -> Output {
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    std::fs::copy(lock, project.join("Cargo.lock")).unwrap();
    let mut command = Command::new(env!("CARGO"));
    // Without optimisation runtime-core is compiled in a fraction of the time.
    command
        .env("CARGO_PROFILE_DEV_OPT_LEVEL", "0")
        .env("CARGO_PROFILE_DEV_DEBUG", "0");
    command.current_dir(project).args(args);
    command.env(
        "CARGO_TARGET_DIR",
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("projects"),
    );
    command.output().unwrap()
}

#[test]
fn targets_are_listed() {
    let list = edgec(Path::new("."), &["--target", "help"]);
    assert_eq!(list.status.code(), Some(0));
    assert!(stdout(&list).starts_with("Targets:\n  board "), "{}", stdout(&list));
    let chip = edgec(Path::new("."), &["m.onnx", "-o", "m.rs", "--target", "rp2040"]);
    assert!(said(&chip).contains("did you mean `cortex-m0plus`?"), "{}", said(&chip));
}

#[test]
fn a_project_for_linux_builds_and_runs() {
    let folder = tempfile::tempdir().unwrap();
    let made = project(folder.path(), "my-app", "linux");
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    assert!(said(&made).contains("my-app is ready"), "{}", said(&made));
    let app = folder.path().join("my-app");
    let run = cargo(&app, &["run", "--offline", "--quiet"]);
    assert_eq!(run.status.code(), Some(0), "{}", said(&run));
    assert!(stdout(&run).starts_with("self-test passed, in "), "{}", stdout(&run));
    assert_eq!(said(&run), "", "no warnings");

    // What is there is not touched.
    let before = std::fs::read(app.join("src/main.rs")).unwrap();
    let again = project(folder.path(), "my-app", "rp2040");
    assert_eq!(again.status.code(), Some(2), "{}", said(&again));
    assert!(
        said(&again).contains("my-app exists and is not empty"),
        "{}",
        said(&again)
    );
    assert_eq!(std::fs::read(app.join("src/main.rs")).unwrap(), before);
}

#[test]
fn a_project_takes_the_options_of_compiling() {
    let folder = tempfile::tempdir().unwrap();
    let model = digits();
    let model = model.to_str().unwrap();
    std::fs::create_dir(folder.path().join("7 digits")).unwrap();
    let made = edgec(
        folder.path(),
        &["new", "7 digits", "--model", model, "--outputs", "conv2_relu"],
    );
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let read = |file: &str| std::fs::read_to_string(folder.path().join("7 digits").join(file)).unwrap();
    assert!(read("Cargo.toml").contains("name = \"app-7-digits\""));
    assert!(read("src/model.rs").contains("-o model.rs --name Model --outputs conv2_relu --self-test"));
    let readme = read("README.md");
    assert!(
        readme.starts_with("# app-7-digits\n\n`digits.onnx` on Linux"),
        "{readme}"
    );
    assert!(!readme.contains('{'), "{readme}");

    let made = edgec(folder.path(), &["new", "--model", model, "--", "-minus"]);
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));

    let keywords = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/keywords/keywords.onnx");
    let keywords = keywords.to_str().unwrap();
    let made = edgec(
        folder.path(),
        &["new", "words", "--model", keywords, "--stream", "sound:2=128"],
    );
    assert_eq!(made.status.code(), Some(0), "{}", said(&made));
    let source = std::fs::read_to_string(folder.path().join("words/src/model.rs")).unwrap();
    assert!(
        source.contains("--name Model --stream sound:2=128 --self-test"),
        "{}",
        &source[..500]
    );

    // A model that does not compile leaves no folder.
    let broken = edgec(folder.path(), &["new", "b", "--model", model, "--outputs", "nothing"]);
    assert_eq!(broken.status.code(), Some(1), "{}", said(&broken));
    assert!(!folder.path().join("b").exists());
}

/// Builds the projects of the boards that `EDGEC_BOARDS` names, which takes targets and crates that not everybody has.
/// The files of all boards are looked at in any case.
#[test]
fn projects_for_boards() {
    let folder = tempfile::tempdir().unwrap();
    let built = std::env::var("EDGEC_BOARDS").unwrap_or_default();
    for (board, triple, target) in [
        ("rp2040", "thumbv6m-none-eabi", "cortex-m0plus"),
        ("stm32f4", "thumbv7em-none-eabihf", "cortex-m4f"),
        ("esp32c3", "riscv32imc-unknown-none-elf", "rv32imc"),
    ] {
        let made = project(folder.path(), board, board);
        assert_eq!(made.status.code(), Some(0), "{}", said(&made));
        assert!(
            said(&made).contains(&format!("rustup target add {triple}")),
            "{}",
            said(&made)
        );
        let app = folder.path().join(board);
        let read = |file: &str| std::fs::read_to_string(app.join(file)).unwrap();
        assert!(read(".cargo/config.toml").contains(&format!("[build]\ntarget = \"{triple}\"")));
        assert!(read("src/model.rs").contains(&format!("--target {target}")), "{board}");
        assert_eq!(app.join("memory.x").exists(), board != "esp32c3");
        if built.split(',').any(|name| name == board) {
            let build = cargo(&app, &["build", "--release", "--quiet"]);
            assert_eq!(build.status.code(), Some(0), "{board}: {}", said(&build));
        } else {
            eprintln!("{board} is not built: EDGEC_BOARDS does not name it");
        }
    }
}

#[test]
fn shells_complete_and_the_manual_has_all_commands() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = edgec(folder.path(), &["completions", shell]);
        assert_eq!(script.status.code(), Some(0), "{}", said(&script));
        let script = stdout(&script);
        for word in ["inspect", "verify", "calibrate", "input-layout"] {
            assert!(script.contains(word), "{shell} does not know {word}");
        }
    }
    assert_eq!(edgec(folder.path(), &["completions", "csh"]).status.code(), Some(2));
    let page = edgec(folder.path(), &["man"]);
    assert!(stdout(&page).contains(".TH edgec 1"), "{}", stdout(&page));
    let pages = edgec(folder.path(), &["man", "--output", "pages/man1"]);
    assert_eq!(pages.status.code(), Some(0), "{}", said(&pages));
    for page in ["edgec.1", "edgec-inspect.1", "edgec-new.1"] {
        assert!(folder.path().join("pages/man1").join(page).exists(), "{page}");
    }
    // Its own pages are replaced, and those of nobody else.
    let pages = || edgec(folder.path(), &["man", "--output", "pages/man1"]);
    assert_eq!(pages().status.code(), Some(0));
    let other = folder.path().join("pages/man1/edgec-run.1");
    std::fs::write(&other, "notes").unwrap();
    assert_eq!(pages().status.code(), Some(2));
    assert_eq!(std::fs::read(&other).unwrap(), b"notes");
}

#[test]
fn the_doctor_finds_what_builds_the_tests() {
    let folder = tempfile::tempdir().unwrap();
    let report = edgec(folder.path(), &["doctor"]);
    assert_eq!(report.status.code(), Some(0), "{}", stdout(&report));
    let report = stdout(&report);
    for line in [
        "rustc         ok: 1.",
        "linker        ok",
        "thumbv7em-none-eabihf",
        "runtime-core  0.1.0 in ",
    ] {
        assert!(report.contains(line), "{report}");
    }
    assert!(
        report
            .lines()
            .all(|line| line.len() <= 80 || line.starts_with("runtime-core")),
        "{report}"
    );
}

#[cfg(unix)]
#[test]
fn the_doctor_says_how_to_install_what_is_missing() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let doctor = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
        command.arg("doctor").env("PATH", folder.path()).env_remove("RUSTC");
        let output = command.output().unwrap();
        (output.status.code(), stdout(&output))
    };
    let program = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let (code, report) = doctor();
    assert_eq!(code, Some(1), "{report}");
    assert!(report.contains("  Rust: https://rustup.rs\n"), "{report}");

    let sysroot = folder.path().display().to_string();
    std::fs::create_dir_all(folder.path().join("lib/rustlib/thumbv6m-none-eabi/lib")).unwrap();
    let about = |version: &str| {
        format!("[ $1 = -vV ] && echo 'host: x86_64-unknown-linux-gnu\nrelease: {version}' || echo '{sysroot}'")
    };
    program("rustc", &about("1.80.1"));
    let (code, report) = doctor();
    assert_eq!(code, Some(1), "{report}");
    assert!(
        report.contains("too old: 1.80.1") && report.contains("  rustup update stable\n"),
        "{report}"
    );

    program("rustc", &about("1.200.0"));
    ["cargo", "rustup", "cc"].iter().for_each(|name| program(name, ""));
    let (code, report) = doctor();
    assert_eq!(code, Some(0), "{report}");
    let install = report.split("What installs the rest").nth(1).unwrap();
    for command in [
        "  rustup target add thumbv7em-none-eabihf\n",
        "  apt-get install gcc-aarch64-linux-gnu\n",
        "  apt-get install qemu-system-arm\n",
        "  cargo install probe-rs-tools --locked\n",
    ] {
        assert!(install.contains(command), "{report}");
    }
    assert!(
        !install.contains("thumbv6m") && !install.contains("build-essential"),
        "{report}"
    );
}
