//! Products of floats in vectors of 512 bits, whole layers at a time: tiles of up to eight rows by two panels, whose
//! sums stay in registers over all inputs.
#![allow(unsafe_code)]

use super::avx512::Sixteen;
use crate::arch::vectors::{self, Vector, Widen};
use crate::arch::{TallEnd, TallGemm};
use crate::kernels::tile::Split;
use crate::pack::PANEL;
use crate::unrolled::unrolled;
use core::arch::x86_64::{
    __mmask16, _MM_HINT_T1, _mm_prefetch, _mm512_mask_storeu_ps, _mm512_maskz_loadu_ps, _mm512_max_ps, _mm512_min_ps,
    _mm512_set1_ps,
};
use half::f16;

/// Rows of a tile at most.
pub(super) const TALL: usize = 8;

/// Columns of a tile at most.
pub(super) const COLUMNS: usize = 2 * PANEL;

/// Inputs that are multiplied in one turn of the loop.
const STEP: usize = 4;

/// Bytes of weights that stay in the second cache.
const SECOND: usize = 1 << 20;

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
    /// What to fetch for each panel while the products are added up: see [`ahead`].
    pub(super) ahead: [*const [W; PANEL]; 2],
    /// The numbers that sums begin with, one per column.
    pub(super) bias: &'a [f32],
    /// Where the outputs of the first row are, and from row to row.
    pub(super) at: usize,
    pub(super) step: usize,
    /// Whether some products were added before: the sums so far are in `y`.
    pub(super) begun: bool,
    /// Applied to the sums, if no products are left.
    pub(super) end: Option<TallEnd<'a>>,
}

