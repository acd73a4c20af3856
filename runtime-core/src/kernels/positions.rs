//! Convolutions of 8-bit integers by way of scratch: the inputs of a few neighbouring positions are widened into it,
//! which take turns there, and are multiplied at once.

use super::conv2d::Conv2d;
use super::window::{Taps, taps, whole};
use crate::arch::{Arch, Patches};
use crate::requantize::Requantize;
use core::marker::PhantomData;
use core::ops::Range;

/// How the inputs of positions are laid out in scratch, and the product by the weights of a group of channels.
pub(super) trait Layout {
    /// What inputs are stored as.
    type Word: Copy;

    /// Positions that are multiplied at once.
    const ROWS: usize;

    /// Words before the first one of the position at `place`.
    fn place(&self, place: usize) -> usize;

    /// Words that `inputs` inputs of all positions take: a whole number of them where patches have no room.
    fn words(inputs: usize) -> usize;

    /// Widens inputs of the position whose words these are.
    fn widen<A: Arch>(run: &[i8], words: &mut [Self::Word]);

    /// Stores an input that is outside of the image `inputs` times.
    fn fill(words: &mut [Self::Word], outside: i8, inputs: usize);

    /// Widens the inputs of positions that are all inside of the image; `x` begins with those of the first.
    #[inline(always)]
    fn widen_patches<A: Arch>(&self, x: &[i8], patches: Patches, patch: &mut [i8], words: &mut [Self::Word]) {
        let Patches {
            position_step,
            row_step,
            bytes,
            rows,
        } = patches;
        debug_assert!(patch.is_empty(), "this layout widens inputs where they are");
        for place in 0..Self::ROWS {
            let x = x.get(place * position_step..).unwrap_or_default();
            let words = words.get_mut(self.place(place)..).unwrap_or_default();
            for row in 0..rows {
                let x = x.get(row * row_step..row * row_step + bytes).unwrap_or_default();
                Self::widen::<A>(x, words.get_mut(Self::words(row * bytes)..).unwrap_or_default());
            }
        }
    }

    /// Multiplies all positions by all channels, whose results are `step` numbers apart. The first `missing` positions
    /// do not exist; the results of the next are the first in `y`.
    fn multiply<A: Arch>(&self, words: &[Self::Word], y: &mut [i8], step: usize, missing: usize);
}

/// Where the inputs of one position are collected, in the order of the weights.
trait Collect {
    /// The next inputs.
    fn put<A: Arch>(&mut self, run: &[i8]);
    /// As many inputs outside of the image.
    fn fill(&mut self, len: usize);
}

/// Widened, straight from the image.
struct Words<'a, L: Layout> {
    words: &'a mut [L::Word],
    outside: i8,
    layout: PhantomData<L>,
}

/// As bytes; and what is outside of the image.
struct Bytes<'a>(&'a mut [i8], i8);

impl<L: Layout> Collect for Words<'_, L> {
    #[inline(always)]
    fn put<A: Arch>(&mut self, run: &[i8]) {
        L::widen::<A>(run, self.words);
        self.skip(run.len());
    }

    #[inline(always)]
    fn fill(&mut self, len: usize) {
        L::fill(self.words, self.outside, len);
        self.skip(len);
    }
}

impl<L: Layout> Words<'_, L> {
    /// Goes behind `len` inputs.
    #[inline(always)]
    fn skip(&mut self, len: usize) {
        let words = core::mem::take(&mut self.words);
        self.words = words.get_mut(L::words(len)..).unwrap_or_default();
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
pub(super) struct Group<'a, L> {
    /// The layer.
    pub(super) layer: &'a Conv2d<Requantize>,
    /// The image, and the first input channel of the group.
    pub(super) x: &'a [i8],
    pub(super) first: usize,
    /// Input channels of the group.
    pub(super) channels: usize,
    /// Its weights.
    pub(super) layout: L,
}

/// Rows and columns of positions whose taps are all inside of the image.
struct Inside([Range<usize>; 2]);

impl<L: Layout> Group<'_, L> {
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
    pub(super) fn run<A: Arch>(&self, y: &mut [i8], at: usize, words: &mut [L::Word], patch: &mut [i8]) {
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
            dilations,
            ..
        } = *self.layer;
        let [y, x] = [(0, oy), (1, ox)].map(|(axis, place): (usize, usize)| {
            let first = place.wrapping_mul(strides[axis & 1]);
            first.wrapping_sub(self.layer.pads[axis & 1])
        });
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
        let outside = self.layer.activation.outside as i8;
        let windows = [taps(oy, self.axis(0)), taps(ox, self.axis(1))];
        if patch.is_empty() {
            let mut words = Words::<L> {
                words,
                outside,
                layout: PhantomData,
            };
            return self.taps::<A>(windows, &mut words);
        }
        if self.rows_are_runs() {
            self.patch::<A>(windows, outside, patch);
        } else {
            self.taps::<A>(windows, &mut Bytes(patch, outside));
        }
        L::widen::<A>(patch, words);
    }

    /// Collects run by run, with what stands for inputs outside of the image between them.
    fn taps<A: Arch>(&self, [vertical, horizontal]: [Taps; 2], to: &mut impl Collect) {
        let Conv2d {
            input: [_, iw, ic],
            kernel: [kh, kw],
            dilations,
            ..
        } = *self.layer;
        let (ky, iy, rows) = (vertical.skipped, vertical.first, vertical.count);
        let (kx, ix, taps) = (horizontal.skipped, horizontal.first, horizontal.count);
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
    fn patch<A: Arch>(&self, [vertical, horizontal]: [Taps; 2], outside: i8, patch: &mut [i8]) {
        let Conv2d {
            input: [_, iw, ic],
            kernel: [kh, kw],
            dilations,
            ..
        } = *self.layer;
        let (iy, rows) = (vertical.first, vertical.count);
        let (ix, taps) = (horizontal.first, horizontal.count);
        if rows < kh || taps < kw {
            patch.fill(outside);
        }
        let from = self.x.get(iy.wrapping_mul(iw).wrapping_add(ix).wrapping_mul(ic)..);
        let to = patch.get_mut((vertical.skipped * kw + horizontal.skipped) * ic..);
        let (x_step, y_step) = (dilations[0] * iw * ic, kw * ic);
        let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
        A::copy_rows((from, x_step), (to, y_step), taps * ic, rows);
    }
}
