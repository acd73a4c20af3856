#![cfg_attr(target_arch = "aarch64", allow(unsafe_code))]

#[cfg(not(target_arch = "aarch64"))]
use super::Baseline as Native;
use super::Kernel;

/// The target's own instruction set, fixed at compile time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd;

impl Simd {
    /// What the target was compiled for.
    pub const BASELINE: Self = Self;

    /// Nothing to detect.
    #[inline(always)]
    pub const fn detect() -> Self {
        Self
    }

    /// Runs `kernel` as a call of its own: a layer is a line in a profile.
    #[inline(always)]
    pub fn run<K: Kernel>(self, kernel: K) {
        #[inline(never)]
        fn native<K: Kernel>(kernel: K) {
            kernel.run(Native)
        }
        native(kernel)
    }
}

#[cfg(target_arch = "aarch64")]
#[derive(Clone, Copy)]
struct Native;

#[cfg(target_arch = "aarch64")]
impl super::Arch for Native {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        use core::arch::aarch64::{vdup_n_f32, vfma_f32, vget_lane_f32};
        // SAFETY: every aarch64 target that Rust supports with floats has NEON.
        unsafe { vget_lane_f32::<0>(vfma_f32(vdup_n_f32(c), vdup_n_f32(a), vdup_n_f32(b))) }
    }
}
