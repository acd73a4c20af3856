//! Has the command `edgec` write the model into `$OUT_DIR`, and hands the linker the memory map of the board. `EDGEC`
//! says which command, if it is not the one in `PATH`. `examples/firmware` compiles the compiler for its build script
//! instead: then nothing has to be installed.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

const MODEL: &str = "../digits/digits.onnx";
const SAMPLES: &str = "../digits/calibration.npz";
const BOARD: &str = "../firmware/boards/mps2-an386.x";

fn main() -> Result<(), Box<dyn Error>> {
    for file in ["build.rs", MODEL, SAMPLES, BOARD] {
        println!("cargo::rerun-if-changed={file}");
    }
    println!("cargo::rerun-if-env-changed=EDGEC");
    let edgec = std::env::var_os("EDGEC").map_or_else(|| PathBuf::from("edgec"), PathBuf::from);
    if edgec.is_absolute() {
        println!("cargo::rerun-if-changed={}", edgec.display());
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is what cargo sets")?);
    emit(&edgec, &out)?;
    std::fs::copy(BOARD, out.join("memory.x"))?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}

/// Writes `digits_int8.rs`.
fn emit(edgec: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let status = Command::new(edgec)
        .args([MODEL, "--name", "DigitsInt8", "--target", "cortex-m4f"])
        .args(["--quantize", "int8", "--calibrate", SAMPLES, "--io", "int8", "-o"])
        .arg(out.join("digits_int8.rs"))
        .status()
        .map_err(|error| format!("cannot run {}: {error}; build it, and set EDGEC", edgec.display()))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} could not compile {MODEL}", edgec.display()).into())
    }
}
