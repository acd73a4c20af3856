use super::body::{Body, compute};
use super::conv2d::Conv2d;
use super::window::{Window, whole};
use crate::Simd;
use crate::arch::{Arch, PairedPanel, Patches};
use crate::paired::{Grouping, ROWS, STEP, limit, packed_words, parameters_len, patch_len, quads, scratch_words};
use crate::requantize::Requantize;
use core::ops::Range;

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
    fn fill(&mut self, len: usize);
}

/// As halfwords, straight from the image, where runs are whole pairs of quads; and what is outside of it.
struct Words<'a>(&'a mut [u32], i8);

/// As bytes; and what is outside of the image.
struct Bytes<'a>(&'a mut [i8], i8);

impl Collect for Words<'_> {
    #[inline(always)]
    fn put<A: Arch>(&mut self, run: &[i8]) {
        A::widen(run, self.0, STEP);
        self.skip(run.len());
    }

    #[inline(always)]
    fn fill(&mut self, len: usize) {
        let both = u32::from(i16::from(self.1) as u16) * 0x1_0001;
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
    fn fill(&mut self, len: usize) {
        if let Some((to, rest)) = core::mem::take(&mut self.0).split_at_mut_checked(len) {
            to.fill(self.1);
            self.0 = rest;
        }
    }
}

/// One group of channels of one image.
struct Group<'a> {
    layer: Conv2d<Requantize>,
    /// The image, and the first input channel of the group.
    x: &'a [i8],
    first: usize,
    /// Input channels of the group.
    channels: usize,
    panel: PairedPanel<'a>,
    /// Rows and columns of positions whose taps are all inside of the image.
    whole: [Range<usize>; 2],
}

