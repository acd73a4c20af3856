//! The weights of four inputs of a panel in vectors of sixteen columns.
#![allow(unsafe_code)]

use crate::pack::PANEL;
use core::arch::aarch64::{int8x16_t, vld1q_s8, vshlq_n_s8, vshrq_n_s8, vzip1q_s8, vzip2q_s8};

/// Inputs whose weights are loaded together.
pub(super) const STEP: usize = 4;

/// How the weights of a panel are stored. This module is only compiled for targets with NEON, which makes its
/// intrinsics sound.
pub(super) trait Stored {
    /// Those of one input.
    type Row: Copy;
    /// None.
    const ZERO: Self::Row;
    /// The weights of four inputs, as bytes.
    fn widen(rows: &[Self::Row; STEP]) -> [int8x16_t; STEP];
}

/// As they are.
pub(super) struct Bytes;

impl Stored for Bytes {
    type Row = [i8; PANEL];
    const ZERO: Self::Row = [0; PANEL];

    #[inline(always)]
    fn widen(rows: &[Self::Row; STEP]) -> [int8x16_t; STEP] {
        // SAFETY: see `Stored`; each row has sixteen bytes.
        unsafe {
            [
                vld1q_s8(rows[0].as_ptr()),
                vld1q_s8(rows[1].as_ptr()),
                vld1q_s8(rows[2].as_ptr()),
                vld1q_s8(rows[3].as_ptr()),
            ]
        }
    }
}

/// Two of four bits to a byte: the first in the low bits.
pub(super) struct HalfBytes;

impl Stored for HalfBytes {
    type Row = [u8; PANEL / 2];
    const ZERO: Self::Row = [0; PANEL / 2];

    #[inline(always)]
    fn widen(rows: &[Self::Row; STEP]) -> [int8x16_t; STEP] {
        // SAFETY: see `Stored`; two rows are sixteen bytes.
        let (first, second) = unsafe { (vld1q_s8(rows.as_ptr().cast()), vld1q_s8(rows.as_ptr().add(2).cast())) };
        let ([a, b], [c, d]) = (both(first), both(second));
        [a, b, c, d]
    }
}

/// The weights of two inputs, which are stored in four bits each.
#[inline(always)]
fn both(pairs: int8x16_t) -> [int8x16_t; 2] {
    // SAFETY: see `Stored`.
    unsafe {
        let low = vshrq_n_s8::<4>(vshlq_n_s8::<4>(pairs));
        let high = vshrq_n_s8::<4>(pairs);
        [vzip1q_s8(low, high), vzip2q_s8(low, high)]
    }
}

/// The rest of a row or a panel, of less than four, with `filler` behind it.
#[inline(always)]
pub(super) fn filled<T: Copy>(rest: &[T], filler: T) -> [T; STEP] {
    let mut filled = [filler; STEP];
    for (to, from) in filled.iter_mut().zip(rest) {
        *to = *from;
    }
    filled
}
