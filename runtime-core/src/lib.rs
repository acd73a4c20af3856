//! The run-time of emitted models: an arena that rustc checks, and the kernels.
//!
//! Emitted code, the host executor, constant folding and calibration all run these same kernels.
//!
//! Tensors are flat slices in row-major order; images are channels-last (`[N, H, W, C]`). A kernel never panics,
//! never allocates and never blocks: operands that are too short for its parameters leave the output untouched
//! (and trip a `debug_assert!`); the compiler emits only operands that fit.
#![no_std]

#[cfg(feature = "alloc")]
extern crate alloc;
#[cfg(feature = "threads")]
extern crate std;

pub mod arch;
mod arena;
mod element;
pub mod function;
pub mod interleaved;
pub mod kernels;
mod numbers;
mod overlap;
pub mod pack;
pub mod packed;
pub mod paired;
mod param;
pub mod partial;
pub mod requantize;
pub mod rows;
#[cfg(feature = "threads")]
mod threads;
mod unrolled;
#[cfg(feature = "updates")]
pub mod updates;
pub mod upper_word;
mod weights;
pub mod winograd;

pub use arch::Simd;
pub use arena::{Arena, Slot};
pub use element::{Bits, Bool, Element, Float, Number};
pub use half::{bf16, f16};
pub use overlap::Overlap;
pub use param::Param;
#[cfg(feature = "threads")]
pub use threads::Threads;
pub use weights::{Sidecar, Weights};

/// The types that kernels' parameters are made of, under one path for emitted code.
pub mod params {
    pub use crate::function::*;
    pub use crate::kernels::*;
    pub use crate::requantize::Requantize;
}

/// Stops the build of a model that was emitted for a Cortex-M with the DSP extension for one without. Elsewhere, as on
/// the PC that verifies it, its kernels run their portable bodies.
///
/// # Panics
/// At compile time, if the target is a bare-metal Arm core for which this crate has no DSP kernels.
pub const fn assert_dsp() {
    if cfg!(all(target_arch = "arm", target_os = "none", not(cortex_m_dsp))) {
        panic!("this model was emitted for a Cortex-M with the DSP extension; emit it with the --target of this core");
    }
}

/// Stops the build of a model that was emitted for a Cortex-M with vectors (MVE) for one without. Elsewhere, as on the
/// PC that verifies it, its kernels run their portable bodies.
///
/// # Panics
/// At compile time, if the target is a bare-metal Arm core for which this crate was built without its kernels for MVE.
pub const fn assert_mve() {
    if cfg!(all(target_arch = "arm", target_os = "none", not(cortex_m_mve))) {
        panic!(
            "this model was emitted for a Cortex-M with vectors (MVE): give runtime-core the feature `mve`, or build with \
             -C target-cpu=cortex-m55; for another core, emit the model with its --target"
        );
    }
}

/// Version of the contract between emitted code and this crate.
pub const ABI: u32 = 1;

/// Stops the build when a model was emitted for another version of this crate.
///
/// # Panics
/// At compile time, if `emitted` is not [`ABI`].
pub const fn assert_abi(emitted: u32) {
    assert!(
        emitted <= ABI,
        "runtime-core is too old for this model: take the version that the head of the emitted file names"
    );
    assert!(
        emitted >= ABI,
        "runtime-core is too new for this model: emit it again with the edgec of this version, or take the version of \
         runtime-core that the head of the emitted file names"
    );
}
