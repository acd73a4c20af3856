//! What rows of depthwise convolutions of 8-bit integers share: sixteen channels, of all image rows under the kernel.
#![allow(unsafe_code)]

use super::requantize::requantize;
use crate::arch::DepthwiseRow;
use crate::arch::vectors::opaque;
use crate::requantize::Requantize;
use crate::unrolled::unrolled;
use core::arch::aarch64::{int8x16_t, int32x4_t, vcombine_s8, vdupq_n_s8, vld1q_s8, vld1q_s32, vst1q_s8};

/// Channels that are computed together.
pub(super) const LANES: usize = 16;

/// Where a row of the image begins, and the numbers from one column to the next: none if it is outside. Each column has
/// sixteen channels.
#[derive(Clone, Copy)]
pub(super) struct Line {
    at: *const i8,
    step: usize,
}

impl Line {
    /// Sixteen channels of `N` columns from `ix` on, `across` columns apart.
    ///
    /// # Safety
    /// The image is wider than the last of them, and what the line was made from still exists.
    #[inline(always)]
    pub(super) unsafe fn columns<const N: usize>(self, ix: usize, across: usize) -> [int8x16_t; N] {
        // SAFETY: as the caller says.
        unsafe {
            // The optimiser would otherwise count every address on from output to output, and has no registers for
            // them.
            let from = opaque(self.at.add(ix * self.step));
            let mut columns = [vdupq_n_s8(0); N];
            unrolled!(i in 0..N {
                columns[i] = vld1q_s8(from.add(i * across * self.step));
            });
            columns
        }
    }
}

/// What is outside of the image.
#[inline(always)]
pub(super) fn outside(f: Requantize) -> [i8; LANES] {
    [f.outside.clamp(i8::MIN.into(), i8::MAX.into()) as i8; LANES]
}

/// The rows of the image under the kernel, from channel `first` on; `outside` stands for those above and below the
/// image, and for those beyond the kernel. None if the image is too short.
#[inline(always)]
pub(super) fn lines<const H: usize>(row: &DepthwiseRow<'_>, first: usize, outside: &[i8; LANES]) -> Option<[Line; H]> {
    let [ih, iw, c] = row.input;
    let beyond = Line {
        at: outside.as_ptr(),
        step: 0,
    };
    let mut lines = [beyond; H];
    for (ky, line) in lines.iter_mut().enumerate().take(row.kernel[0]) {
        let iy = (row.oy * row.strides[0] + ky * row.dilations[0]).wrapping_sub(row.pads[0]);
        if iy < ih && iw != 0 {
            let x = row.x.get(iy * iw * c..(iy + 1) * iw * c)?;
            // So that sixteen channels of the last column are there.
            x.get((iw - 1) * c + first..)?.first_chunk::<LANES>()?;
            *line = Line {
                at: x.get(first..)?.as_ptr(),
                step: c,
            };
        }
    }
    Some(lines)
}

/// Sixteen weights of the tap `tap`, from channel `first` on.
#[inline(always)]
pub(super) fn weights(row: &DepthwiseRow<'_>, tap: usize, first: usize) -> Option<int8x16_t> {
    let weights = row.w.get(tap * row.input[2] + first..)?.first_chunk::<LANES>()?;
    // SAFETY: this module is only compiled for targets with NEON; there are sixteen bytes.
    Some(unsafe { vld1q_s8(weights.as_ptr()) })
}

/// Sixteen numbers from `first` on.
#[inline(always)]
pub(super) fn lanes(numbers: &[i32], first: usize) -> Option<[int32x4_t; 4]> {
    let from = numbers.get(first..)?.first_chunk::<LANES>()?.as_ptr();
    // SAFETY: this module is only compiled for targets with NEON; there are sixteen numbers.
    Some(unsafe {
        [
            vld1q_s32(from),
            vld1q_s32(from.add(4)),
            vld1q_s32(from.add(8)),
            vld1q_s32(from.add(12)),
        ]
    })
}

/// Writes sixteen outputs.
#[inline(always)]
pub(super) fn store(f: Requantize, sums: [int32x4_t; 4], multipliers: [int32x4_t; 4], y: &mut [i8; LANES]) {
    let ([a, b, c, d], [e, f0, g, h]) = (sums, multipliers);
    let (low, high) = (requantize(f, [a, b], [e, f0]), requantize(f, [c, d], [g, h]));
    // SAFETY: this module is only compiled for targets with NEON; there is room for sixteen bytes.
    unsafe { vst1q_s8(y.as_mut_ptr(), vcombine_s8(low, high)) };
}
