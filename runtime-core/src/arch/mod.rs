//! What a kernel may ask of the machine, and the choice of the compiled copy that runs.
//!
//! A kernel body is written once, generic over [`Arch`]. On x86-64 it is compiled for the baseline and for AVX2 with
//! FMA, and [`Simd`] picks at run time. Elsewhere the target's own features are fixed at compile time and [`Simd`] has
//! no size.

#[cfg(target_arch = "x86_64")]
mod x86_64;
#[cfg(target_arch = "x86_64")]
pub use x86_64::Simd;

#[cfg(not(target_arch = "x86_64"))]
mod native;
#[cfg(not(target_arch = "x86_64"))]
pub use native::Simd;

/// An instruction set, as a kernel body sees it.
pub trait Arch: Copy {
    /// `a * b + c`, rounded once where the machine has a fused instruction, else twice.
    fn fma(a: f32, b: f32, c: f32) -> f32;
}

/// A kernel's operands together with its body.
pub trait Kernel {
    /// The same kernel with its parameters as a value: what runs where a specialised copy is not worth its size.
    type Shared: Kernel;

    /// Turns parameters given as a type into the value.
    fn shared(self) -> Self::Shared;

    /// Runs the body. Implementations are `#[inline(always)]`, so that the body is compiled for the caller's features.
    fn run<A: Arch>(self, arch: A);
}

/// Plain instructions: multiply, then add.
#[derive(Clone, Copy)]
pub struct Baseline;

impl Arch for Baseline {
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}
