use super::body::{Body, compute};
use super::conv2d::Conv2d;
use super::qlinear_depthwise_conv2d_paired::inside;
use crate::Simd;
use crate::arch::{Arch, PairedPanel};
use crate::paired::{Grouping, limit, packed_words, parameters_len, patch_len, quads, scratch_words};
use crate::requantize::Requantize;

/// The operands of [`qlinear_conv2d_paired`].
struct Operands<'a> {
    x: &'a [i8],
    w: &'a [u32],
    parameters: &'a [i32],
    y: &'a mut [i8],
    scratch: &'a mut [u32],
    patch: &'a mut [i8],
}

/// Where the inputs of one position are collected, in the order of the weights.
trait Collect {
    /// The next inputs.
    fn put<A: Arch>(&mut self, run: &[i8]);
    /// As many inputs outside of the image.
    fn fill(&mut self, len: usize, outside: i8);
}

/// As halfwords, straight from the image: where runs are whole pairs of quads.
struct Words<'a>(&'a mut [u32]);

/// As bytes.
struct Bytes<'a>(&'a mut [i8]);

impl Collect for Words<'_> {
    #[inline(always)]
    fn put<A: Arch>(&mut self, run: &[i8]) {
        A::widen(run, self.0, 4);
        self.skip(run.len());
    }

    #[inline(always)]
    fn fill(&mut self, len: usize, outside: i8) {
        let both = u32::from(i16::from(outside) as u16) * 0x1_0001;
        for quad in self.0.chunks_mut(4).take(len / 4) {
            if let [even, odd, ..] = quad {
                (*even, *odd) = (both, both);
            }
        }
        self.skip(len);
    }
}

impl Words<'_> {
    /// Goes behind `len` inputs.
    #[inline(always)]
    fn skip(&mut self, len: usize) {
        let words = core::mem::take(&mut self.0);
        self.0 = words.get_mut(len..).unwrap_or_default();
    }
}

