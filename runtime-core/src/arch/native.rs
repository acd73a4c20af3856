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
        self.run_of::<K, K>(kernel);
    }

    /// [`run`](Self::run) of a kernel that rustc is to compile in the codegen unit of `Owner`'s module.
    #[inline(always)]
    pub(crate) fn run_of<Owner, K: Kernel>(self, kernel: K) {
        <Owner as Copies<K>>::native(kernel)
    }
}

/// The compiled copy of a kernel. It is a method since rustc puts a method into the codegen unit of the module of its
/// `Self`: as plain functions, all kernels would be one unit, which a single core compiles from beginning to end.
trait Copies<K> {
    fn native(kernel: K);
}

impl<Owner, K: Kernel> Copies<K> for Owner {
    #[inline(never)]
    fn native(kernel: K) {
        kernel.run(Native)
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
