//! Convolutions of 8-bit integers by way of scratch: the inputs of a few neighbouring positions are widened into it,
//! which take turns there, and are multiplied at once.

use super::body::Body;
use super::conv2d::Conv2d;
use super::layout::Layout;
use super::window::{taps, whole};
use crate::arch::{Arch, Patches};
use crate::requantize::Requantize;
use crate::upper_word::limit;
use core::marker::PhantomData;
use core::ops::Range;

/// The operands of a convolution whose weights are in a layout.
pub(super) struct Operands<'a, L: Layout<'a>> {
    pub(super) x: &'a [i8],
    pub(super) w: &'a [L::Weight],
    pub(super) parameters: &'a [i32],
    pub(super) y: &'a mut [i8],
    pub(super) scratch: &'a mut [L::Word],
    pub(super) patch: &'a mut [i8],
}

impl<'a, L: Layout<'a>> Body<Operands<'a, L>> for &Conv2d<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'a, L>) {
        let Conv2d {
            batch,
            input: [ih, iw, ic],
            output: [oh, ow, oc],
            kernel: [kh, kw],
            groups,
            activation,
            ..
        } = *self;
        let (Some(channels), Some(columns)) = (ic.checked_div(groups), oc.checked_div(groups)) else {
            return;
        };
        let image = ih.saturating_mul(iw).saturating_mul(ic);
        let outputs = oh.saturating_mul(ow).saturating_mul(oc);
        let k = kh.saturating_mul(kw).saturating_mul(channels);
        let lengths = L::lengths(channels, k, columns);
        let (Some(x), Some(y), Some(words), Some(patch)) = (
            operands.x.get(..batch.saturating_mul(image)),
            operands.y.get_mut(..batch.saturating_mul(outputs)),
            operands.scratch.get_mut(..lengths.scratch),
            operands.patch.get_mut(..lengths.patch),
        ) else {
            debug_assert!(false, "qlinear_conv2d: an operand is too short");
            return;
        };
        if L::CLEARED {
            words.fill(L::Word::default());
        }
        let of_group = |index: usize, len: usize| index * len..(index + 1) * len;
        for index in 0..groups {
            let (Some(w), Some(parameters)) = (
                operands.w.get(of_group(index, lengths.weights)),
                operands.parameters.get(of_group(index, lengths.parameters)),
            ) else {
                return;
            };
            for n in 0..batch {
                let group = Group {
                    layer: self,
                    x: x.get(n * image..(n + 1) * image).unwrap_or_default(),
                    first: index * channels,
                    channels,
                    layout: L::of(w, parameters, k, columns, activation.zero),
                    lifetime: PhantomData,
                };
                group.run::<A>(y, n * outputs + index * columns, words, patch);
            }
        }
        limit([activation.min, activation.max], y);
    }
}

/// One group of channels of one image.
struct Group<'a, 'l, L: Layout<'l>> {
    layer: &'a Conv2d<Requantize>,
    /// The image, and the first input channel of the group.
    x: &'a [i8],
    first: usize,
    /// Input channels of the group.
    channels: usize,
    /// Its weights.
    layout: L,
    lifetime: PhantomData<&'l ()>,
}

/// Rows and columns of positions whose taps are all inside of the image.
struct Inside([Range<usize>; 2]);

impl<'l, L: Layout<'l>> Group<'_, 'l, L> {
    /// Strides, pads, kernel, dilations and the input along an axis.
    #[inline(always)]
    fn axis(&self, axis: usize) -> [usize; 5] {
        let (axis, layer) = (axis & 1, self.layer);
        let (stride, pad, dilation) = (layer.strides[axis], layer.pads[axis], layer.dilations[axis]);
        [stride, pad, layer.kernel[axis], dilation, layer.input[axis]]
    }

    /// Whether the taps of a row are next to each other in the image, with all of their channels.
    #[inline(always)]
    fn rows_are_runs(&self) -> bool {
        self.layer.dilations[1] == 1 && self.channels == self.layer.input[2]
    }

