//! Which positions of a window along one axis are inside the input.

use core::ops::Range;

/// The positions of a window along one axis, relative to the input.
#[derive(Clone, Copy)]
pub(super) struct Window {
    start: isize,
    count: usize,
    step: usize,
    size: usize,
}

impl Window {
    /// The window of output `place` along an axis: `count` positions, `step` apart, in an input of `size` elements.
    #[inline(always)]
    pub(super) fn new(place: usize, stride: usize, pad: usize, count: usize, step: usize, size: usize) -> Self {
        Self {
            start: (place.wrapping_mul(stride) as isize).wrapping_sub_unsigned(pad),
            count,
            step,
            size,
        }
    }

    /// The number of positions before the input.
    #[inline(always)]
    fn skipped(self) -> usize {
        self.steps_to_input().min(self.count)
    }

    /// The number of steps before one is inside the input.
    #[inline(always)]
    fn steps_to_input(self) -> usize {
        if self.start < 0 {
            self.steps(self.start.unsigned_abs())
        } else {
            0
        }
    }

    /// Whether all positions are inside the input.
    #[inline(always)]
    fn is_whole(self) -> bool {
        self.start >= 0 && self.inside().1 == self.count
    }

    /// The positions inside the input: the first, their number and the distance between them.
    #[inline(always)]
    fn inside(self) -> (usize, usize, usize) {
        let skipped = self.steps_to_input();
        let first = self.start.wrapping_add_unsigned(skipped.wrapping_mul(self.step));
        let count = self.before(self.size).saturating_sub(skipped);
        (first as usize, count, self.step)
    }

    /// The positions that count, where `pad_end` elements of padding are behind the input.
    #[inline(always)]
    pub(super) fn span(self, pad_end: usize) -> Span {
        let (first, count, step) = self.inside();
        Span {
            first,
            count,
            step,
            padded: self.before(self.size.saturating_add(pad_end)),
        }
    }

    /// [`span`](Self::span) as a call of its own: as part of a kernel it would be compiled several times.
    #[inline(never)]
    pub(super) fn shared_span(self, pad_end: usize) -> Span {
        self.span(pad_end)
    }

    /// The number of positions before `end`.
    #[inline(always)]
    fn before(self, end: usize) -> usize {
        let extent = (end as isize).saturating_sub(self.start).max(0) as usize;
        self.steps(extent).min(self.count)
    }

    /// The number of positions that start within `extent`.
    #[inline(always)]
    fn steps(self, extent: usize) -> usize {
        if self.step == 1 {
            extent
        } else {
            let last = self.step.wrapping_sub(1);
            extent.saturating_add(last).checked_div(self.step).unwrap_or(0)
        }
    }
}

/// The positions of a window that count.
#[derive(Clone, Copy)]
pub(super) struct Span {
    /// The first inside the input.
    pub(super) first: usize,
    /// How many are inside the input.
    pub(super) count: usize,
    /// The distance between them.
    pub(super) step: usize,
    /// How many are inside the input or the padding, which the window never precedes.
    pub(super) padded: usize,
}

/// Which taps of a position along one axis are inside of the image.
#[derive(Clone, Copy)]
pub(super) struct Taps {
    /// Taps before the first of them.
    pub(super) skipped: usize,
    /// Where the first is in the image.
    pub(super) first: usize,
    /// How many there are.
    pub(super) count: usize,
    /// Whether these are all.
    pub(super) whole: bool,
}

/// The taps of output `place` along an axis. A call of its own: as part of a kernel it would be compiled many times.
#[inline(never)]
pub(super) fn taps(place: usize, [stride, pad, count, step, size]: [usize; 5]) -> Taps {
    let window = Window::new(place, stride, pad, count, step, size);
    let (first, inside, _) = window.inside();
    Taps {
        skipped: window.skipped(),
        first,
        count: inside,
        whole: window.is_whole(),
    }
}

/// The outputs along an axis whose taps are all inside of the image: they follow one another.
#[inline(never)]
pub(super) fn whole(outputs: usize, axis: [usize; 5]) -> Range<usize> {
    let whole = |place: &usize| taps(*place, axis).whole;
    let first = (0..outputs).find(whole).unwrap_or(outputs);
    first..(first..outputs).find(|place| !whole(place)).unwrap_or(outputs)
}
