use super::Kernel;
#[cfg(not(all(target_arch = "aarch64", target_feature = "neon")))]
use super::Portable as Native;
#[cfg(all(target_arch = "aarch64", target_feature = "neon"))]
use super::aarch64::Neon as Native;

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

    /// Every level that this processor runs: one.
    pub fn levels() -> impl Iterator<Item = Self> {
        core::iter::once(Self)
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

    /// [`run`](Self::run): there is one level.
    #[inline(always)]
    pub fn run_integers<K: Kernel>(self, kernel: K) {
        self.run(kernel)
    }
}
