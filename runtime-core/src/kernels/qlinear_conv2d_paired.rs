use super::body::compute_shared;
use super::conv2d::Conv2d;
use super::layout::{Layout, Lengths};
use super::positions::Operands;
use crate::Simd;
use crate::arch::{Arch, PairedPanel, Patches};
use crate::paired::{Grouping, ROWS, STEP, packed_words, parameters_len, patch_len, quads, scratch_words};
use crate::requantize::Requantize;

/// Words of halfwords: quads of four inputs, of all positions in turn.
struct Pairs<'a>(PairedPanel<'a>);

impl<'a> Layout<'a> for Pairs<'a> {
    type Weight = u32;
    type Word = u32;
    const ROWS: usize = ROWS;

    #[inline(always)]
    fn lengths(channels: usize, k: usize, columns: usize) -> Lengths {
        Lengths {
            weights: packed_words(k, columns, Grouping::Pairs),
            parameters: parameters_len(columns, Grouping::Pairs),
            scratch: scratch_words(k, ROWS),
            patch: patch_len(channels, k),
        }
    }

    #[inline(always)]
    fn of(w: &'a [u32], parameters: &'a [i32], k: usize, columns: usize, zero: i32) -> Self {
        Self(PairedPanel {
            w,
            parameters,
            quads: quads(k),
            channels: columns,
            zero,
        })
    }

    #[inline(always)]
    fn place(&self, place: usize) -> usize {
        2 * place
    }

    #[inline(always)]
    fn words(inputs: usize) -> usize {
        inputs / 4 * STEP
    }

    #[inline(always)]
    fn widen<A: Arch>(run: &[i8], words: &mut [u32]) {
        A::widen(run, words, STEP);
    }

    #[inline(always)]
    fn fill(words: &mut [u32], outside: i8, inputs: usize) {
        let both = u32::from(i16::from(outside) as u16) * 0x1_0001;
        for quad in words.chunks_mut(STEP).take(inputs / 4) {
            if let [even, odd, ..] = quad {
                (*even, *odd) = (both, both);
            }
        }
    }

    #[inline(always)]
    fn widen_patches<A: Arch>(&self, x: &[i8], patches: Patches, patch: &mut [i8], words: &mut [u32]) {
        A::widen_patches(x, patches, patch, words);
    }

    #[inline(always)]
    fn multiply<A: Arch>(&self, words: &[u32], y: &mut [i8], step: usize, missing: usize) {
        let start = |row: usize| row.saturating_sub(missing) * step;
        A::paired_rows(self.0, words, y, [start(0), start(1), start(2)]);
    }
}

/// ONNX `QLinearConv` with weights in pairs of channels: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`.
/// For each group of channels, `w` is packed by [`pack`](crate::paired::pack), its inputs in the order `[kh, kw, ic /
/// groups]`, and `parameters` by [`pack_parameters`](crate::paired::pack_parameters), from biases minus the products of
/// the input's zero point and the weights. `scratch` has [`scratch_words`] of a position's inputs, and `patch`
/// [`patch_len`] numbers. The shift is [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_conv2d_paired(
    simd: Simd,
    layer: &Conv2d<Requantize>,
    x: &[i8],
    w: &[u32],
    parameters: &[i32],
    y: &mut [i8],
    scratch: &mut [u32],
    patch: &mut [i8],
) {
    compute_shared(
        simd,
        layer,
        Operands::<Pairs<'_>> {
            x,
            w,
            parameters,
            y,
            scratch,
            patch,
        },
    )
}
