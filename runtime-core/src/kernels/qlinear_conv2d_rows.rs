use super::body::compute_shared;
use super::conv2d::Conv2d;
use super::layout::{Layout, Lengths};
use super::positions::Operands;
use crate::Simd;
use crate::arch::{Arch, RowsPanel};
use crate::requantize::Requantize;
use crate::rows::{ROWS, scratch_len};

/// Bytes, of one position after the other.
struct Rows<'a>(RowsPanel<'a>);

impl<'a> Layout<'a> for Rows<'a> {
    type Weight = i8;
    type Word = i8;
    const ROWS: usize = ROWS;

    #[inline(always)]
    fn lengths(_: usize, k: usize, columns: usize) -> Lengths {
        Lengths {
            weights: columns.saturating_mul(k),
            parameters: 2 * columns,
            scratch: scratch_len(k),
            patch: 0,
        }
    }

    #[inline(always)]
    fn of(w: &'a [i8], parameters: &'a [i32], k: usize, columns: usize, zero: i32) -> Self {
        Self(RowsPanel {
            w,
            parameters,
            inputs: k,
            channels: columns,
            zero,
        })
    }

    #[inline(always)]
    fn place(&self, place: usize) -> usize {
        place * self.0.inputs
    }

    #[inline(always)]
    fn words(inputs: usize) -> usize {
        inputs
    }

    #[inline(always)]
    fn widen<A: Arch>(run: &[i8], words: &mut [i8]) {
        A::copy_rows((run, 0), (words, 0), run.len(), 1);
    }

    #[inline(always)]
    fn fill(words: &mut [i8], outside: i8, inputs: usize) {
        if let Some(words) = words.get_mut(..inputs) {
            words.fill(outside);
        }
    }

    #[inline(always)]
    fn multiply<A: Arch>(&self, words: &[i8], y: &mut [i8], step: usize, missing: usize) {
        let from = [0, 1, 2, 3].map(|row| self.place(row));
        let starts = [0, 1, 2, 3].map(|row: usize| row.saturating_sub(missing) * step);
        A::rows(self.0, words, from, y, starts);
    }
}

/// ONNX `QLinearConv` with rows of weights: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`, `w` is `[oc,
/// kh, kw, ic / groups]`. `parameters` are packed by [`pack_parameters`](crate::rows::pack_parameters), from biases
/// minus the products of the input's zero point and the weights. `scratch` has [`scratch_len`] of a position's inputs.
/// The shift is [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_conv2d_rows(
    simd: Simd,
    layer: &Conv2d<Requantize>,
    x: &[i8],
    w: &[i8],
    parameters: &[i32],
    y: &mut [i8],
    scratch: &mut [i8],
) {
    compute_shared(
        simd,
        layer,
        Operands::<Rows<'_>> {
            x,
            w,
            parameters,
            y,
            scratch,
            patch: &mut [],
        },
    )
}
