//! Says which of the hand-written kernels this target can run. rustc knows `target_feature = "dsp"` only on nightly, so
//! the target triple decides: every Armv7E-M has the DSP extension, and Armv8-M Mainline cores that run networks have
//! it.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(cortex_m_dsp)");
    println!("cargo::rustc-check-cfg=cfg(cortex_m_mainline)");
    let target = std::env::var("TARGET").unwrap_or_default();
    if target.starts_with("thumbv7em") || target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=cortex_m_dsp");
    }
    if target.starts_with("thumbv8m.main") {
        println!("cargo::rustc-cfg=cortex_m_mainline");
    }
}
