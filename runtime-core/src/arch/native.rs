use super::Kernel;
#[cfg(feature = "portable")]
use super::Portable;
#[cfg(not(any(cortex_m_dsp, scalar, all(target_arch = "wasm32", target_feature = "simd128"))))]
use super::Portable as Native;
#[cfg(all(cortex_m_dsp, not(cortex_m_mve)))]
use super::cortex_m::Dsp as Native;
#[cfg(cortex_m_mve)]
use super::mve::Mve as Native;
#[cfg(all(scalar, not(cortex_m_dsp)))]
use super::scalar::Scalar as Native;
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
use super::wasm::Simd128 as Native;

/// The target's own instruction set, fixed at compile time; with the feature `portable`, that or plain Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Simd {
    #[cfg(feature = "portable")]
    portable: bool,
}

impl Simd {
    /// What the target was compiled for; with the feature `portable`, plain Rust, which computes the same everywhere.
    pub const BASELINE: Self = Self {
        #[cfg(feature = "portable")]
        portable: true,
    };

    /// What the target was compiled for. Nothing is asked at run time.
    #[inline(always)]
    pub const fn detect() -> Self {
        Self {
            #[cfg(feature = "portable")]
            portable: false,
        }
    }

    /// Every level that is compiled: one, or two with the feature `portable`.
    pub fn levels() -> impl Iterator<Item = Self> {
        let more = cfg!(feature = "portable").then_some(Self::detect());
        core::iter::once(Self::BASELINE).chain(more)
    }

    /// Runs `kernel` as a call of its own: a layer is a line in a profile.
    #[inline(always)]
    pub fn run<K: Kernel>(self, kernel: K) {
        self.run_of::<K, K>(kernel);
    }

    /// [`run`](Self::run) of a kernel that rustc is to compile in the codegen unit of `Owner`'s module.
    #[inline(always)]
    pub(crate) fn run_of<Owner, K: Kernel>(self, kernel: K) {
        #[cfg(feature = "portable")]
        if self.portable {
            return <Owner as Copies<K::Shared>>::portable(kernel.shared());
        }
        <Owner as Copies<K>>::native(kernel)
    }

    /// [`run`](Self::run): there is one level.
    #[inline(always)]
    pub fn run_floats<K: Kernel>(self, kernel: K) {
        self.run(kernel)
    }

    /// [`run_of`](Self::run_of): there is one level.
    #[inline(always)]
    pub(crate) fn run_floats_of<Owner, K: Kernel>(self, kernel: K) {
        self.run_of::<Owner, K>(kernel)
    }

    /// [`run`](Self::run): there is one level.
    #[inline(always)]
    pub fn run_long_integers<K: Kernel>(self, kernel: K) {
        self.run(kernel)
    }

    /// [`run`](Self::run): there is one level.
    #[inline(always)]
    pub fn run_integers<K: Kernel>(self, kernel: K) {
        self.run(kernel)
    }
}

/// The compiled copies of a kernel. They are methods since rustc puts a method into the codegen unit of the module of
/// its `Self`: as plain functions, all kernels would be one unit, which a single core compiles from beginning to end.
trait Copies<K> {
    fn native(kernel: K);
    #[cfg(feature = "portable")]
    fn portable(kernel: K);
}

impl<Owner, K: Kernel> Copies<K> for Owner {
    #[inline(never)]
    fn native(kernel: K) {
        kernel.run(Native)
    }

    #[cfg(feature = "portable")]
    #[inline(never)]
    fn portable(kernel: K) {
        kernel.run(Portable)
    }
}