impl Group<'_> {
    /// The taps of a position along an axis.
    #[inline(always)]
    fn window(layer: &Conv2d<Requantize>, axis: usize, place: usize) -> Window {
        let axis = axis & 1;
        let (stride, pad, dilation) = (layer.strides[axis], layer.pads[axis], layer.dilations[axis]);
        Window::new(place, stride, pad, layer.kernel[axis], dilation, layer.input[axis])
    }

    /// Whether the taps of a row are next to each other in the image, with all of their channels.
    #[inline(always)]
    fn rows_are_runs(&self) -> bool {
        self.layer.dilations[1] == 1 && self.channels == self.layer.input[2]
    }

    /// All positions; the results of the first begin at `at`.
    #[inline(always)]
    fn run<A: Arch>(&self, y: &mut [i8], at: usize, words: &mut [u32], patch: &mut [i8]) {
        let [oh, ow, oc] = self.layer.output;
        let positions = oh * ow;
        let (mut oy, mut ox) = (0, 0);
        let mut first = 0;
        while first < positions {
            // Fewer positions at the end take the last places.
            let missing = (first + ROWS).saturating_sub(positions);
            if missing == 0 && self.are_neighbours(oy, ox) {
                self.collect_three::<A>(oy, ox, patch, words);
                ox += ROWS;
            } else {
                for place in missing..ROWS {
                    if ox == ow {
                        (oy, ox) = (oy + 1, 0);
                    }
                    let words = words.get_mut(2 * place..).unwrap_or_default();
                    self.collect::<A>(oy, ox, patch, words);
                    ox += 1;
                }
            }
            if ox == ow {
                (oy, ox) = (oy + 1, 0);
            }
            let starts = [0, 1, 2].map(|row: usize| row.saturating_sub(missing) * oc);
            let y = y.get_mut(at + first * oc..).unwrap_or_default();
            A::paired_rows(self.panel, words, y, starts);
            first += ROWS;
        }
    }

    /// Whether three positions are in one row, inside of the image, and made of runs.
    #[inline(always)]
    fn are_neighbours(&self, oy: usize, ox: usize) -> bool {
        let [rows, columns] = &self.whole;
        self.rows_are_runs() && rows.contains(&oy) && columns.contains(&ox) && columns.contains(&(ox + ROWS - 1))
    }

    /// The inputs of three such positions.
    #[inline(always)]
    fn collect_three<A: Arch>(&self, oy: usize, ox: usize, patch: &mut [i8], words: &mut [u32]) {
        let Conv2d {
            input: [_, iw, ic],
            kernel: [kh, kw],
            strides,
            dilations,
            ..
        } = self.layer;
        let [y, x] = [(0, oy), (1, ox)].map(|(axis, place)| Self::window(&self.layer, axis, place).inside().0);
        let patches = Patches {
            position_step: strides[1] * ic,
            row_step: dilations[0] * iw * ic,
            bytes: kw * ic,
            rows: kh,
        };
        let x = self.x.get((y * iw + x) * ic..).unwrap_or_default();
        A::widen_patches(x, patches, patch, words);
    }

    /// The inputs of one position, by way of `patch` if it has room.
    #[inline(always)]
    fn collect<A: Arch>(&self, oy: usize, ox: usize, patch: &mut [i8], words: &mut [u32]) {
        let outside = self.layer.activation.outside as i8;
        let vertical = Self::window(&self.layer, 0, oy);
        let horizontal = Self::window(&self.layer, 1, ox);
        if patch.is_empty() {
            return self.taps::<A>([vertical, horizontal], &mut Words(words, outside));
        }
        if self.rows_are_runs() {
            self.patch::<A>([vertical, horizontal], outside, patch);
        } else {
            self.taps::<A>([vertical, horizontal], &mut Bytes(patch, outside));
        }
        A::widen(patch, words, STEP);
    }

    /// Collects run by run, with what stands for inputs outside of the image between them.
    #[inline(always)]
    fn taps<A: Arch>(&self, [vertical, horizontal]: [Window; 2], to: &mut impl Collect) {
        let Conv2d {
            input: [_, iw, ic],
            kernel: [kh, kw],
            dilations,
            ..
        } = self.layer;
        let (ky, (iy, rows, _)) = (vertical.skipped(), vertical.inside());
        let (kx, (ix, taps, _)) = (horizontal.skipped(), horizontal.inside());
        let channels = self.channels;
        to.fill(ky * kw * channels);
        for row in 0..rows {
            let start = ((iy + row * dilations[0]) * iw).wrapping_add(ix).wrapping_mul(ic);
            let x = self.x.get(start.wrapping_add(self.first)..).unwrap_or_default();
            to.fill(kx * channels);
            if self.rows_are_runs() {
                to.put::<A>(x.get(..taps * channels).unwrap_or_default());
            } else {
                for tap in 0..taps {
                    let start = tap * dilations[1] * ic;
                    to.put::<A>(x.get(start..start + channels).unwrap_or_default());
                }
            }
            to.fill((kw - kx - taps) * channels);
        }
        to.fill((kh - ky - rows) * kw * channels);
    }

    /// The whole patch in one copy: taps of a row are next to each other on both sides.
    #[inline(always)]
    fn patch<A: Arch>(&self, [vertical, horizontal]: [Window; 2], outside: i8, patch: &mut [i8]) {
        let Conv2d {
            input: [_, iw, ic],
            kernel: [kh, kw],
            dilations,
            ..
        } = self.layer;
        let ((iy, rows, _), (ix, taps, _)) = (vertical.inside(), horizontal.inside());
        if rows < kh || taps < kw {
            patch.fill(outside);
        }
        let from = self.x.get(iy.wrapping_mul(iw).wrapping_add(ix).wrapping_mul(ic)..);
        let to = patch.get_mut((vertical.skipped() * kw + horizontal.skipped()) * ic..);
        let (x_step, y_step) = (dilations[0] * iw * ic, kw * ic);
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        A::copy_rows((from, x_step), (to, y_step), taps * ic, rows);
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
                    layer: self,
                    x: x.get(n * image..(n + 1) * image).unwrap_or_default(),
                    first: index * channels,
                    channels,
                    panel,
                    whole: [
                        whole(oh, |oy| Group::window(&self, 0, oy)),
                        whole(ow, |ox| Group::window(&self, 1, ox)),
                    ],
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
/// [`patch_len`] numbers. The shift is [`SHIFT`](crate::paired::SHIFT).
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
