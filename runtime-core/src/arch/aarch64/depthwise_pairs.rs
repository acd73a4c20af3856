//! Rows of depthwise convolutions with plain NEON: sixteen channels, and two taps at a time.
//!
//! As in `pairs.rs`, two products are added up in 16 bits: SMLSL takes off the products of the complements of every
//! other input of a kernel row. The weights of these taps are taken off the biases once, so that all sums are exact.
#![allow(unsafe_code)]

use super::depthwise::{LANES, Line, lanes, lines, outside, store, weights};
use crate::arch::DepthwiseRow;
use crate::arch::rounding::fits;
use crate::unrolled::unrolled;
use core::arch::aarch64::{
    int8x16_t, int32x4_t, vdupq_n_s8, vget_high_s16, vget_low_s8, vget_low_s16, vmovl_high_s8, vmovl_s8, vsubw_s16,
};
use core::arch::asm;

/// [`Arch::depthwise_row`](crate::arch::Arch::depthwise_row), of kernels of 3 x 3 and 5 x 5 taps and of sixteen
/// channels or more. A call of its own, which all layers share.
#[inline(never)]
pub(super) fn row(row: DepthwiseRow<'_>, y: &mut [i8]) -> bool {
    if !fits(row.requantize) || row.input[2] < LANES {
        return false;
    }
    match row.kernel {
        [3, 3] => rows::<3, 1>(&row, y),
        [5, 5] => rows::<5, 2>(&row, y),
        _ => false,
    }
}

/// A row of a kernel of `H` rows and `H` columns, which are `P` pairs and one.
#[inline(always)]
fn rows<const H: usize, const P: usize>(row: &DepthwiseRow<'_>, y: &mut [i8]) -> bool {
    let outside = outside(row.requantize);
    let c = row.input[2];
    let mut channel = 0;
    while channel < c {
        // The last channels once more, rather than a vector that is not full.
        let first = channel.min(c - LANES);
        let Some(lines) = lines::<H>(row, first, &outside) else {
            debug_assert!(false, "depthwise_row: an operand is too short");
            return false;
        };
        channels::<H, P>(row, lines, outside[0], first, y);
        channel += LANES;
    }
    true
}

/// Sixteen channels from `first` on.
#[inline(always)]
fn channels<const H: usize, const P: usize>(
    row: &DepthwiseRow<'_>,
    lines: [Line; H],
    outside: i8,
    first: usize,
    y: &mut [i8],
) -> Option<()> {
    let ([_, iw, c], [_, stride], [_, across], [_, pad]) = (row.input, row.strides, row.dilations, row.pads);
    let (mut bias, multipliers) = (lanes(row.bias, first)?, lanes(row.multipliers, first)?);
    // SAFETY: this module is only compiled for targets with NEON.
    let (mut taps, beside) = unsafe { ([[vdupq_n_s8(0); H]; H], vdupq_n_s8(outside)) };
    for (ky, taps) in taps.iter_mut().enumerate() {
        for (kx, w) in taps.iter_mut().enumerate() {
            *w = weights(row, ky * H + kx, first)?;
            if kx % 2 == 1 {
                bias = less(bias, *w);
            }
        }
    }
    for (ox, y) in y.chunks_mut(c).enumerate() {
        let y = y.get_mut(first..).and_then(|y| y.first_chunk_mut())?;
        let left = (ox * stride).wrapping_sub(pad);
        let mut sums = bias;
        if left < iw && (H - 1) * across < iw - left {
            unrolled!(ky in 0..H {
                // SAFETY: all columns are inside, and the lines are as wide as the image.
                let x = unsafe { lines[ky].columns(left, across) };
                sums = taps_of_row::<H, P>(sums, x, &taps[ky]);
            });
        } else {
            for (line, taps) in lines.iter().zip(&taps) {
                let mut x = [beside; H];
                for (kx, x) in x.iter_mut().enumerate() {
                    let ix = left.wrapping_add(kx * across);
                    if ix < iw {
                        // SAFETY: the line is as wide as the image.
                        *x = unsafe { line.columns::<1>(ix, 0) }[0];
                    }
                }
                sums = taps_of_row::<H, P>(sums, x, taps);
            }
        }
        store(row.requantize, sums, multipliers, y);
    }
    Some(())
}

