use super::body::{Body, compute};
use super::conv2d::Conv2d;
use super::positions::{Group, Layout};
use crate::Simd;
use crate::arch::{Arch, InterleavedPanel};
use crate::interleaved::{ROWS, inputs, packed_len, parameters_len, scratch_words};
use crate::requantize::Requantize;
use crate::upper_word::limit;

/// The operands of [`qlinear_conv2d_interleaved`].
struct Operands<'a> {
    x: &'a [i8],
    w: &'a [u8],
    parameters: &'a [i32],
    y: &'a mut [i8],
    scratch: &'a mut [u32],
}

/// Words of one input each, of all positions in turn.
struct Fours<'a>(InterleavedPanel<'a>);

impl Layout for Fours<'_> {
    type Word = u32;
    const ROWS: usize = ROWS;

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
            operands.scratch.get_mut(..scratch_words(k)),
        ) else {
            debug_assert!(false, "qlinear_conv2d_interleaved: an operand is too short");
            return;
        };
        words.fill(0);
        let (w_len, parameters_len) = (packed_len(k, columns), parameters_len(columns));
        for index in 0..groups {
            let (Some(w), Some(parameters)) = (
                operands.w.get(index * w_len..(index + 1) * w_len),
                operands
                    .parameters
                    .get(index * parameters_len..(index + 1) * parameters_len),
            ) else {
                return;
            };
            let panel = InterleavedPanel {
                w,
                parameters,
                inputs: inputs(k),
                channels: columns,
                zero: activation.zero,
            };
            for n in 0..batch {
                let group = Group {
                    layer: &self,
                    x: x.get(n * image..(n + 1) * image).unwrap_or_default(),
                    first: index * channels,
                    channels,
                    layout: Fours(panel),
                };
                group.run::<A>(y, n * outputs + index * columns, words, &mut []);
            }
        }
        limit([activation.min, activation.max], y);
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
    layer: Conv2d<Requantize>,
    x: &[i8],
    w: &[u8],
    parameters: &[i32],
    y: &mut [i8],
    scratch: &mut [u32],
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
