//! The project's Python scripts.

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A command of the Python that `scripts/setup.sh` makes, or else of the system's.
fn python() -> Command {
    let own = root().join("target/venv/bin/python");
    Command::new(if own.is_file() { own } else { PathBuf::from("python3") })
}

/// Runs a script of the folder `scripts` and gives what it prints.
///
/// # Errors
/// If there is no Python, or what the script says if it fails.
pub fn run(script: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = python();
    command.arg(root().join("scripts").join(script)).args(arguments);
    let output = command.output().map_err(|e| format!("Python cannot be run: {e}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(format!("{script}: {error}\nscripts/setup.sh installs its packages"))
}

/// Whether all of `packages` can be imported.
pub fn has(packages: &[&str]) -> bool {
    let import = format!("import {}", packages.join(", "));
    let output = python().args(["-c", &import]).output();
    output.is_ok_and(|output| output.status.success())
}
