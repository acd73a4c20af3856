//! Rows of depthwise convolutions with VNNI: sixteen channels, and the taps of a kernel column in one instruction.
//!
//! The numbers of a column of the image under the kernel are joined, channel by channel: four bytes in each of sixteen
//! lanes. Neighbouring outputs share columns, which stay in registers.
#![allow(unsafe_code)]

use super::requantize::requantize_512;
use crate::arch::DepthwiseRow;
use crate::arch::rounding::fits;
use core::arch::x86_64::{
    __m512i, __mmask16, _mm_cvtsi32_si128, _mm_mask_storeu_epi8, _mm_maskz_loadu_epi8, _mm_set1_epi8, _mm_storeu_si128,
    _mm512_cvtepu8_epi32, _mm512_dpbusd_epi32, _mm512_maskz_loadu_epi32, _mm512_or_si512, _mm512_set1_epi8,
    _mm512_setzero_si512, _mm512_sll_epi32, _mm512_sub_epi32, _mm512_xor_si512,
};

/// Channels of a vector.
const LANES: usize = 16;

/// Taps of a kernel column at most: bytes of a lane.
const TALL: usize = 4;

/// Taps of a kernel row.
const WIDE: usize = 3;

/// Where a row of the image begins, and the numbers from one column to the next: none if it is outside.
#[derive(Clone, Copy)]
struct Line<'a> {
    x: &'a [i8],
    step: usize,
}

/// [`Arch::depthwise_row`](crate::arch::Arch::depthwise_row), of kernels of three columns and at most four rows.
///
/// # Safety
/// The processor has AVX-512 F, BW, VL and VNNI.
#[inline(always)]
pub(super) unsafe fn row(row: DepthwiseRow<'_>, y: &mut [i8]) -> bool {
    let DepthwiseRow {
        input: [ih, iw, c],
        kernel: [kh, kw],
        dilations,
        ..
    } = row;
    if kw != WIDE || kh == 0 || kh > TALL || dilations[1] != 1 || row.strides[1] == 0 || !fits(row.requantize) || c == 0
    {
        return false;
    }
    debug_assert!(row.x.len() >= ih * iw * c && row.w.len() >= kh * kw * c);
    let outside = [row.requantize.outside.clamp(i8::MIN.into(), i8::MAX.into()) as i8; LANES];
    let mut channel = 0;
    while channel < c {
        // The last channels once more, rather than a vector that is not full.
        let first = channel.min(c.saturating_sub(LANES));
        let mut lines = [Line { x: &outside, step: 0 }; TALL];
        for (ky, line) in lines.iter_mut().enumerate().take(kh) {
            let iy = (row.oy * row.strides[0] + ky * dilations[0]).wrapping_sub(row.pads[0]);
            if iy < ih {
                let x = row.x.get(iy * iw * c + first..(iy + 1) * iw * c).unwrap_or(&[]);
                *line = Line { x, step: c };
            }
        }
        // SAFETY: as the caller says.
        unsafe { channels(row, lines, first, y) };
        channel += LANES;
    }
    true
}

