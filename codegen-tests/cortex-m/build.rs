//! Hands the linker the board's memory map.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::var("OUT_DIR")?;
    let map = if std::env::var_os("CARGO_FEATURE_MVE").is_some() {
        "mps3-an547.x"
    } else {
        "mps2.x"
    };
    std::fs::copy(map, Path::new(&out).join("memory.x"))?;
    println!("cargo::rerun-if-changed={map}");
    println!("cargo::rustc-link-search={out}");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}
