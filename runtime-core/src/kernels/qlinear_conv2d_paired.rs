use super::body::{Body, compute};
use super::conv2d::Conv2d;
use super::positions::{Group, Layout};
use crate::Simd;
use crate::arch::{Arch, PairedPanel, Patches};
use crate::paired::{Grouping, ROWS, STEP, packed_words, parameters_len, patch_len, quads, scratch_words};
use crate::requantize::Requantize;
use crate::upper_word::limit;

/// The operands of [`qlinear_conv2d_paired`].
struct Operands<'a> {
    x: &'a [i8],
    w: &'a [u32],
    parameters: &'a [i32],
    y: &'a mut [i8],
    scratch: &'a mut [u32],
    patch: &'a mut [i8],
}

/// Words of halfwords: quads of four inputs, of all positions in turn.
struct Pairs<'a>(PairedPanel<'a>);

impl Layout for Pairs<'_> {
    type Word = u32;
    const ROWS: usize = ROWS;

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
        let starts = [0, 1, 2].map(|row: usize| row.saturating_sub(missing) * step);
        A::paired_rows(self.0, words, y, starts);
    }
}

impl Body<Operands<'_>> for Conv2d<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'_>) {
        let Self {
            batch,
            input: [ih, iw, ic],
            output: [oh, ow, oc],
            kernel: [kh, kw],
            groups,
            activation,
            ..
        } = self;
        let (Some(channels), Some(columns)) = (ic.checked_div(groups), oc.checked_div(groups)) else {
            return;
        };
        let image = ih.saturating_mul(iw).saturating_mul(ic);
        let outputs = oh.saturating_mul(ow).saturating_mul(oc);
        let k = kh.saturating_mul(kw).saturating_mul(channels);
        let (Some(x), Some(y), Some(words), Some(patch)) = (
            operands.x.get(..batch.saturating_mul(image)),
            operands.y.get_mut(..batch.saturating_mul(outputs)),
            operands.scratch.get_mut(..scratch_words(k, ROWS)),
            operands.patch.get_mut(..patch_len(channels, k)),
        ) else {
            debug_assert!(false, "qlinear_conv2d_paired: an operand is too short");
            return;
        };
        let w_len = packed_words(k, columns, Grouping::Pairs);
        let parameters_len = parameters_len(columns, Grouping::Pairs);
        for index in 0..groups {
            let (Some(w), Some(parameters)) = (
                operands.w.get(index * w_len..(index + 1) * w_len),
                operands
                    .parameters
                    .get(index * parameters_len..(index + 1) * parameters_len),
            ) else {
                return;
            };
            let panel = PairedPanel {
                w,
                parameters,
                quads: quads(k),
                channels: columns,
                zero: activation.zero,
            };
            for n in 0..batch {
                let group = Group {
                    layer: &self,
                    x: x.get(n * image..(n + 1) * image).unwrap_or_default(),
                    first: index * channels,
                    channels,
                    layout: Pairs(panel),
                };
                group.run::<A>(y, n * outputs + index * columns, words, patch);
            }
        }
        limit([activation.min, activation.max], y);
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
    layer: Conv2d<Requantize>,
    x: &[i8],
    w: &[u32],
    parameters: &[i32],
    y: &mut [i8],
    scratch: &mut [u32],
    patch: &mut [i8],
) {
    compute(
        simd,
        layer,
        Operands {
            x,
            w,
            parameters,
            y,
            scratch,
            patch,
        },
    )
}
