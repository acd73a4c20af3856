//! Programs around emitted files, for what the harness of inference does not call.

use edgec::tools::harness::RuntimeCore;
use std::fs;
use std::path::Path;
use std::process::Command;

/// Builds the program `main` in a folder of `folder`'s, whose `src` may hold emitted files, and gives what it prints.
/// `features` are those of runtime-core; `release` says whether it is optimised.
///
/// # Panics
/// If it cannot be built, or fails.
pub fn run(folder: &Path, features: &[&str], main: &str, release: bool) -> String {
    let runtime_core = match RuntimeCore::find().unwrap() {
        RuntimeCore::Path(path) => format!("path = {path:?}"),
        RuntimeCore::Version(version) => format!("version = \"{version}\""),
    };
    let sources = folder.join("src");
    fs::create_dir_all(&sources).unwrap();
    let name = folder.file_name().unwrap().to_string_lossy();
    let manifest = format!(
        "[workspace]\n[package]\nname = \"{name}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nruntime-core = {{ {runtime_core}, features = {features:?} }}\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest).unwrap();
    fs::write(sources.join("main.rs"), main).unwrap();
    let output = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .args(["run", "--quiet"])
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
