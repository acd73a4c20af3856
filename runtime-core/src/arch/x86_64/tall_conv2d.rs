//! Convolutions by the tiles of [`tall`](super::tall), whose outputs may be of several rows of an image.
#![allow(unsafe_code)]

use super::avx512::Sixteen;
use super::tall::{COLUMNS, Piece, TALL, Tile, ahead, multiply};
use crate::arch::TallConv2d;
use crate::arch::vectors::Widen;
use crate::kernels::gather_patch::{self as gather, FEW, GATHERED, Windows};
use crate::kernels::tile::Split;
use crate::pack::PANEL;
use core::arch::x86_64::{__mmask16, _mm512_maskz_loadu_ps, _mm512_storeu_ps};
use half::f16;

/// Zeros that stand for inputs outside of the image: a piece has at most as many of them.
const OUTSIDE: usize = 512;
static ZEROS: [f32; OUTSIDE] = [0.0; OUTSIDE];

/// Tiles of outputs that take turns with a block of weights.
const TILES: usize = 32;

/// Pieces that are collected before they are multiplied.
const PIECES: usize = 16;

/// [`Arch::tall_conv2d_f32`](crate::arch::Arch::tall_conv2d_f32). It is no generic function: rustc compiles it with
/// this crate, once for all that is emitted.
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) fn conv2d_f32(layer: TallConv2d<'_, [f32; PANEL]>, y: &mut [f32]) {
    conv2d(layer, y);
}

/// [`Arch::tall_conv2d_f16`](crate::arch::Arch::tall_conv2d_f16).
#[target_feature(enable = "avx512f,avx2,fma")]
pub(super) fn conv2d_f16(layer: TallConv2d<'_, [f16; PANEL]>, y: &mut [f32]) {
    conv2d(layer, y);
}

