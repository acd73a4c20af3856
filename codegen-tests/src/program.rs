//! Programs and libraries around emitted files, for what the harness of inference does not call.

use edgec::tools::harness::RuntimeCore;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Builds the program `main` in a folder of `folder`'s, whose `src` may hold emitted files, and gives what it prints.
/// `features` are those of runtime-core; `release` says whether it is optimised.
///
/// # Panics
/// If it cannot be built, or fails.
pub fn run(folder: &Path, features: &[&str], main: &str, release: bool) -> String {
    write(folder, features, "", ("main.rs", main));
    cargo(folder, "run", release)
}

/// Builds the optimised static library `library` as [`run`] builds a program, and gives its path. `features` are those
/// of runtime-core.
///
/// # Panics
/// If it cannot be built.
pub fn static_library(folder: &Path, features: &[&str], library: &str) -> PathBuf {
    write(
        folder,
        features,
        "[lib]\ncrate-type = [\"staticlib\"]\n",
        ("lib.rs", library),
    );
    cargo(folder, "build", true);
    let name = folder.file_name().unwrap().to_string_lossy();
    folder.with_file_name("target").join(format!("release/lib{name}.a"))
}

/// Writes the crate: its manifest, which ends with `end`, and its root.
fn write(folder: &Path, features: &[&str], end: &str, (root, text): (&str, &str)) {
    let runtime_core = match RuntimeCore::find().unwrap() {
        RuntimeCore::Path(path) => format!("path = {path:?}"),
        RuntimeCore::Version(version) => format!("version = \"{version}\""),
    };
    let sources = folder.join("src");
    fs::create_dir_all(&sources).unwrap();
    let name = folder.file_name().unwrap().to_string_lossy();
    let manifest = format!(
        "[workspace]\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nruntime-core = {{ {runtime_core}, features = {features:?} }}\n\n{end}"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(sources.join(root), text).unwrap();
}

/// What cargo prints that runs or builds the crate.
fn cargo(folder: &Path, command: &str, release: bool) -> String {
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args([command, "--quiet"])
        .args(release.then_some("--release"))
        // Beside what other tests build: runtime-core is compiled once.
        .arg("--target-dir")
        .arg(folder.with_file_name("target"))
        .current_dir(folder)
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}
