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
use crate::packed::from_half;
use crate::requantize::Requantize;
use half::f16;

/// Whether registers are few: on 32-bit targets. The order of sums depends on it, so it is the same on every machine
/// where the feature `portable` asks for that.
const NARROW: bool = cfg!(not(any(
    target_arch = "x86_64",
    target_arch = "aarch64",
    feature = "portable"
)));

/// No instruction that the target might not have: multiply, then add.
#[derive(Clone, Copy)]
pub struct Portable;

impl Arch for Portable {
    const NARROW: bool = NARROW;
    const FEW_TILES: bool = !NARROW;

    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        a * b + c
    }
}

/// Each number as a float.
#[inline(always)]
pub(super) fn widen_f16<const N: usize>(halves: &[f16; N]) -> [f32; N] {
    let mut floats = [0.0; N];
    for (float, half) in floats.iter_mut().zip(halves) {
        *float = from_half(*half);
    }
    floats
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
