//! Has the command `edgec` write the model into `$OUT_DIR`, and hands the linker the memory map of the board.
//! `examples/firmware` compiles the compiler for its build script instead: then nothing has to be installed.

use std::path::PathBuf;

const BOARD: &str = "../firmware/boards/mps2-an386.x";

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={BOARD}");
    edgec_build::Model::new("../digits/digits.onnx")
        .args(["--name", "DigitsInt8", "--target", "cortex-m4f"])
        .args([
            "--quantize",
            "int8",
            "--calibrate",
            "../digits/calibration.npz",
            "--io",
            "int8",
        ])
        .emit_to_out_dir("digits_int8.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it"));
    std::fs::copy(BOARD, out.join("memory.x"))?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}
