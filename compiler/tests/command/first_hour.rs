//! What a new user meets first: completions, the manual, and what is installed.

use crate::digits::said;
use std::path::Path;
use std::process::{Command, Output};

fn edgec(folder: &Path, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command.current_dir(folder).args(args).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
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
    for page in ["edgec.1", "edgec-inspect.1"] {
        assert!(folder.path().join("pages/man1").join(page).exists(), "{page}");
    }
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
