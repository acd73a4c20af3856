//! Hands the linker the board's memory map.

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let out = std::env::var("OUT_DIR")?;
    std::fs::copy("memory.x", std::path::Path::new(&out).join("memory.x"))?;
    println!("cargo::rerun-if-changed=memory.x");
    println!("cargo::rustc-link-search={out}");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}
