//! Rows of depthwise convolutions of floats in vectors of 512 bits: sixteen channels of up to eight neighbouring
//! outputs, whose sums stay in registers.
#![allow(unsafe_code)]

use crate::arch::DepthwiseFloats;
use crate::unrolled::unrolled;
use core::arch::x86_64::{__m512, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_setzero_ps, _mm512_storeu_ps};

/// Channels of a vector.
const LANES: usize = 16;

/// Outputs of a tile at most: enough sums that none waits for the one before.
const OUTPUTS: usize = 8;

/// Outputs `ox..` of a row, and what they need of the operands.
#[derive(Clone, Copy)]
struct Tile<'a> {
    row: DepthwiseFloats<'a>,
    ox: usize,
    /// Columns under the tile that are inside the image: the first, counted from that of the first tap of the first
    /// output, and the one after the last.
    inside: [usize; 2],
}

/// [`Arch::depthwise_row_f32`](crate::arch::Arch::depthwise_row_f32). It is no generic function: rustc compiles it with
/// this crate, once for all that is emitted.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) fn row(row: DepthwiseFloats<'_>, y: &mut [f32]) {
    let ([ih, iw, c], [kh, kw]) = (row.input, row.kernel);
    let taps = kh.saturating_mul(kw).saturating_mul(c);
    let image = ih.saturating_mul(iw).saturating_mul(c);
    let outputs = y.len().checked_div(c).unwrap_or(0);
    if !row.fits() || row.x.len() < image || row.w.len() < taps || row.bias.len() < c || y.len() != outputs * c {
        debug_assert!(false, "depthwise_row_f32: operands do not fit");
        return;
    }
    let mut parts = outputs.div_ceil(OUTPUTS);
    let mut ox = 0;
    while parts > 0 {
        // Tiles of about equal width.
        let width = (outputs - ox).div_ceil(parts);
        parts -= 1;
        let left = ox * row.strides[1];
        let inside = [
            row.pads[1].saturating_sub(left),
            (iw + row.pads[1]).saturating_sub(left),
        ];
        let tile = Tile { row, ox, inside };
        macro_rules! of_width {
            ($taps:literal, $stride:literal: $($width:literal)*) => {
                match width {
                    // SAFETY: the operands have the lengths of the layer, which has at least sixteen channels.
                    $($width => unsafe { outputs_from::<$taps, $stride, $width>(tile, y) },)*
                    _ => {}
                }
            };
        }
        match (kw, row.strides[1]) {
            (3, 1) => of_width!(3, 1: 1 2 3 4 5 6 7 8),
            (3, _) => of_width!(3, 2: 1 2 3 4 5 6 7 8),
            (_, 1) => of_width!(5, 1: 1 2 3 4 5 6 7 8),
            _ => of_width!(5, 2: 1 2 3 4 5 6 7 8),
        }
        ox += width;
    }
}

/// All channels of `M` outputs of a row, with `KW` taps `S` columns apart.
///
/// # Safety The processor has AVX-512 F. The operands have the lengths of the layer, the outputs are in the row, and
/// there are at least sixteen channels.
#[inline]
#[target_feature(enable = "avx512f,avx2,fma")]
unsafe fn outputs_from<const KW: usize, const S: usize, const M: usize>(tile: Tile<'_>, y: &mut [f32]) {
    let c = tile.row.input[2];
    let whole = tile.inside[0] == 0 && tile.inside[1] >= (M - 1) * S + KW;
    let mut channel = 0;
    while channel < c {
        // The last channels once more, rather than a vector that is not full.
        let first = channel.min(c - LANES);
        // SAFETY: as the caller says.
        unsafe {
            let sums = if whole {
                channels::<KW, S, M, true>(tile, first)
            } else {
                channels::<KW, S, M, false>(tile, first)
            };
            unrolled!(m in 0..M {
                _mm512_storeu_ps(y.as_mut_ptr().add((tile.ox + m) * c + first), sums[m]);
            });
        }
        channel += LANES;
    }
}

/// Sixteen channels from `first` on.
///
/// # Safety
/// As [`outputs_from`]; if `WHOLE`, all columns under the tile are inside the image.
#[inline(always)]
unsafe fn channels<const KW: usize, const S: usize, const M: usize, const WHOLE: bool>(
    tile: Tile<'_>,
    first: usize,
) -> [__m512; M] {
    let Tile { row, ox, inside } = tile;
    let ([ih, iw, c], [kh, _]) = (row.input, row.kernel);
    let count = inside[1].wrapping_sub(inside[0]);
    // SAFETY: as the caller says; rows and columns outside of the image are left out.
    unsafe {
        let mut sums = [_mm512_loadu_ps(row.bias.as_ptr().add(first)); M];
        for ky in 0..kh {
            let iy = (row.oy * row.strides[0] + ky * row.dilations[0]).wrapping_sub(row.pads[0]);
            if iy >= ih {
                continue;
            }
            let mut w = [_mm512_setzero_ps(); KW];
            unrolled!(kx in 0..KW {
                w[kx] = _mm512_loadu_ps(row.w.as_ptr().add((ky * KW + kx) * c + first));
            });
            let left = (iy * iw + ox * S).wrapping_sub(row.pads[1]);
            let x = row.x.as_ptr().wrapping_add(left.wrapping_mul(c).wrapping_add(first));
            // Column by column: each is loaded, and looked at whether it is inside, once for all its taps.
            unrolled!(eight in 0..3 {
                unrolled!(one in 0..8 {
                    let column = 8 * eight + one;
                    if column < (M - 1) * S + KW && (WHOLE || column.wrapping_sub(inside[0]) < count) {
                        let x = _mm512_loadu_ps(x.wrapping_add(column * c));
                        unrolled!(kx in 0..KW {
                            let m = column.wrapping_sub(kx) / S;
                            if column >= kx && (column - kx) % S == 0 && m < M {
                                sums[m] = _mm512_fmadd_ps(x, w[kx], sums[m]);
                            }
                        });
                    }
                });
            });
        }
        sums
    }
}
