//! Products of floats in vectors of 512 bits, whole layers at a time: tiles of up to eight rows by two panels, whose
//! sums stay in registers over all inputs.
#![allow(unsafe_code)]

use super::avx512::Sixteen;
use crate::arch::TallGemm;
use crate::arch::vectors::{self, Vector, Widen};
use crate::kernels::tile::Split;
use crate::pack::PANEL;
use crate::unrolled::unrolled;
use core::arch::x86_64::{__mmask16, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps};
use half::f16;

/// Rows of a tile at most.
pub(super) const TALL: usize = 8;

/// Columns of a tile at most.
pub(super) const COLUMNS: usize = 2 * PANEL;

/// Some of the products of a tile.
#[derive(Clone, Copy)]
pub(super) struct Piece {
    /// Where the inputs of each row are; rows that the tile does not have may be anything.
    pub(super) rows: [*const f32; TALL],
    /// The first weight row in each panel.
    pub(super) at: usize,
    /// Inputs of a row.
    pub(super) len: usize,
}

/// The outputs of a tile and what all of its pieces share.
pub(super) struct Tile<'a, W> {
    /// Rows, at most [`TALL`].
    pub(super) rows: usize,
    /// The weights of the first panel, and of the second if there is one.
    pub(super) panels: [&'a [[W; PANEL]]; 2],
    /// The numbers that sums begin with, one per column.
    pub(super) bias: &'a [f32],
    /// Where the outputs of the first row are, and from row to row.
    pub(super) at: usize,
    pub(super) step: usize,
}

/// [`Arch::tall_gemm_f32`](crate::arch::Arch::tall_gemm_f32). It is no generic function: rustc compiles it with this
/// crate, once for all that is emitted.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) fn gemm_f32(layer: TallGemm<'_, [f32; PANEL]>, y: &mut [f32]) {
    gemm(layer, y);
}

/// [`Arch::tall_gemm_f16`](crate::arch::Arch::tall_gemm_f16).
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) fn gemm_f16(layer: TallGemm<'_, [f16; PANEL]>, y: &mut [f32]) {
    gemm(layer, y);
}

#[inline(always)]
fn gemm<W>(layer: TallGemm<'_, [W; PANEL]>, y: &mut [f32])
where
    Sixteen: Widen<W>,
{
    let TallGemm { m, k, n, x, w, bias } = layer;
    let (Some(x), Some(bias)) = (x.get(..m.saturating_mul(k)), bias.get(..n)) else {
        debug_assert!(false, "tall_gemm: an operand is too short");
        return;
    };
    for (panels, bias) in bias.chunks(COLUMNS).enumerate() {
        let column = panels * COLUMNS;
        let Some((first, second)) = w.get(2 * panels * k..).and_then(|w| w.split_at_checked(k)) else {
            return;
        };
        let second = second.get(..k).unwrap_or(&[]);
        for (from, rows) in Split::<TALL>::new(m) {
            let Some(x) = x.get(from * k..(from + rows) * k) else {
                return;
            };
            let mut inputs = [x.as_ptr(); TALL];
            for (i, row) in inputs.iter_mut().enumerate().take(rows) {
                *row = row.wrapping_add(i * k);
            }
            let tile = Tile {
                rows,
                panels: [first, second],
                bias,
                at: from * n + column,
                step: n,
            };
            let piece = Piece {
                rows: inputs,
                at: 0,
                len: k,
            };
            // SAFETY: the caller enables the features; `x` has `k` numbers in each row.
            unsafe { multiply(&tile, false, &[piece], y) };
        }
    }
}

/// Adds the products of the pieces, one after the other, to the biases, or to what is in `y` if the sums have `begun`.
///
/// # Safety
/// The processor is at the level of `Vnni`, and the rows of each piece have as many numbers as it says.
#[inline(always)]
pub(super) unsafe fn multiply<W>(tile: &Tile<'_, W>, begun: bool, pieces: &[Piece], y: &mut [f32])
where
    Sixteen: Widen<W>,
{
    let columns = tile.bias.len();
    let last = tile.at + tile.rows.saturating_sub(1) * tile.step;
    if columns == 0 || columns > COLUMNS || y.len() < last + columns {
        debug_assert!(false, "tall tile: there is no room for the outputs");
        return;
    }
    macro_rules! by_rows {
        ($panels:literal: $($rows:literal)*) => {
            match tile.rows {
                // SAFETY: as the caller says; there is room for so many rows of outputs.
                $($rows => unsafe { of_size::<W, $rows, $panels>(tile, begun, pieces, y) },)*
                _ => debug_assert!(false, "a tall tile has 1 to {TALL} rows"),
            }
        };
    }
    if columns > PANEL {
        by_rows!(2: 1 2 3 4 5 6 7 8);
    } else {
        by_rows!(1: 1 2 3 4 5 6 7 8);
    }
}

/// [`multiply`] for `M` rows by `P` panels.
///
/// # Safety
/// As [`multiply`]; there is room for `M` rows of outputs, of more than `P - 1` panels.
#[inline(always)]
unsafe fn of_size<W, const M: usize, const P: usize>(tile: &Tile<'_, W>, begun: bool, pieces: &[Piece], y: &mut [f32])
where
    Sixteen: Widen<W>,
{
    let mut masks: [__mmask16; P] = [0; P];
    for (p, mask) in masks.iter_mut().enumerate() {
        let columns = tile.bias.len().saturating_sub(p * PANEL).min(PANEL);
        *mask = ((1_u32 << columns) - 1) as __mmask16;
    }
    let mut sums = [[[Sixteen::zero(); 1]; P]; M];
    let y = y.as_mut_ptr().wrapping_add(tile.at);
    unrolled!(i in 0..M {
        let from = if begun { y.wrapping_add(i * tile.step).cast_const() } else { tile.bias.as_ptr() };
        for p in 0..P {
            // SAFETY: as the caller says; the mask leaves out what is beyond the columns.
            sums[i][p] = [Sixteen(unsafe { _mm512_maskz_loadu_ps(masks[p], from.wrapping_add(p * PANEL)) })];
        }
    });
    for piece in pieces {
        let mut rows: [&[f32]; M] = [&[]; M];
        unrolled!(i in 0..M {
            // SAFETY: as the caller says.
            rows[i] = unsafe { core::slice::from_raw_parts(piece.rows[i], piece.len) };
        });
        let mut panels: [&[[W; PANEL]]; P] = [&[]; P];
        for (to, from) in panels.iter_mut().zip(tile.panels) {
            let Some(panel) = from.get(piece.at..piece.at + piece.len) else {
                debug_assert!(false, "tall tile: there are too few weights");
                return;
            };
            *to = panel;
        }
        sums = vectors::products::<Sixteen, W, M, 0, 1, P>(sums, rows, panels);
    }
    unrolled!(i in 0..M {
        for p in 0..P {
            let [Sixteen(sums)] = sums[i][p];
            // SAFETY: as the caller says; the mask leaves out what is beyond the columns.
            unsafe { _mm512_mask_storeu_ps(y.wrapping_add(i * tile.step + p * PANEL), masks[p], sums) };
        }
    });
}
