//! WebAssembly with vectors of 128 bits.

use super::Arch;

/// Plain Rust, of which the optimiser makes vectors: in tiles of all heights, while [`Portable`](super::Portable) has
/// those of machines with few registers.
#[derive(Clone, Copy)]
pub(super) struct Simd128;

impl Arch for Simd128 {
    /// There is no fused instruction that rounds everywhere alike.
    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}
