//! Says which of the hand-written kernels this target can run. rustc knows `target_feature = "dsp"` only on nightly, so
//! the target triple decides: every Armv7E-M has the DSP extension, and Armv8-M Mainline cores that run networks have
//! it. Vectors (MVE) have no triple of their own.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(cortex_m_dsp)");
    println!("cargo::rustc-check-cfg=cfg(cortex_m_mainline)");
    println!("cargo::rustc-check-cfg=cfg(cortex_m_mve)");
    println!("cargo::rustc-check-cfg=cfg(scalar, values(none(), \"armv6m\", \"armv7m\", \"rv32\"))");
    let target = std::env::var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv7em") || target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=cortex_m_dsp");
    }
    if target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=cortex_m_mainline");
        if has_vectors() {
            println!("cargo::rustc-cfg=cortex_m_mve");
        }
    }
    if let Some(assembler) = scalar(&target) {
        println!("cargo::rustc-cfg=scalar");
        println!("cargo::rustc-cfg=scalar=\"{assembler}\"");
    }
}

/// Whether the processor of an Armv8.1-M target has vectors: by the feature `mve`, or by flags of rustc that name a
/// processor which has them. The target triple is the same without.
fn has_vectors() -> bool {
    let flags = std::env::var("CARGO_ENCODED_RUSTFLAGS").unwrap_or_default();
    let processors = ["cortex-m52", "cortex-m55", "cortex-m85"];
    let named = |flag: &str| {
        processors
            .iter()
            .any(|name| flag.ends_with(&format!("target-cpu={name}")))
    };
    std::env::var_os("CARGO_FEATURE_MVE").is_some() || flags.split('\x1f').any(named)
}

/// The assembler of `arch/scalar` for a target.
fn scalar(target: &str) -> Option<&'static str> {
    let features = std::env::var("CARGO_CFG_TARGET_FEATURE").unwrap_or_default();
    let multiplies = features.split(',').any(|feature| feature == "m");
    match target {
        _ if target.starts_with("thumbv6m") || target.starts_with("thumbv8m.base") => Some("armv6m"),
        _ if ["thumbv7m", "thumbv7em", "thumbv8m.main"]
            .iter()
            .any(|arch| target.starts_with(arch)) =>
        {
            Some("armv7m")
        }
        _ if target.starts_with("riscv32i") && multiplies => Some("rv32"),
        _ => None,
    }
}