/// Up to sixteen channels from `first` on.
///
/// # Safety
/// As [`row`].
#[inline(always)]
unsafe fn channels(row: DepthwiseRow<'_>, lines: [Line<'_>; TALL], first: usize, y: &mut [i8]) {
    let DepthwiseRow {
        input: [_, iw, c],
        kernel: [kh, _],
        strides,
        pads,
        ..
    } = row;
    let count = (c - first).min(LANES);
    let mask = ((1_u32 << count) - 1) as __mmask16;
    let beside = row.requantize.outside.clamp(i8::MIN.into(), i8::MAX.into()) as i8;
    // SAFETY: as the caller says; masks leave out what is beyond the channels.
    unsafe {
        let flip = _mm512_set1_epi8(i8::MIN);
        let beside = _mm512_xor_si512(_mm512_set1_epi8(beside), flip);
        let channels = first..first + count;
        let (Some(bias), Some(multipliers)) = (row.bias.get(channels.clone()), row.multipliers.get(channels)) else {
            return;
        };
        let bias = _mm512_maskz_loadu_epi32(mask, bias.as_ptr());
        let multipliers = _mm512_maskz_loadu_epi32(mask, multipliers.as_ptr());
        let mut taps = [_mm512_setzero_si512(); WIDE];
        let mut offsets = _mm512_setzero_si512();
        for (kx, taps) in taps.iter_mut().enumerate() {
            let mut weights = [Line { x: &[], step: 0 }; TALL];
            for (ky, line) in weights.iter_mut().enumerate().take(kh) {
                line.x = row.w.get((ky * WIDE + kx) * c + first..).unwrap_or(&[]);
            }
            *taps = column(weights, kh, 0, count, mask);
            offsets = _mm512_dpbusd_epi32(offsets, flip, *taps);
        }
        let start = _mm512_sub_epi32(bias, offsets);
        let image = Image {
            lines,
            width: iw,
            kh,
            count,
            mask,
            beside,
        };
        // Columns that the output before has already.
        let kept = WIDE.saturating_sub(strides[1]);
        let mut columns = [beside; WIDE];
        for (ox, y) in y.chunks_mut(c).enumerate() {
            let left = (ox * strides[1]).wrapping_sub(pads[1]);
            let fresh = if ox == 0 { 0 } else { kept };
            if fresh > 0 {
                columns = match strides[1] {
                    1 => [columns[1], columns[2], beside],
                    _ => [columns[2], beside, beside],
                };
            }
            if fresh < 1 {
                columns[0] = image.column(left);
            }
            if fresh < 2 {
                columns[1] = image.column(left.wrapping_add(1));
            }
            columns[2] = image.column(left.wrapping_add(2));
            let mut sums = start;
            for (column, taps) in columns.iter().zip(taps) {
                sums = _mm512_dpbusd_epi32(sums, *column, taps);
            }
            let outputs = requantize_512(row.requantize, sums, multipliers);
            let Some(y) = y.get_mut(first..first + count) else {
                return;
            };
            match y.first_chunk_mut::<LANES>() {
                Some(y) => _mm_storeu_si128(y.as_mut_ptr().cast(), outputs),
                None => _mm_mask_storeu_epi8(y.as_mut_ptr(), mask, outputs),
            }
        }
    }
}

/// The rows of the image under the kernel, sixteen channels wide.
#[derive(Clone, Copy)]
struct Image<'a> {
    lines: [Line<'a>; TALL],
    width: usize,
    kh: usize,
    count: usize,
    mask: __mmask16,
    /// A column outside of the image.
    beside: __m512i,
}

impl Image<'_> {
    /// A column with 128 added to each number.
    ///
    /// # Safety
    /// As [`row`].
    #[inline(always)]
    unsafe fn column(self, ix: usize) -> __m512i {
        if ix >= self.width {
            return self.beside;
        }
        // SAFETY: as the caller says.
        unsafe {
            let numbers = column(self.lines, self.kh, ix, self.count, self.mask);
            _mm512_xor_si512(numbers, _mm512_set1_epi8(i8::MIN))
        }
    }
}

/// The numbers of a column from the first `kh` lines, four bytes per channel; none of a line that is too short.
///
/// # Safety
/// As [`row`].
#[inline(always)]
unsafe fn column(lines: [Line<'_>; TALL], kh: usize, ix: usize, count: usize, mask: __mmask16) -> __m512i {
    // SAFETY: as the caller says; there are sixteen bytes, or as many as the mask has.
    unsafe {
        let mut all = _mm512_setzero_si512();
        for (ky, line) in lines.iter().enumerate().take(kh) {
            let bytes = match line.x.get(ix * line.step..).and_then(|x| x.get(..count)) {
                Some(x) => _mm_maskz_loadu_epi8(mask, x.as_ptr()),
                None => _mm_set1_epi8(0),
            };
            let shift = _mm_cvtsi32_si128(8 * ky as i32);
            all = _mm512_or_si512(all, _mm512_sll_epi32(_mm512_cvtepu8_epi32(bytes), shift));
        }
        all
    }
}
