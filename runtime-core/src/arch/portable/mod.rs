//! Plain Rust: the definition of every micro-kernel, and what runs where an instruction set has none of its own.

pub(crate) mod depthwise;
pub(crate) mod interleaved;
pub(crate) mod paired;
pub(crate) mod rows;
pub(crate) mod tall;
mod taps;
mod tile;

pub(crate) use tile::tile;

use super::Arch;
use crate::requantize::Requantize;

/// Whether registers are few: on 32-bit targets.
const NARROW: bool = cfg!(not(any(target_arch = "x86_64", target_arch = "aarch64")));

/// No instruction that the target might not have: multiply, then add.
#[derive(Clone, Copy)]
pub struct Portable;

impl Arch for Portable {
    const NARROW: bool = NARROW;

    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// [`Requantize::apply`] to each sum.
#[inline(always)]
pub(super) fn requantize<const N: usize>(f: Requantize, sums: [i32; N], multipliers: [i32; N]) -> [i8; N] {
    let mut outputs = [0; N];
    for ((output, sum), multiplier) in outputs.iter_mut().zip(sums).zip(multipliers) {
        *output = f.apply(sum.into(), multiplier);
    }
    outputs
}