impl Collect for Bytes<'_> {
    #[inline(always)]
    fn put<A: Arch>(&mut self, run: &[i8]) {
        if let Some((to, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(run.len()) {
            A::copy_rows(run, 0, run.len(), to);
            self.0 = rest;
        }
    }

    #[inline(always)]
    fn fill(&mut self, len: usize, outside: i8) {
        if let Some((to, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(len) {
            for to in to {
                *to = outside;
            }
            self.0 = rest;
        }
    }
}

/// One group of channels of a convolution.
struct Group<'a> {
    layer: Conv2d<Requantize>,
    /// The image, and the first input channel of the group.
    x: &'a [i8],
    first: usize,
    /// Input channels of the group.
    channels: usize,
}

impl Group<'_> {
    /// Collects the inputs of one position.
    #[inline(always)]
    fn collect<A: Arch>(&self, oy: usize, ox: usize, to: &mut impl Collect) {
        let Conv2d {
            input: [ih, iw, ic],
            kernel: [kh, kw],
            strides,
            dilations,
            pads,
            activation,
            ..
        } = self.layer;
        let outside = activation.outside as i8;
        let [ky, rows, iy] = inside(oy, strides[0], dilations[0], pads[0], kh, ih);
        let [kx, taps, ix] = inside(ox, strides[1], dilations[1], pads[1], kw, iw);
        let channels = self.channels;
        to.fill(ky * kw * channels, outside);
        for row in 0..rows {
            let start = ((iy + row * dilations[0]) * iw).wrapping_add(ix).wrapping_mul(ic);
            let x = self.x.get(start.wrapping_add(self.first)..).unwrap_or_default();
            if taps < kw {
                to.fill(kx * channels, outside);
            }
            if channels == ic && dilations[1] == 1 {
                to.put::<A>(x.get(..taps * channels).unwrap_or_default());
            } else {
                for tap in 0..taps {
                    let start = tap * dilations[1] * ic;
                    to.put::<A>(x.get(start..start + channels).unwrap_or_default());
                }
            }
            if taps < kw {
                to.fill((kw - kx - taps) * channels, outside);
            }
        }
        to.fill((kh - ky - rows) * kw * channels, outside);
    }

    /// The same as bytes, where whole rows of taps are next to each other.
    #[inline(always)]
    fn patch<A: Arch>(&self, oy: usize, ox: usize, patch: &mut [i8]) {
        let Conv2d {
            input: [ih, iw, ic],
            kernel: [kh, kw],
            strides,
            dilations,
            pads,
            ..
        } = self.layer;
        let (y, x) = (
            (oy * strides[0]).wrapping_sub(pads[0]),
            (ox * strides[1]).wrapping_sub(pads[1]),
        );
        let inside = y < ih && y + (kh.max(1) - 1) * dilations[0] < ih && x < iw && x + kw <= iw;
        if inside && dilations[1] == 1 && self.channels == ic {
            let from = self.x.get((y * iw + x) * ic..).unwrap_or_default();
            A::copy_rows(from, dilations[0] * iw * ic, kw * ic, patch);
        } else {
            self.collect::<A>(oy, ox, &mut Bytes(patch));
        }
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
        let positions = oh.saturating_mul(ow);
        let k = kh.saturating_mul(kw).saturating_mul(channels);
        let direct = channels.is_multiple_of(8);
        let (Some(x), Some(y), Some(words), Some(patch)) = (
            operands.x.get(..batch.saturating_mul(image)),
            operands.y.get_mut(..batch.saturating_mul(positions).saturating_mul(oc)),
            operands.scratch.get_mut(..scratch_words(k)),
            operands.patch.get_mut(..patch_len(channels, k)),
        ) else {
            debug_assert!(false, "qlinear_conv2d_paired: an operand is too short");
            return;
        };
        let (w_len, parameters) = (
            packed_words(k, columns, Grouping::Pairs),
            parameters_len(columns, Grouping::Pairs),
        );
        for index in 0..groups {
            let (Some(w), Some(parameters)) = (
                operands.w.get(index * w_len..(index + 1) * w_len),
                operands.parameters.get(index * parameters..(index + 1) * parameters),
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
                    layer: self,
                    x: x.get(n * image..(n + 1) * image).unwrap_or_default(),
                    first: index * channels,
                    channels,
                };
                let (mut oy, mut ox) = (0, 0);
                for position in 0..positions {
                    // Positions take turns with the two places; the last one takes the second place even if it is alone.
                    let second = position % 2 == 1;
                    let alone = !second && position + 1 == positions;
                    let place = if second || alone { 2 } else { 0 };
                    let words_here = words.get_mut(place..).unwrap_or_default();
                    if direct {
                        group.collect::<A>(oy, ox, &mut Words(words_here));
                    } else {
                        group.patch::<A>(oy, ox, patch);
                        A::widen(patch, words_here, 4);
                    }
                    if second || alone {
                        let first = if second { position - 1 } else { position };
                        let at = (n * positions + first) * oc + index * columns;
                        let Some(y) = y.get_mut(at..) else { return };
                        A::paired_rows(panel, words, y, if second { oc } else { 0 });
                    }
                    ox += 1;
                    if ox == ow {
                        (oy, ox) = (oy + 1, 0);
                    }
                }
            }
        }
        limit(activation, y);
    }
}

/// ONNX `QLinearConv` with weights in pairs of channels: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`. For each
/// group of channels, `w` is packed by [`pack`](crate::paired::pack), its inputs in the order `[kh, kw, ic / groups]`, and
/// `parameters` by [`pack_parameters`](crate::paired::pack_parameters), from biases minus the products of the input's zero
/// point and the weights. `scratch` has [`scratch_words`] of a position's inputs, and `patch` as many numbers as there are
/// inputs, or none where the channels of a group are a multiple of eight. The shift is [`SHIFT`](crate::paired::SHIFT).
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
