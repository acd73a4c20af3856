//! Compiles the model of the digits example, and hands the linker the board's memory map.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    edgec::Compiler::new("../digits/digits.onnx")
        .name("Digits")
        .target(edgec::Target::Mcu)
        .emit_to_out_dir("digits.rs")?;

    let out = std::env::var("OUT_DIR")?;
    std::fs::copy("memory.x", Path::new(&out).join("memory.x"))?;
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rustc-link-search={out}");
    println!("cargo::rustc-link-arg=-Tlink.x");
    Ok(())
}
