//! Sums of 8-bit products to 8-bit outputs: [`Arch::requantize`](crate::arch::Arch::requantize) in vectors.
//!
//! SMULL multiplies sums and multipliers to 64 bits. The shift is 32 or more, so that only the high halves of the
//! rounded products are shifted.
#![allow(unsafe_code)]

use crate::arch::portable;
use crate::arch::rounding::{addend, fits, limit};
use crate::requantize::Requantize;
use core::arch::aarch64::{
    int8x8_t, int16x4_t, int32x4_t, vcombine_s16, vdup_n_s8, vdupq_n_s32, vdupq_n_s64, vld1q_s32, vmax_s8, vmin_s8,
    vqmovn_s16, vqmovn_s32, vst1_s8,
};
use core::arch::asm;

/// [`Arch::requantize`](crate::arch::Arch::requantize).
#[inline(always)]
pub(super) fn outputs<const N: usize>(f: Requantize, sums: [i32; N], multipliers: [i32; N]) -> [i8; N] {
    if !N.is_multiple_of(8) || !fits(f) {
        return portable::requantize(f, sums, multipliers);
    }
    let mut outputs = [0; N];
    let eights = outputs.as_chunks_mut::<8>().0.iter_mut().zip(sums.as_chunks::<8>().0);
    for ((y, sums), multipliers) in eights.zip(multipliers.as_chunks::<8>().0) {
        // SAFETY: as for `requantize`; there are eight numbers, and room for eight bytes.
        unsafe {
            let sums = [vld1q_s32(sums.as_ptr()), vld1q_s32(sums.as_ptr().add(4))];
            let multipliers = [vld1q_s32(multipliers.as_ptr()), vld1q_s32(multipliers.as_ptr().add(4))];
            vst1_s8(y.as_mut_ptr(), requantize(f, sums, multipliers));
        }
    }
    outputs
}

/// Eight sums to eight outputs. `f` [`fits`].
#[inline(always)]
pub(super) fn requantize(f: Requantize, sums: [int32x4_t; 2], multipliers: [int32x4_t; 2]) -> int8x8_t {
    // SAFETY: this module is only compiled for targets with NEON.
    unsafe {
        let quotients = vcombine_s16(four(f, sums[0], multipliers[0]), four(f, sums[1], multipliers[1]));
        let bytes = vqmovn_s16(quotients);
        vmin_s8(vmax_s8(bytes, vdup_n_s8(limit(f.min))), vdup_n_s8(limit(f.max)))
    }
}

/// The quotients of four sums with the zero point; those that do not fit into 16 bits are the nearest that do.
///
/// Products are rounded half to even: to those with odd quotients a half is added, to others less. In assembler, as
/// rustc multiplies twice, to add in the same instruction as well.
#[inline(always)]
fn four(f: Requantize, sums: int32x4_t, multipliers: int32x4_t) -> int16x4_t {
    // SAFETY: as for `requantize`.
    unsafe {
        let quotients: int32x4_t;
        asm!(
            "smull {low:v}.2d, {sums:v}.2s, {multipliers:v}.2s",
            "smull2 {high:v}.2d, {sums:v}.4s, {multipliers:v}.4s",
            // All ones, which is -1, where the quotient is odd.
            "cmtst {quotients:v}.2d, {low:v}.2d, {bit:v}.2d",
            "sub {quotients:v}.2d, {low:v}.2d, {quotients:v}.2d",
            "cmtst {low:v}.2d, {high:v}.2d, {bit:v}.2d",
            "sub {high:v}.2d, {high:v}.2d, {low:v}.2d",
            "add {quotients:v}.2d, {quotients:v}.2d, {addend:v}.2d",
            "add {high:v}.2d, {high:v}.2d, {addend:v}.2d",
            "uzp2 {quotients:v}.4s, {quotients:v}.4s, {high:v}.4s",
            "sshl {quotients:v}.4s, {quotients:v}.4s, {shift:v}.4s",
            sums = in(vreg) sums,
            multipliers = in(vreg) multipliers,
            bit = in(vreg) vdupq_n_s64(1 << f.shift),
            addend = in(vreg) vdupq_n_s64(addend(f)),
            shift = in(vreg) vdupq_n_s32(32 - f.shift as i32),
            quotients = out(vreg) quotients,
            low = out(vreg) _,
            high = out(vreg) _,
            options(pure, nomem, nostack, preserves_flags)
        );
        vqmovn_s32(quotients)
    }
}