/// The weights that tile `i` of two panels fetches for those who follow: one of [`STEP`] rows of the next two panels.
/// Weights that are not in the caches would arrive too late if the first tile that needs them were the first to ask.
#[inline(always)]
pub(super) fn ahead<W>(panels: [&[[W; PANEL]]; 2], i: usize) -> [*const [W; PANEL]; 2] {
    let [one, other] = panels;
    let after = i % STEP + one.len() + other.len();
    [
        one.as_ptr().wrapping_add(after),
        one.as_ptr().wrapping_add(after + one.len()),
    ]
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
    Sixteen: Widen<[W; PANEL]>,
{
    let TallGemm {
        m,
        k,
        n,
        x,
        w,
        bias,
        end,
    } = layer;
    let (Some(x), Some(bias)) = (x.get(..m.saturating_mul(k)), bias.get(..n)) else {
        debug_assert!(false, "tall_gemm: an operand is too short");
        return;
    };
    // Inputs of some rows stay in the caches while the weights pass by, of more if the weights come from afar.
    let near = size_of_val(w) <= SECOND;
    let most = (if near { 1_usize << 14 } else { 1 << 17 }).checked_div(k);
    let turns = m.div_ceil(most.unwrap_or(m).max(4 * TALL));
    let mut first = 0;
    for turn in 0..turns {
        let some = (m - first).div_ceil(turns - turn);
        for (panels, bias) in bias.chunks(COLUMNS).enumerate() {
            let Some((one, other)) = w.get(2 * panels * k..).and_then(|w| w.split_at_checked(k)) else {
                return;
            };
            let other = other.get(..k).unwrap_or(&[]);
            for (i, (from, rows)) in Split::<TALL>::new(some).enumerate() {
                let row = first + from;
                let mut inputs = [x.as_ptr(); TALL];
                for (i, to) in inputs.iter_mut().enumerate().take(rows) {
                    *to = to.wrapping_add((row + i) * k);
                }
                let tile = Tile {
                    rows,
                    panels: [one, other],
                    ahead: ahead([one, other], i),
                    bias,
                    at: row * n + panels * COLUMNS,
                    step: n,
                    begun: false,
                    end: Some(end),
                };
                let piece = Piece {
                    rows: inputs,
                    at: 0,
                    len: k,
                };
                // SAFETY: the caller enables the features; `x` has `k` numbers in each of `m` rows.
                unsafe { multiply(&tile, &[piece], y) };
            }
        }
        first += some;
    }
}

/// Adds the products of the pieces, one after the other, to the biases, or to what is in `y` if the sums have begun.
///
/// # Safety
/// The processor is at the level of `Vnni`, and the rows of each piece have as many numbers as it says.
#[inline(always)]
pub(super) unsafe fn multiply<W>(tile: &Tile<'_, W>, pieces: &[Piece], y: &mut [f32])
where
    Sixteen: Widen<[W; PANEL]>,
{
    let columns = tile.bias.len();
    let last = tile.at + tile.rows.saturating_sub(1) * tile.step;
    let residual = tile.end.and_then(|end| end.residual).map_or(usize::MAX, <[f32]>::len);
    if columns == 0 || columns > COLUMNS || y.len().min(residual) < last + columns {
        debug_assert!(
            false,
            "tall tile: there is no room for the outputs, or their residual is too short"
        );
        return;
    }
    macro_rules! by_rows {
        ($panels:literal: $($rows:literal)*) => {
            match tile.rows {
                // SAFETY: as the caller says; there is room for so many rows of outputs.
                $($rows => unsafe { of_size::<W, $rows, $panels>(tile, pieces, y) },)*
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

/// [`multiply`] for `M` rows by `P` panels. Unoptimised code keeps each intermediate result in a place of its own on
/// the stack: as one function, all sizes would take megabytes there.
///
/// # Safety
/// As [`multiply`]; there is room for `M` rows of outputs, of more than `P - 1` panels.
#[cfg_attr(debug_assertions, target_feature(enable = "avx512f,avx2,fma,f16c"), inline(never))]
#[cfg_attr(not(debug_assertions), inline(always))]
unsafe fn of_size<W, const M: usize, const P: usize>(tile: &Tile<'_, W>, pieces: &[Piece], y: &mut [f32])
where
    Sixteen: Widen<[W; PANEL]>,
{
    let mut masks: [__mmask16; P] = [0; P];
    for (p, mask) in masks.iter_mut().enumerate() {
        let columns = tile.bias.len().saturating_sub(p * PANEL).min(PANEL);
        *mask = ((1_u32 << columns) - 1) as __mmask16;
    }
    let mut sums = [[[Sixteen::zero(); 1]; P]; M];
    let y = y.as_mut_ptr().wrapping_add(tile.at);
    unrolled!(i in 0..M {
        let from = if tile.begun { y.wrapping_add(i * tile.step).cast_const() } else { tile.bias.as_ptr() };
        for p in 0..P {
            // SAFETY: as the caller says; the mask leaves out what is beyond the columns.
            sums[i][p] = [Sixteen(unsafe { _mm512_maskz_loadu_ps(masks[p], from.wrapping_add(p * PANEL)) })];
        }
    });
    for piece in pieces {
        let mut panels: [&[[W; PANEL]]; P] = [&[]; P];
        for (to, from) in panels.iter_mut().zip(tile.panels) {
            let Some(panel) = from.get(piece.at..piece.at + piece.len) else {
                debug_assert!(false, "tall tile: there are too few weights");
                return;
            };
            *to = panel;
        }
        if M == 1 {
            // SAFETY: as the caller says.
            let row = unsafe { core::slice::from_raw_parts(piece.rows[0], piece.len) };
            sums = vectors::products::<Sixteen, [W; PANEL], M, 0, 1, P>(sums, [row; M], panels);
        } else {
            // SAFETY: as the caller says; the panels have as many rows.
            sums = unsafe { products(sums, piece, panels.map(<[_]>::as_ptr), tile.ahead) };
        }
    }
    if let Some(end) = tile.end {
        // SAFETY: as the caller says.
        sums = unsafe { ended(sums, end, tile, masks) };
    }
    unrolled!(i in 0..M {
        for p in 0..P {
            let [Sixteen(sums)] = sums[i][p];
            // SAFETY: as the caller says; the mask leaves out what is beyond the columns.
            unsafe { _mm512_mask_storeu_ps(y.wrapping_add(i * tile.step + p * PANEL), masks[p], sums) };
        }
    });
}

/// What is written where no products are left.
///
/// # Safety
/// As [`of_size`]; the residual, if there is one, is as long as the outputs.
#[inline(always)]
unsafe fn ended<W, const M: usize, const P: usize>(
    mut sums: [[[Sixteen; 1]; P]; M],
    end: TallEnd<'_>,
    tile: &Tile<'_, W>,
    masks: [__mmask16; P],
) -> [[[Sixteen; 1]; P]; M] {
    // SAFETY: as the caller says; the mask leaves out what is beyond the columns. Of operands that are not a number,
    // `min` and `max` give the second.
    unsafe {
        if let Some(residual) = end.residual {
            let residual = residual.as_ptr().wrapping_add(tile.at);
            unrolled!(i in 0..M {
                for p in 0..P {
                    let more = _mm512_maskz_loadu_ps(masks[p], residual.wrapping_add(i * tile.step + p * PANEL));
                    sums[i][p] = [sums[i][p][0].add(Sixteen(more))];
                }
            });
        }
        let (least, greatest) = (_mm512_set1_ps(end.bounds[0]), _mm512_set1_ps(end.bounds[1]));
        unrolled!(i in 0..M {
            for [Sixteen(sum)] in &mut sums[i] {
                *sum = _mm512_min_ps(greatest, _mm512_max_ps(least, *sum));
            }
        });
    }
    sums
}

/// The sums plus the products of a piece, some inputs of each row at a time: what counts the inputs takes turns with
/// the multiply-adds at the same ports.
///
/// # Safety
/// As [`multiply`]; each panel has a row for every input of the piece.
#[inline(always)]
unsafe fn products<W, const M: usize, const P: usize>(
    mut sums: [[[Sixteen; 1]; P]; M],
    piece: &Piece,
    mut panels: [*const [W; PANEL]; P],
    later: [*const [W; PANEL]; 2],
) -> [[[Sixteen; 1]; P]; M]
where
    Sixteen: Widen<[W; PANEL]>,
{
    let mut ahead = panels;
    for (ahead, later) in ahead.iter_mut().zip(later) {
        *ahead = later.wrapping_add(piece.at);
    }
    let mut rows = [piece.rows[0]; M];
    unrolled!(i in 0..M {
        rows[i] = vectors::opaque(piece.rows[i]);
    });
    let mut k = 0;
    while k + STEP <= piece.len {
        unrolled!(step in 0..STEP {
            // SAFETY: as the caller says.
            sums = unsafe { multiply_add(sums, rows, k + step, panels, step) };
        });
        unrolled!(p in 0..P {
            // SAFETY: what is fetched is not read.
            unsafe { _mm_prefetch::<_MM_HINT_T1>(ahead[p].cast()) };
            ahead[p] = ahead[p].wrapping_add(STEP);
            panels[p] = panels[p].wrapping_add(STEP);
        });
        k += STEP;
    }
    while k < piece.len {
        // SAFETY: as the caller says.
        sums = unsafe { multiply_add(sums, rows, k, panels, 0) };
        unrolled!(p in 0..P {
            panels[p] = panels[p].wrapping_add(1);
        });
        k += 1;
    }
    sums
}

/// The sums plus the products of input `k` of each row by row `at` of each panel.
///
/// # Safety
/// There are such an input and such a row.
#[inline(always)]
unsafe fn multiply_add<W, const M: usize, const P: usize>(
    mut sums: [[[Sixteen; 1]; P]; M],
    rows: [*const f32; M],
    k: usize,
    panels: [*const [W; PANEL]; P],
    at: usize,
) -> [[[Sixteen; 1]; P]; M]
where
    Sixteen: Widen<[W; PANEL]>,
{
    let mut weights = [Sixteen::zero(); P];
    unrolled!(p in 0..P {
        // SAFETY: as the caller says.
        weights[p] = Sixteen::widen(unsafe { &*panels[p].add(at) }, 0);
    });
    unrolled!(i in 0..M {
        // SAFETY: as the caller says.
        let input = unsafe { *rows[i].add(k) };
        unrolled!(p in 0..P {
            sums[i][p] = [weights[p].multiply_add(input, sums[i][p][0])];
        });
    });
    sums
}