    /// All positions; the results of the first begin at `at`. `patch` has room where the layout needs it.
    #[inline(always)]
    fn run<A: Arch>(&self, y: &mut [i8], at: usize, words: &mut [L::Word], patch: &mut [i8]) {
        let [oh, ow, oc] = self.layer.output;
        let inside = Inside([whole(oh, self.axis(0)), whole(ow, self.axis(1))]);
        let positions = oh * ow;
        let (mut oy, mut ox) = (0, 0);
        let mut first = 0;
        while first < positions {
            // Fewer positions at the end take the last places.
            let missing = (first + L::ROWS).saturating_sub(positions);
            if missing == 0 && self.are_neighbours(&inside, oy, ox) {
                self.collect_all::<A>(oy, ox, patch, words);
                ox += L::ROWS;
            } else {
                for place in missing..L::ROWS {
                    if ox == ow {
                        (oy, ox) = (oy + 1, 0);
                    }
                    let words = words.get_mut(self.layout.place(place)..).unwrap_or_default();
                    self.collect::<A>(oy, ox, patch, words);
                    ox += 1;
                }
            }
            if ox == ow {
                (oy, ox) = (oy + 1, 0);
            }
            let y = y.get_mut(at + first * oc..).unwrap_or_default();
            self.layout.multiply::<A>(words, y, oc, missing);
            first += L::ROWS;
        }
    }

    /// Whether the positions from this one on are in one row, inside of the image, and made of runs.
    #[inline(always)]
    fn are_neighbours(&self, inside: &Inside, oy: usize, ox: usize) -> bool {
        let [rows, columns] = &inside.0;
        self.rows_are_runs() && rows.contains(&oy) && columns.contains(&ox) && columns.contains(&(ox + L::ROWS - 1))
    }

    /// The inputs of such positions.
    #[inline(never)]
    fn collect_all<A: Arch>(&self, oy: usize, ox: usize, patch: &mut [i8], words: &mut [L::Word]) {
        let Conv2d {
            input: [_, iw, ic],
            kernel: [kh, kw],
            strides,
            pads,
            dilations,
            ..
        } = *self.layer;
        let y = oy.wrapping_mul(strides[0]).wrapping_sub(pads[0]);
        let x = ox.wrapping_mul(strides[1]).wrapping_sub(pads[1]);
        let patches = Patches {
            position_step: strides[1] * ic,
            row_step: dilations[0] * iw * ic,
            bytes: kw * ic,
            rows: kh,
        };
        let x = self
            .x
            .get(y.wrapping_mul(iw).wrapping_add(x).wrapping_mul(ic)..)
            .unwrap_or_default();
        self.layout.widen_patches::<A>(x, patches, patch, words);
    }

    /// The inputs of one position, by way of `patch` if it has room.
    #[inline(never)]
    fn collect<A: Arch>(&self, oy: usize, ox: usize, patch: &mut [i8], words: &mut [L::Word]) {
        let Conv2d {
            input: [_, iw, ic],
            kernel: [kh, kw],
            dilations,
            activation,
            ..
        } = *self.layer;
        let channels = self.channels;
        let [vertical, horizontal] = [taps(oy, self.axis(0)), taps(ox, self.axis(1))];
        let (direct, outside) = (patch.is_empty(), activation.outside as i8);
        match vertical.whole && horizontal.whole {
            true => (),
            false if direct => L::fill(words, outside, kh * kw * channels),
            false => patch.fill(outside),
        }
        // Taps that are next to each other in the image are one run. Runs repeat along one axis or along two.
        let row = Runs::new(vertical.count, dilations[0] * iw * ic, kw * channels);
        let (bytes, outer, inner) = if self.rows_are_runs() {
            (horizontal.count * channels, Runs::new(1, 0, 0), row)
        } else {
            (channels, row, Runs::new(horizontal.count, dilations[1] * ic, channels))
        };
        let from = (vertical.first.wrapping_mul(iw).wrapping_add(horizontal.first)).wrapping_mul(ic);
        let x = self.x.get(from.wrapping_add(self.first)..).unwrap_or_default();
        let at = (vertical.skipped * kw + horizontal.skipped) * channels;
        for run in 0..outer.count {
            let (x, at) = (x.get(run * outer.x_step..).unwrap_or_default(), at + run * outer.step);
            if !direct {
                let to = patch.get_mut(at..).unwrap_or_default();
                A::copy_rows((x, inner.x_step), (to, inner.step), bytes, inner.count);
                continue;
            }
            for run in 0..inner.count {
                let x = x
                    .get(run * inner.x_step..)
                    .and_then(|x| x.get(..bytes))
                    .unwrap_or_default();
                let words = words.get_mut(L::words(at + run * inner.step)..).unwrap_or_default();
                L::widen::<A>(x, words);
            }
        }
        if !direct {
            L::widen::<A>(patch, words);
        }
    }
}

/// Runs of inputs at equal distances: of `x_step` in the image, and of `step` in the order of the weights.
struct Runs {
    count: usize,
    x_step: usize,
    step: usize,
}

impl Runs {
    #[inline(always)]
    fn new(count: usize, x_step: usize, step: usize) -> Self {
        Self { count, x_step, step }
    }
}
