//! The register tile that the matrix kernels share: a few rows of inputs times one packed panel of weights.

use super::finish::Numbers;
use crate::arch::Arch;
use crate::packed::Packed;
use core::hint::black_box;

/// Where registers are few (32-bit targets) a tile is 2 x 8 numbers, else 6 x 16.
pub(super) const NARROW: bool = cfg!(not(any(target_arch = "x86_64", target_arch = "aarch64")));

/// Numbers that stand in for inputs outside of the image: a dot product takes at most as many of them at once.
pub(super) const OUTSIDE: usize = 64;

/// `for $i in 0..$count`, for a constant count of at most eight, written out: a loop with an early exit may still be a
/// loop when bounds checks are removed.
macro_rules! unrolled {
    ($i:ident in 0..$count:tt $body:block) => {
        unrolled!($i, $count, $body, 0 1 2 3 4 5 6 7)
    };
    ($i:ident, $count:tt, $body:block, $($index:literal)*) => {
        $(if $index < $count {
            let $i = $index;
            $body
        })*
    };
}
pub(super) use unrolled;

/// Computes `M` rows of outputs from `first` on, by the `N` columns of a panel from `LANE` on.
pub(super) trait Tile {
    /// What is multiplied and added up.
    type Numbers: Numbers;

    fn tile<A: Arch, const M: usize, const N: usize, const LANE: usize>(&mut self, first: usize);
}

/// Covers `count` rows by `columns <= PANEL` columns with tiles of about equal height.
#[inline(always)]
pub(super) fn cover<A: Arch>(count: usize, columns: usize, body: &mut impl Tile) {
    if NARROW {
        narrow::<A, 0, _>(count, body);
        if columns > 8 {
            narrow::<A, 8, _>(count, body);
        }
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
        let mut first = 0;
        while first < count {
            let rows = count - first;
            first += if rows >= 8 {
                body.tile::<A, 8, 8, 0>(first);
                8
            } else if rows >= 4 {
                body.tile::<A, 4, 8, 0>(first);
                4
            } else {
                body.tile::<A, 1, 8, 0>(first);
                1
            };
        }
    }
}

/// Covers `count` rows by the eight columns from `LANE` on where registers are few.
#[inline(always)]
fn narrow<A: Arch, const LANE: usize, B: Tile>(count: usize, body: &mut B) {
    if B::Numbers::PAIRS {
        for (first, rows) in Split::<2>::new(count) {
            match rows {
                2 => body.tile::<A, 2, 8, LANE>(first),
                _ => body.tile::<A, 1, 8, LANE>(first),
            }
        }
    } else {
        for row in 0..count {
            body.tile::<A, 1, 8, LANE>(row);
        }
    }
}

/// Splits a count into as few parts of at most `MOST` as possible, of about equal size: (first, size) of each.
///
/// An iterator, not a function of a closure: a closure would not be compiled for the caller's features.
pub(super) struct Split<const MOST: usize> {
    first: usize,
    left: usize,
    size: usize,
    larger: usize,
}

impl<const MOST: usize> Split<MOST> {
    #[inline(always)]
    pub(super) fn new(count: usize) -> Self {
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

/// `acc[i][j] + sum over k of rows[i][k] * panel[k][LANE + j]`, for every `k` of the panel.
///
/// The accumulators go by value: updated in place across calls they would live in memory.
#[inline(always)]
pub(super) fn dot<A: Arch, T: Numbers, W: Packed<Number = T::W>, const M: usize, const N: usize, const LANE: usize>(
    mut acc: [[T::Sum; N]; M],
    mut rows: [&[T::X]; M],
    panel: &[W::Row],
) -> [[T::Sum; N]; M] {
    if M == 1 && !NARROW {
        let Some(row) = rows.first() else { return acc };
        return [dot_row::<A, T, W, N, LANE>(acc[0], row, panel); M];
    }
    let len = panel.len();
    unrolled!(i in 0..M {
        let Some(cut) = rows[i].get(..len) else { return acc };
        rows[i] = cut;
    });
    // By index, and every length the same value: that is what lets the bounds checks go.
    for k in 0..len {
        let b = lanes::<T, W, N, LANE>(&panel[k]);
        unrolled!(i in 0..M {
            let a = rows[i][k];
            for j in 0..N {
                acc[i][j] = T::mac::<A>(a, b[j], acc[i][j]);
            }
        });
    }
    acc
}

/// The weights of a row, in a form that lets the optimiser make vectors of a tile's columns.
///
/// Sums of integers may be added in any order, so that it would rather make vectors of several rows, gathered number by
/// number, if it saw that they follow one another.
#[inline(always)]
fn lanes<T: Numbers, W: Packed<Number = T::W>, const N: usize, const LANE: usize>(row: &W::Row) -> [T::W; N] {
    if NARROW {
        W::lanes::<N, LANE>(row)
    } else if W::THROUGH_MEMORY {
        *black_box(&W::lanes::<N, LANE>(row))
    } else if T::ANY_ORDER {
        W::lanes::<N, LANE>(black_box(row))
    } else {
        W::lanes::<N, LANE>(row)
    }
}

/// One row of [`dot`], as four sums: one alone would wait for each multiply-add before the next.
#[inline(always)]
fn dot_row<A: Arch, T: Numbers, W: Packed<Number = T::W>, const N: usize, const LANE: usize>(
    acc: [T::Sum; N],
    row: &[T::X],
    panel: &[W::Row],
) -> [T::Sum; N] {
    let Some(row) = row.get(..panel.len()) else { return acc };
    let (fours, row_rest) = row.as_chunks::<4>();
    let (panel_fours, panel_rest) = panel.as_chunks::<4>();
    let mut sums = [acc, [T::ZERO; N], [T::ZERO; N], [T::ZERO; N]];
    for (a, b) in fours.iter().zip(panel_fours) {
        unrolled!(i in 0..4 {
            let b = lanes::<T, W, N, LANE>(&b[i]);
            for j in 0..N {
                sums[i][j] = T::mac::<A>(a[i], b[j], sums[i][j]);
            }
        });
    }
    let mut acc = sums[0];
    for (a, b) in row_rest.iter().zip(panel_rest) {
        let b = lanes::<T, W, N, LANE>(b);
        for j in 0..N {
            acc[j] = T::mac::<A>(*a, b[j], acc[j]);
        }
    }
    for j in 0..N {
        acc[j] = T::add(acc[j], T::add(sums[1][j], T::add(sums[2][j], sums[3][j])));
    }
    acc
}

/// The first `N` numbers, with `filler` after the last.
#[inline(always)]
pub(super) fn load<T: Copy, const N: usize>(from: &[T], filler: T) -> [T; N] {
    if let Some(all) = from.first_chunk() {
        return *all;
    }
    let mut numbers = [filler; N];
    for (to, from) in numbers.iter_mut().zip(from) {
        *to = *from;
    }
    numbers
}