#[inline(always)]
fn conv2d<W>(layer: TallConv2d<'_, [W; PANEL]>, y: &mut [f32])
where
    Sixteen: Widen<[W; PANEL]>,
{
    let ([ih, iw, ic], [ow, oc], [kh, kw]) = (layer.input, layer.output, layer.kernel);
    let (Some(inputs), Some(outputs), Some(count)) = (
        ic.checked_div(layer.groups),
        oc.checked_div(layer.groups),
        y.len().checked_div(oc),
    ) else {
        return;
    };
    let panel_len = kh * kw * inputs;
    let panels = outputs.div_ceil(PANEL);
    if layer.x.len() < ih * iw * ic || layer.bias.len() < oc || ow == 0 {
        debug_assert!(false, "tall_conv2d: an operand is too short");
        return;
    }
    let gathers = layer.groups == 1 && gather::gathers(&windows(&layer));
    let mut patches = [[0.0; GATHERED]; TALL];
    // Patches are gathered once for all panels, which are few; else a panel stays in the caches for many outputs.
    let together = if gathers { TALL } else { TALL * TILES };
    let turns = count.div_ceil(together);
    let mut corners = [Corners::NONE; TILES];
    let mut pieces = Pieces::new();
    let mut first = 0;
    for turn in 0..turns {
        let some = (count - first).div_ceil(turns - turn);
        if gathers {
            pieces.gather(&layer, first, some, &mut patches);
        } else {
            for (corners, (from, rows)) in corners.iter_mut().zip(Split::<TALL>::new(some)) {
                *corners = Corners::new(&layer, first + from, rows);
            }
        }
        for (group, panel) in
            (0..layer.groups).flat_map(|group| (0..panels).step_by(2).map(move |panel| (group, panel)))
        {
            let taken = (panels - panel).min(2);
            let channel = group * outputs + panel * PANEL;
            let columns = (outputs - panel * PANEL).min(COLUMNS);
            let index = group * panels + panel;
            let (Some((one, other)), Some(bias)) = (
                layer
                    .w
                    .get(index * panel_len..(index + taken) * panel_len)
                    .and_then(|w| w.split_at_checked(panel_len)),
                layer.bias.get(channel..channel + columns),
            ) else {
                return;
            };
            for (i, (corners, (from, rows))) in corners.iter().zip(Split::<TALL>::new(some)).enumerate() {
                let mut tile = Tile {
                    rows,
                    panels: [one, other],
                    ahead: ahead([one, other], i),
                    bias,
                    at: (first + from) * oc + channel,
                    step: oc,
                    begun: false,
                    end: None,
                };
                if !gathers {
                    pieces.collect(&layer, corners, (group * inputs, inputs), &mut tile, y);
                }
                tile.end = Some(layer.end);
                // SAFETY: the caller enables the features; the pieces are inside of the image or of the patches.
                unsafe { multiply(&tile, pieces.all(), y) };
            }
        }
        first += some;
    }
}

/// Where the windows are.
#[inline(always)]
fn windows<R>(layer: &TallConv2d<'_, R>) -> Windows {
    Windows {
        input: layer.input,
        kernel: layer.kernel,
        strides: layer.strides,
        dilations: layer.dilations,
        pads: layer.pads,
    }
}

/// Pieces of a tile.
struct Pieces {
    pieces: [Piece; PIECES],
    count: usize,
}

impl Pieces {
    #[inline(always)]
    fn new() -> Self {
        let none = Piece {
            rows: [ZEROS.as_ptr(); TALL],
            at: 0,
            len: 0,
        };
        Self {
            pieces: [none; PIECES],
            count: 0,
        }
    }

    #[inline(always)]
    fn all(&self) -> &[Piece] {
        self.pieces.get(..self.count).unwrap_or(&[])
    }

    #[inline(always)]
    fn push(&mut self, piece: Piece) {
        if let Some(to) = self.pieces.get_mut(self.count) {
            *to = piece;
            self.count += 1;
        }
    }

    /// The patches of up to eight outputs as one piece: the inputs of each side by side, zeros where outside.
    #[inline(always)]
    fn gather<W>(
        &mut self,
        layer: &TallConv2d<'_, [W; PANEL]>,
        first: usize,
        rows: usize,
        patches: &mut [[f32; GATHERED]; TALL],
    ) {
        let ([ih, iw, ic], [kh, kw], [sy, sx], [py, px]) = (layer.input, layer.kernel, layer.strides, layer.pads);
        let ow = layer.output[0];
        let row = kw * ic;
        let mut oy = (layer.first + first).checked_div(ow).unwrap_or(0);
        let mut ox = layer.first + first - oy * ow;
        let mut piece = Piece {
            rows: [ZEROS.as_ptr(); TALL],
            at: 0,
            len: kh * row,
        };
        if row > FEW || kh * row > GATHERED - FEW {
            debug_assert!(false, "tall_conv2d: a patch is too large");
            return;
        }
        for (to, patch) in piece.rows.iter_mut().zip(patches).take(rows) {
            // A mask of the numbers of a kernel row that are inside of the image.
            let left = (ox * sx).wrapping_sub(px);
            let skipped = px.saturating_sub(ox * sx).min(kw) * ic;
            let end = (iw + px).saturating_sub(ox * sx).min(kw) * ic;
            let inside = ((1_u64 << end) - 1) as u32 & !((1_u64 << skipped) - 1) as u32;
            let patch = patch.as_mut_ptr();
            for ky in 0..kh {
                let iy = (oy * sy + ky * layer.dilations[0]).wrapping_sub(py);
                let mask = if iy < ih { inside } else { 0 };
                let from = iy.wrapping_mul(iw).wrapping_add(left).wrapping_mul(ic);
                let from = layer.x.as_ptr().wrapping_add(from);
                // SAFETY: the masks leave out what is outside of the image. A patch has room for `FEW` numbers after
                // the first ones of its last row.
                unsafe {
                    let to = patch.add(ky * row);
                    _mm512_storeu_ps(to, _mm512_maskz_loadu_ps(mask as __mmask16, from));
                    let (mask, from) = ((mask >> PANEL) as __mmask16, from.wrapping_add(PANEL));
                    _mm512_storeu_ps(to.add(PANEL), _mm512_maskz_loadu_ps(mask, from));
                }
            }
            *to = patch;
            ox += 1;
            if ox == ow {
                (oy, ox) = (oy + 1, 0);
            }
        }
        self.count = 0;
        self.push(piece);
    }

    /// The pieces of a tile: runs of taps that are inside the image for all its outputs, or some channels of one tap,
    /// where zeros stand for what is outside. If they are too many, the first are multiplied.
    #[inline(always)]
    fn collect<W>(
        &mut self,
        layer: &TallConv2d<'_, [W; PANEL]>,
        corners: &Corners,
        (first_channel, channels): (usize, usize),
        tile: &mut Tile<'_, W>,
        y: &mut [f32],
    ) where
        Sixteen: Widen<[W; PANEL]>,
    {
        self.count = 0;
        let ([ih, iw, ic], [kh, kw], rows) = (layer.input, layer.kernel, tile.rows);
        let x = layer.x.as_ptr().wrapping_add(first_channel);
        let mut base = [x; TALL];
        for (base, (y, x)) in base.iter_mut().zip(corners.y.iter().zip(corners.x)) {
            *base = base.wrapping_add(y.wrapping_mul(iw).wrapping_add(x).wrapping_mul(ic));
        }
        for ky in 0..kh {
            let down = ky * layer.dilations[0];
            let inside = corners.y.map(|y| y.wrapping_add(down) < ih);
            let count = inside.iter().take(rows).filter(|inside| **inside).count();
            if count == 0 {
                continue;
            }
            let (mut kx, mut channel) = (0, 0);
            while kx < kw {
                let whole = count == rows && kx == corners.run.0 && corners.run.1 > kx;
                let len = if whole {
                    (corners.run.1 - kx) * ic
                } else {
                    (channels - channel).min(OUTSIDE)
                };
                let right = kx * layer.dilations[1];
                let by = (down * iw + right) * ic + channel;
                let mut inputs = base.map(|base| base.wrapping_add(by));
                if !whole {
                    for ((to, inside), x) in inputs.iter_mut().zip(inside).zip(corners.x) {
                        if !inside || x.wrapping_add(right) >= iw {
                            *to = ZEROS.as_ptr();
                        }
                    }
                }
                if self.count == PIECES {
                    // SAFETY: as in `conv2d`.
                    unsafe { multiply(tile, self.all(), y) };
                    (self.count, tile.begun) = (0, true);
                }
                self.push(Piece {
                    rows: inputs,
                    at: (ky * kw + kx) * channels + channel,
                    len,
                });
                channel += len;
                if whole {
                    kx = corners.run.1;
                    channel = 0;
                } else if channel >= channels {
                    kx += 1;
                    channel = 0;
                }
            }
        }
    }
}

/// Where the windows of a tile's outputs begin.
#[derive(Clone, Copy)]
struct Corners {
    /// The first input row and the first column of each; they wrap where they are outside.
    y: [usize; TALL],
    x: [usize; TALL],
    /// Columns of taps that are inside the image for all: the first, and the one after the last.
    run: (usize, usize),
}

impl Corners {
    /// Of no outputs.
    const NONE: Self = Self {
        y: [0; TALL],
        x: [0; TALL],
        run: (0, 0),
    };

    /// Those of `rows` outputs from `first` on; the others are those of the last.
    #[inline(always)]
    fn new<W>(layer: &TallConv2d<'_, [W; PANEL]>, first: usize, rows: usize) -> Self {
        let (ow, [sy, sx], [py, px]) = (layer.output[0], layer.strides, layer.pads);
        let mut oy = (layer.first + first).checked_div(ow).unwrap_or(0);
        let mut ox = layer.first + first - oy * ow;
        let (mut y, mut x, mut run) = ([0; TALL], [0; TALL], (0, layer.kernel[1]));
        for (i, (y, x)) in y.iter_mut().zip(&mut x).enumerate() {
            *y = (oy * sy).wrapping_sub(py);
            *x = (ox * sx).wrapping_sub(px);
            run.0 = run.0.max(px.saturating_sub(ox * sx));
            run.1 = run.1.min((layer.input[1] + px).saturating_sub(ox * sx));
            if i + 1 < rows {
                ox += 1;
                if ox == ow {
                    (oy, ox) = (oy + 1, 0);
                }
            }
        }
        if layer.groups != 1 || layer.dilations[1] != 1 {
            run = (0, 0);
        }
        Self { y, x, run }
    }
}
