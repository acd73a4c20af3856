//! Has the command `edgec` write the model and its functions for C into `$OUT_DIR`. `EDGEC` says which command, if it
//! is not the one in `PATH`. Other examples compile the compiler for their build script; with the profile of this one,
//! that would be done once more.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::Command;

const MODEL: &str = "../digits/digits.onnx";

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={MODEL}");
    println!("cargo::rerun-if-env-changed=EDGEC");
    let edgec = std::env::var_os("EDGEC").map_or_else(|| PathBuf::from("edgec"), PathBuf::from);
    if edgec.is_absolute() {
        println!("cargo::rerun-if-changed={}", edgec.display());
    }
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("OUT_DIR is what cargo sets")?);
    emit(&edgec, &out)?;

    // Memory from here on is the page's: nothing in the module allocates.
    println!("cargo::rustc-link-arg-cdylib=--export=__heap_base");
    // rustc would reserve a megabyte. A stack that overflows ends the call.
    println!("cargo::rustc-link-arg-cdylib=-zstack-size=65536");
    Ok(())
}

/// Writes `digits.rs` and `digits_c.rs`.
fn emit(edgec: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let status = Command::new(edgec)
        .args([MODEL, "--name", "Digits", "--target", "wasm32+simd128", "-o"])
        .arg(out.join("digits.rs"))
        .arg("--c-header")
        .arg(out.join("digits.h"))
        .status()
        .map_err(|error| {
            format!(
                "cannot run {}: {error}; scripts/web.sh builds it, or set EDGEC",
                edgec.display()
            )
        })?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{} could not compile {MODEL}", edgec.display()).into())
    }
}
