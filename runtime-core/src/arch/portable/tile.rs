use crate::arch::Arch;
use crate::numbers::Numbers;
use crate::packed::Packed;
use crate::unrolled::unrolled;
use core::hint::black_box;

/// `acc[i][j] + sum over k of rows[i][k] * panel[k][LANE + j]`, for every `k` of the panel.
///
/// The accumulators go by value: updated in place across calls they would live in memory.
#[inline(always)]
pub(crate) fn tile<A: Arch, T: Numbers, W: Packed<Number = T::W>, const M: usize, const N: usize, const LANE: usize>(
    mut acc: [[T::Sum; N]; M],
    mut rows: [&[T::X]; M],
    panel: &[W::Row],
) -> [[T::Sum; N]; M] {
    if M == 1 && !A::NARROW {
        let Some(row) = rows.first() else { return acc };
        return [tile_row::<A, T, W, N, LANE>(acc[0], row, panel); M];
    }
    let len = panel.len();
    unrolled!(i in 0..M {
        let Some(cut) = rows[i].get(..len) else { return acc };
        rows[i] = cut;
    });
    // By index, and every length the same value: that is what lets the bounds checks go.
    for k in 0..len {
        let b = lanes::<A, T, W, N, LANE>(&panel[k]);
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
fn lanes<A: Arch, T: Numbers, W: Packed<Number = T::W>, const N: usize, const LANE: usize>(row: &W::Row) -> [T::W; N] {
    if A::NARROW {
        W::lanes::<N, LANE>(row)
    } else if W::THROUGH_MEMORY {
        *black_box(&W::lanes::<N, LANE>(row))
    } else if T::ANY_ORDER {
        W::lanes::<N, LANE>(black_box(row))
    } else {
        W::lanes::<N, LANE>(row)
    }
}

/// One row of [`tile`], as four sums: one alone would wait for each multiply-add before the next.
#[inline(always)]
fn tile_row<A: Arch, T: Numbers, W: Packed<Number = T::W>, const N: usize, const LANE: usize>(
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
            let b = lanes::<A, T, W, N, LANE>(&b[i]);
            for j in 0..N {
                sums[i][j] = T::mac::<A>(a[i], b[j], sums[i][j]);
            }
        });
    }
    let mut acc = sums[0];
    for (a, b) in row_rest.iter().zip(panel_rest) {
        let b = lanes::<A, T, W, N, LANE>(b);
        for j in 0..N {
            acc[j] = T::mac::<A>(*a, b[j], acc[j]);
        }
    }
    for j in 0..N {
        acc[j] = T::add(acc[j], T::add(sums[1][j], T::add(sums[2][j], sums[3][j])));
    }
    acc
}
