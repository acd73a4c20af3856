use super::body::{Body, compute};
use super::conv2d::Conv2d;
use super::positions::{Group, Layout};
use crate::Simd;
use crate::arch::{Arch, RowsPanel};
use crate::requantize::Requantize;
use crate::rows::{ROWS, scratch_len};
use crate::upper_word::limit;

/// The operands of [`qlinear_conv2d_rows`].
struct Operands<'a> {
    x: &'a [i8],
    w: &'a [i8],
    parameters: &'a [i32],
    y: &'a mut [i8],
    scratch: &'a mut [i8],
}

/// Bytes, of one position after the other.
struct Rows<'a>(RowsPanel<'a>);

impl Layout for Rows<'_> {
    type Word = i8;
    const ROWS: usize = ROWS;

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
        let (Some(x), Some(y), Some(words)) = (
            operands.x.get(..batch.saturating_mul(image)),
            operands.y.get_mut(..batch.saturating_mul(outputs)),
            operands.scratch.get_mut(..scratch_len(k)),
        ) else {
            debug_assert!(false, "qlinear_conv2d_rows: an operand is too short");
            return;
        };
        let (w_len, parameters_len) = (columns.saturating_mul(k), 2 * columns);
        for index in 0..groups {
            let (Some(w), Some(parameters)) = (
                operands.w.get(index * w_len..(index + 1) * w_len),
                operands
                    .parameters
                    .get(index * parameters_len..(index + 1) * parameters_len),
            ) else {
                return;
            };
            let panel = RowsPanel {
                w,
                parameters,
                inputs: k,
                channels: columns,
                zero: activation.zero,
            };
            for n in 0..batch {
                let group = Group {
                    layer: &self,
                    x: x.get(n * image..(n + 1) * image).unwrap_or_default(),
                    first: index * channels,
                    channels,
                    layout: Rows(panel),
                };
                group.run::<A>(y, n * outputs + index * columns, words, &mut []);
            }
        }
        limit([activation.min, activation.max], y);
    }
}

/// ONNX `QLinearConv` with rows of weights: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`, `w` is `[oc, kh,
/// kw, ic / groups]`. `parameters` are packed by [`pack_parameters`](crate::rows::pack_parameters), from biases minus the
/// products of the input's zero point and the weights. `scratch` has [`scratch_len`] of a position's inputs. The shift is
/// [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_conv2d_rows(
    simd: Simd,
    layer: Conv2d<Requantize>,
    x: &[i8],
    w: &[i8],
    parameters: &[i32],
    y: &mut [i8],
    scratch: &mut [i8],
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
        },
    )
}