/// Adds the products of the taps of a kernel row.
#[inline(always)]
fn taps_of_row<const H: usize, const P: usize>(
    mut sums: [int32x4_t; 4],
    x: [int8x16_t; H],
    w: &[int8x16_t; H],
) -> [int32x4_t; 4] {
    unrolled!(p in 0..P {
        sums = two(sums, [x[2 * p], x[2 * p + 1]], [w[2 * p], w[2 * p + 1]]);
    });
    one(sums, x[H - 1], w[H - 1])
}

/// `sums - w`.
#[inline(always)]
fn less([a, b, c, d]: [int32x4_t; 4], w: int8x16_t) -> [int32x4_t; 4] {
    // SAFETY: this module is only compiled for targets with NEON.
    unsafe {
        let (low, high) = (vmovl_s8(vget_low_s8(w)), vmovl_high_s8(w));
        [
            vsubw_s16(a, vget_low_s16(low)),
            vsubw_s16(b, vget_high_s16(low)),
            vsubw_s16(c, vget_low_s16(high)),
            vsubw_s16(d, vget_high_s16(high)),
        ]
    }
}

/// `sums + x * w`. In assembler, as of the intrinsics rustc makes more instructions.
#[inline(always)]
fn one([mut a, mut b, mut c, mut d]: [int32x4_t; 4], x: int8x16_t, w: int8x16_t) -> [int32x4_t; 4] {
    // SAFETY: this module is only compiled for targets with NEON.
    unsafe {
        asm!(
            "smull {low:v}.8h, {x:v}.8b, {w:v}.8b",
            "smull2 {high:v}.8h, {x:v}.16b, {w:v}.16b",
            "saddw {a:v}.4s, {a:v}.4s, {low:v}.4h",
            "saddw2 {b:v}.4s, {b:v}.4s, {low:v}.8h",
            "saddw {c:v}.4s, {c:v}.4s, {high:v}.4h",
            "saddw2 {d:v}.4s, {d:v}.4s, {high:v}.8h",
            x = in(vreg) x,
            w = in(vreg) w,
            a = inout(vreg) a,
            b = inout(vreg) b,
            c = inout(vreg) c,
            d = inout(vreg) d,
            low = out(vreg) _,
            high = out(vreg) _,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    [a, b, c, d]
}

/// `sums + x[0] * w[0] + x[1] * w[1] + w[1]`.
#[inline(always)]
fn two([mut a, mut b, mut c, mut d]: [int32x4_t; 4], x: [int8x16_t; 2], w: [int8x16_t; 2]) -> [int32x4_t; 4] {
    // SAFETY: this module is only compiled for targets with NEON.
    unsafe {
        asm!(
            "mvn {y:v}.16b, {y:v}.16b",
            "smull {low:v}.8h, {x:v}.8b, {v:v}.8b",
            "smull2 {high:v}.8h, {x:v}.16b, {v:v}.16b",
            "smlsl {low:v}.8h, {y:v}.8b, {w:v}.8b",
            "smlsl2 {high:v}.8h, {y:v}.16b, {w:v}.16b",
            "saddw {a:v}.4s, {a:v}.4s, {low:v}.4h",
            "saddw2 {b:v}.4s, {b:v}.4s, {low:v}.8h",
            "saddw {c:v}.4s, {c:v}.4s, {high:v}.4h",
            "saddw2 {d:v}.4s, {d:v}.4s, {high:v}.8h",
            x = in(vreg) x[0],
            y = inout(vreg) x[1] => _,
            v = in(vreg) w[0],
            w = in(vreg) w[1],
            a = inout(vreg) a,
            b = inout(vreg) b,
            c = inout(vreg) c,
            d = inout(vreg) d,
            low = out(vreg) _,
            high = out(vreg) _,
            options(pure, nomem, nostack, preserves_flags)
        );
    }
    [a, b, c, d]
}
