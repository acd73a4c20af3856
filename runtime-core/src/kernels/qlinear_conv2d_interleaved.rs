use super::body::compute_shared;
use super::conv2d::Conv2d;
use super::layout::{Layout, Lengths};
use super::positions::Operands;
use crate::Simd;
use crate::arch::{Arch, InterleavedPanel};
use crate::interleaved::{ROWS, inputs, packed_len, parameters_len, scratch_words};
use crate::requantize::Requantize;

/// Words of one input each, of all positions in turn.
struct Fours<'a>(InterleavedPanel<'a>);

impl<'a> Layout<'a> for Fours<'a> {
    type Weight = u8;
    type Word = u32;
    const ROWS: usize = ROWS;
    const CLEARED: bool = true;

    #[inline(always)]
    fn lengths(_: usize, k: usize, columns: usize) -> Lengths {
        Lengths {
            weights: packed_len(k, columns),
            parameters: parameters_len(columns),
            scratch: scratch_words(k),
            patch: 0,
        }
    }

    #[inline(always)]
    fn of(w: &'a [u8], parameters: &'a [i32], k: usize, columns: usize, zero: i32) -> Self {
        Self(InterleavedPanel {
            w,
            parameters,
            inputs: inputs(k),
            channels: columns,
            zero,
        })
    }

    #[inline(always)]
    fn place(&self, place: usize) -> usize {
        place
    }

    #[inline(always)]
    fn words(inputs: usize) -> usize {
        inputs * ROWS
    }

    #[inline(always)]
    fn widen<A: Arch>(run: &[i8], words: &mut [u32]) {
        A::widen_bytes(run, words, ROWS);
    }

    #[inline(always)]
    fn fill(words: &mut [u32], outside: i8, inputs: usize) {
        for word in words.iter_mut().step_by(ROWS).take(inputs) {
            *word = i32::from(outside) as u32;
        }
    }

    #[inline(always)]
    fn multiply<A: Arch>(&self, words: &[u32], y: &mut [i8], step: usize, missing: usize) {
        let starts = [0, 1, 2, 3, 4].map(|row: usize| row.saturating_sub(missing) * step);
        A::interleaved_rows(self.0, words, y, starts);
    }
}

/// ONNX `QLinearConv` with weights in fours of channels: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`.
/// For each group of channels, `w` is packed by [`pack`](crate::interleaved::pack), its inputs in the order `[kh, kw,
/// ic / groups]`, and `parameters` by [`pack_parameters`](crate::interleaved::pack_parameters), from biases minus the
/// products of the input's zero point and the weights. `scratch` has [`scratch_words`] of a position's inputs. The
/// shift is [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_conv2d_interleaved(
    simd: Simd,
    layer: &Conv2d<Requantize>,
    x: &[i8],
    w: &[u8],
    parameters: &[i32],
    y: &mut [i8],
    scratch: &mut [u32],
) {
    compute_shared(
        simd,
        layer,
        Operands::<Fours<'_>> {
            x,
            w,
            parameters,
            y,
            scratch,
            patch: &mut [],
        },
    )
}
