//! Rows of depthwise convolutions with dot products: sixteen channels, and the taps of a kernel column in one
//! instruction.
//!
//! The numbers of a column of the image under the kernel are joined, channel by channel: four bytes in each of sixteen
//! lanes. Neighbouring outputs share columns, which stay in registers.
#![allow(unsafe_code)]

use super::depthwise::{LANES, Line, lanes, lines, outside, store, weights};
use super::dotprod::{columns, dot_lanes};
use super::quads::STEP;
use crate::arch::DepthwiseRow;
use crate::arch::rounding::fits;
use crate::unrolled::unrolled;
use core::arch::aarch64::{int8x16_t, vdupq_n_s8};

/// Taps of a kernel row.
const WIDE: usize = 3;

/// A column of the image or of the kernel: the numbers of four rows, side by side, of sixteen channels.
type Column = [int8x16_t; 4];

/// [`Arch::depthwise_row`](crate::arch::Arch::depthwise_row), of kernels of three columns and at most four rows, and of
/// sixteen channels or more. A call of its own, which all layers share.
#[inline(never)]
#[target_feature(enable = "dotprod")]
pub(super) fn row(row: DepthwiseRow<'_>, y: &mut [i8]) -> bool {
    let ([_, iw, c], [kh, kw], [_, stride]) = (row.input, row.kernel, row.strides);
    let near = row.dilations[1] == 1 && stride != 0;
    if kw != WIDE || kh == 0 || kh > STEP || !near || !fits(row.requantize) || c < LANES {
        return false;
    }
    let outside = outside(row.requantize);
    let mut channel = 0;
    while channel < c {
        // The last channels once more, rather than a vector that is not full.
        let first = channel.min(c - LANES);
        let Some(lines) = lines(&row, first, &outside) else {
            debug_assert!(false, "depthwise_row: an operand is too short");
            return false;
        };
        let image = Image {
            lines,
            width: iw,
            outside: outside[0],
        };
        // SAFETY: this function is only called where there are dot products.
        unsafe {
            match stride {
                1 => channels::<1>(&row, image, first, y),
                2 => channels::<2>(&row, image, first, y),
                _ => channels::<WIDE>(&row, image, first, y),
            };
        }
        channel += LANES;
    }
    true
}

/// Sixteen channels from `first` on. Columns that the next output has too are kept: `S` is the stride, or three.
///
/// # Safety
/// The processor has dot products.
#[inline(always)]
unsafe fn channels<const S: usize>(row: &DepthwiseRow<'_>, image: Image, first: usize, y: &mut [i8]) -> Option<()> {
    let ([_, _, c], [_, stride], [_, pad]) = (row.input, row.strides, row.pads);
    let (bias, multipliers) = (lanes(row.bias, first)?, lanes(row.multipliers, first)?);
    let taps = taps(row, first)?;
    let mut kept = [image.column(pad.wrapping_neg()); WIDE];
    if S == 1 {
        kept[1] = image.column(1_usize.wrapping_sub(pad));
    }
    // From output to output columns move on by the stride: after three they are where they were.
    for (turn, y) in y.chunks_mut((WIDE * c).max(1)).enumerate() {
        unrolled!(t in 0..WIDE {
            let y = y.get_mut(t * c + first..).and_then(|y| y.first_chunk_mut())?;
            let left = ((WIDE * turn + t) * stride).wrapping_sub(pad);
            let mut sums = bias;
            unrolled!(kx in 0..WIDE {
                let column = (t * S + kx) % WIDE;
                if kx + S >= WIDE {
                    kept[column] = image.column(left.wrapping_add(kx));
                }
                unrolled!(v in 0..4 {
                    // SAFETY: as the caller says.
                    sums[v] = unsafe { dot_lanes(sums[v], kept[column][v], taps[kx][v]) };
                });
            });
            store(row.requantize, sums, multipliers, y);
        });
    }
    Some(())
}

/// The rows of the image under the kernel, from some channel on.
#[derive(Clone, Copy)]
struct Image {
    lines: [Line; STEP],
    width: usize,
    /// What is outside of it.
    outside: i8,
}

impl Image {
    /// The column `ix`.
    #[inline(always)]
    fn column(self, ix: usize) -> Column {
        // SAFETY: this module is only compiled for targets with NEON; the lines are as wide as the image.
        unsafe {
            if ix >= self.width {
                return [vdupq_n_s8(self.outside); 4];
            }
            let mut rows = [vdupq_n_s8(0); STEP];
            unrolled!(ky in 0..STEP {
                rows[ky] = self.lines[ky].columns::<1>(ix, 0)[0];
            });
            columns(rows)
        }
    }
}

/// The kernel's columns of sixteen channels from `first` on, with zeros below.
#[inline(always)]
fn taps(row: &DepthwiseRow<'_>, first: usize) -> Option<[Column; WIDE]> {
    // SAFETY: this module is only compiled for targets with NEON.
    let none = unsafe { vdupq_n_s8(0) };
    let mut taps = [[none; 4]; WIDE];
    for (kx, taps) in taps.iter_mut().enumerate() {
        let mut rows = [none; STEP];
        for (ky, to) in rows.iter_mut().enumerate().take(row.kernel[0]) {
            *to = weights(row, ky * WIDE + kx, first)?;
        }
        *taps = columns(rows);
    }
    Some(taps)
}
