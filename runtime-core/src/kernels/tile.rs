//! The register tile that the matrix kernels share: a few rows of inputs times one packed panel of weights.

use crate::arch::Arch;
use crate::numbers::Numbers;

/// Numbers that stand in for inputs outside of the image: a dot product takes at most as many of them at once.
pub(super) const OUTSIDE: usize = 64;

/// Rows of a tile at most.
pub(super) const ROWS: usize = 8;

/// Products in a sum below which a copy that is not specialised to the layer is much slower: for longer sums of
/// integers x86-64 has such a copy for AVX2.
pub(super) const SHORT: usize = 32;

/// Computes `M` rows of outputs from `first` on, by the `N` columns of a panel from `LANE` on. Rows may be computed twice.
pub(super) trait Tile {
    /// What is multiplied and added up.
    type Numbers: Numbers;

    fn tile<A: Arch, const M: usize, const N: usize, const LANE: usize>(&mut self, first: usize);
}

/// Covers `count` rows by `columns` columns of one panel, mostly with tiles of about equal height.
#[inline(always)]
pub(super) fn cover<A: Arch>(count: usize, columns: usize, body: &mut impl Tile) {
    if A::NARROW {
        narrow::<A, 0, _>(count, body);
        if columns > 8 {
            narrow::<A, 8, _>(count, body);
        }
    } else if A::FEW_TILES {
        if columns > 8 {
            pairs::<A, 16, 0, _>(count, body);
        } else {
            pairs::<A, 8, 0, _>(count, body);
        }
    } else if A::MANY && columns > 8 {
        many::<A, _>(count, body);
    } else if columns > 8 {
        for (first, rows) in Split::<6>::new(count) {
            match rows {
                6 => body.tile::<A, 6, 16, 0>(first),
                5 => body.tile::<A, 5, 16, 0>(first),
                4 => body.tile::<A, 4, 16, 0>(first),
                3 => body.tile::<A, 3, 16, 0>(first),
                2 => body.tile::<A, 2, 16, 0>(first),
                _ => body.tile::<A, 1, 16, 0>(first),
            }
        }
    } else {
        eight_columns::<A, _>(count, body);
    }
}

/// Covers `count` rows by eight columns. The sums of a tile wait for one another, so that four rows take as long as
/// eight, and the fewest tiles are the quickest. What is left of eights is covered together with rows before it,
/// which are computed once more: a row is by itself only if there is no other.
#[inline(always)]
fn eight_columns<A: Arch, B: Tile>(count: usize, body: &mut B) {
    if count < 4 {
        return pairs::<A, 8, 0, _>(count, body);
    }
    if count == 6 {
        return body.tile::<A, 6, 8, 0>(0);
    }
    let mut first = 0;
    while first < count {
        let rows = count - first;
        first += if rows > 4 && count >= 8 {
            body.tile::<A, 8, 8, 0>(first.min(count - 8));
            8
        } else {
            body.tile::<A, 4, 8, 0>(first.min(count - 4));
            4
        };
    }
}

/// Covers `count` rows by the `N` columns from `LANE` on by two rows at a time, of which the last two may overlap.
#[inline(always)]
fn pairs<A: Arch, const N: usize, const LANE: usize, B: Tile>(count: usize, body: &mut B) {
    if count == 1 {
        return body.tile::<A, 1, N, LANE>(0);
    }
    for first in Windows::<2>::new(count) {
        body.tile::<A, 2, N, LANE>(first);
    }
}

/// Covers `count` rows by sixteen columns where registers are many: by tiles of eight rows, and what is left by smaller
/// ones. Tiles of all heights are the larger part of what rustc compiles of a model. A row is by itself only if there
/// is no other: alone it is added up in another order (see `sum_order.rs`).
#[inline(always)]
fn many<A: Arch, B: Tile>(count: usize, body: &mut B) {
    let mut first = 0;
    while first < count {
        let rows = count - first;
        first += if rows >= 8 && rows != 9 {
            body.tile::<A, 8, 16, 0>(first);
            8
        } else if rows >= 4 && rows != 5 {
            body.tile::<A, 4, 16, 0>(first);
            4
        } else if rows == 3 {
            body.tile::<A, 3, 16, 0>(first);
            3
        } else if rows >= 2 {
            body.tile::<A, 2, 16, 0>(first);
            2
        } else {
            body.tile::<A, 1, 16, 0>(first);
            1
        };
    }
}

/// Covers `count` rows by the eight columns from `LANE` on where registers are few.
#[inline(always)]
fn narrow<A: Arch, const LANE: usize, B: Tile>(count: usize, body: &mut B) {
    if B::Numbers::PAIRS {
        pairs::<A, 8, LANE, _>(count, body);
    } else {
        for row in 0..count {
            body.tile::<A, 1, 8, LANE>(row);
        }
    }
}

/// Splits a count into as few parts of at most `MOST` as possible, of about equal size: (first, size) of each.
///
/// An iterator, not a function of a closure: a closure would not be compiled for the caller's features.
pub(crate) struct Split<const MOST: usize> {
    first: usize,
    left: usize,
    size: usize,
    larger: usize,
}

impl<const MOST: usize> Split<MOST> {
    #[inline(always)]
    pub(crate) fn new(count: usize) -> Self {
        let left = count.div_ceil(MOST);
        let size = count.checked_div(left).unwrap_or(0);
        Self {
            first: 0,
            left,
            size,
            larger: count - size * left,
        }
    }
}

impl<const MOST: usize> Iterator for Split<MOST> {
    type Item = (usize, usize);

    #[inline(always)]
    fn next(&mut self) -> Option<(usize, usize)> {
        self.left = self.left.checked_sub(1)?;
        let size = if self.left < self.larger {
            self.size + 1
        } else {
            self.size
        };
        let first = self.first;
        self.first += size;
        Some((first, size))
    }
}

/// Covers a count of at least `N` with windows of `N`, of which the last may overlap the one before: first of each.
pub(super) struct Windows<const N: usize> {
    next: usize,
    count: usize,
}

impl<const N: usize> Windows<N> {
    #[inline(always)]
    pub(super) fn new(count: usize) -> Self {
        Self { next: 0, count }
    }
}

impl<const N: usize> Iterator for Windows<N> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        if self.next >= self.count {
            return None;
        }
        let first = self.next.min(self.count.saturating_sub(N));
        self.next += N;
        Some(first)
    }
}

/// The first `N` numbers, with `filler` after the last.
#[inline(always)]
pub(super) fn load<T: Copy, const N: usize>(from: &[T], filler: T) -> [T; N] {
    if let Some(all) = from.first_chunk() {
        return *all;
    }
    let mut numbers = [filler; N];
    copy_some::<T, N>(from, &mut numbers);
    numbers
}

/// Copies up to `N` numbers, as many as both sides have: by eights, if there may be more than that.
#[inline(always)]
pub(super) fn copy_some<T: Copy, const N: usize>(mut from: &[T], mut to: &mut [T]) {
    if N > 8 {
        while let (Some((eight, rest)), true) = (from.split_first_chunk::<8>(), to.len() >= 8) {
            let Some((room, to_rest)) = to.split_first_chunk_mut::<8>() else {
                return;
            };
            *room = *eight;
            (from, to) = (rest, to_rest);
        }
    }
    for (to, from) in to.iter_mut().zip(from) {
        *to = *from;
    }
}
