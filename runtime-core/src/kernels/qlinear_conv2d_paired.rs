use super::body::{Body, compute};
use super::conv2d::Conv2d;
use super::qlinear_depthwise_conv2d_paired::inside;
use crate::Simd;
use crate::arch::{Arch, PairedPanel, Patches};
use crate::paired::{Grouping, ROWS, STEP, limit, packed_words, parameters_len, patch_len, quads, scratch_words};
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
        A::widen(run, self.0, STEP);
        self.skip(run.len());
    }

    #[inline(always)]
    fn fill(&mut self, len: usize, outside: i8) {
        let both = u32::from(i16::from(outside) as u16) * 0x1_0001;
        for quad in self.0.chunks_mut(STEP).take(len / 4) {
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
        self.0 = words.get_mut(len / 4 * STEP..).unwrap_or_default();
    }
}

impl Collect for Bytes<'_> {
    #[inline(always)]
    fn put<A: Arch>(&mut self, run: &[i8]) {
        if let Some((to, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(run.len()) {
            A::copy_rows((run, 0), (to, 0), run.len(), 1);
            self.0 = rest;
        }
    }

    #[inline(always)]
    fn fill(&mut self, len: usize, outside: i8) {
        if let Some((to, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(len) {
            to.fill(outside);
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

    /// The same as bytes.
    #[inline(always)]
    fn patch<A: Arch>(&self, oy: usize, ox: usize, patch: &mut [i8]) {
        let Conv2d {
            input: [ih, iw, ic],
            kernel: [kh, kw],
            strides,
            dilations,
            pads,
            activation,
            ..
        } = self.layer;
        if dilations[1] != 1 || self.channels != ic {
            return self.collect::<A>(oy, ox, &mut Bytes(patch));
        }
        // Taps of a row are next to each other on both sides: the whole patch is one copy.
        let [ky, rows, iy] = inside(oy, strides[0], dilations[0], pads[0], kh, ih);
        let [kx, taps, ix] = inside(ox, strides[1], 1, pads[1], kw, iw);
        if rows < kh || taps < kw {
            patch.fill(activation.outside as i8);
        }
        let from = self.x.get(iy.wrapping_mul(iw).wrapping_add(ix).wrapping_mul(ic)..);
        let to = patch.get_mut((ky * kw + kx) * ic..);
        let (x_step, y_step) = (dilations[0] * iw * ic, kw * ic);
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        A::copy_rows((from, x_step), (to, y_step), taps * ic, rows);
    }
}

impl Group<'_> {
    /// The inputs of three neighbouring positions that are inside of the image.
    #[inline(always)]
    fn inside<A: Arch>(&self, oy: usize, ox: usize, patch: &mut [i8], words: &mut [u32]) {
        let Conv2d {
            input: [_, iw, ic],
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
        let start = y.wrapping_mul(iw).wrapping_add(x).wrapping_mul(ic);
        let patches = Patches {
            position_step: strides[1] * ic,
            row_step: dilations[0] * iw * ic,
            bytes: kw * ic,
            rows: kh,
        };
        A::widen_patches(self.x.get(start..).unwrap_or_default(), patches, patch, words);
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
            strides,
            dilations,
            pads,
            groups,
            activation,
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
        // Rows and columns of positions whose taps are all inside of the image.
        let whole = [0, 1].map(|axis| {
            let (stride, dilation, pad) = (strides[axis], dilations[axis], pads[axis]);
            let (taps, input, outputs) = (self.kernel[axis], self.input[axis], self.output[axis]);
            let whole = |at: &usize| inside(*at, stride, dilation, pad, taps, input)[1] == taps;
            let first = (0..outputs).find(&whole).unwrap_or(outputs);
            first..(first..outputs).find(|at| !whole(at)).unwrap_or(outputs)
        });
        let neighbours = dilations[1] == 1 && channels == ic;
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
                let mut first = 0;
                while first < positions {
                    // Fewer positions at the end take the last places.
                    let missing = (first + ROWS).saturating_sub(positions);
                    let inside = neighbours && whole[1].contains(&ox) && whole[1].contains(&(ox + ROWS - 1));
                    if inside && missing == 0 && whole[0].contains(&oy) {
                        group.inside::<A>(oy, ox, patch, words);
                        ox += ROWS;
                        if ox == ow {
                            (oy, ox) = (oy + 1, 0);
                        }
                    } else {
                        for place in missing..ROWS {
                            let words = words.get_mut(2 * place..).unwrap_or_default();
                            if direct {
                                group.collect::<A>(oy, ox, &mut Words(words));
                            } else {
                                group.patch::<A>(oy, ox, patch);
                                A::widen(patch, words, STEP);
                            }
                            ox += 1;
                            if ox == ow {
                                (oy, ox) = (oy + 1, 0);
                            }
                        }
                    }
                    let at = (n * positions + first) * oc + index * columns;
                    let starts = [0, 1, 2].map(|row: usize| row.saturating_sub(missing) * oc);
                    A::paired_rows(panel, words, y.get_mut(at..).unwrap_or_default(), starts);
                    first += ROWS;
                }
            }
        }
        limit([activation.min, activation.max], y);
    }
}

/// ONNX `QLinearConv` with weights in pairs of channels: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`. For each
/// group of channels, `w` is packed by [`pack`](crate::paired::pack), its inputs in the order `[kh, kw, ic / groups]`, and
/// `parameters` by [`pack_parameters`](crate::paired::pack_parameters), from biases minus the products of the input's zero
/// point and the weights. `scratch` has [`scratch_words`] of a position's inputs, and `patch` [`patch_len`] numbers. The shift is [`SHIFT`](crate::paired::SHIFT).
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
