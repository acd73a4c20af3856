//! The tile of floats in vectors by name, for instruction sets that say what a vector is.
//!
//! Left to the optimiser, what is done to the sums afterwards decides whether they are vectors in the loop: with a
//! residual, half of the multiply-adds were scalar, and others spilled.

#![allow(unsafe_code)]

use crate::unrolled::unrolled;
use core::arch::asm;

/// A vector of floats. Implementations are private to the folder of an instruction set, and used only inside functions
/// that enable it.
pub(super) trait Vector: Copy {
    /// Zero in every lane.
    fn zero() -> Self;
    /// The first numbers; zero if there are too few.
    fn load(from: &[f32]) -> Self;
    /// Writes the lanes, if there is room.
    fn store(self, to: &mut [f32]);
    /// `a * self + c` in each lane, rounded once.
    fn multiply_add(self, a: f32, c: Self) -> Self;
    /// The sum in each lane.
    fn add(self, other: Self) -> Self;
}

/// A vector of floats that can be read from a row of packed weights, which is an `R`.
pub(super) trait Widen<R>: Vector {
    /// The weights of the row from weight `first` on, which is a multiple of the lanes; zero if there are too few.
    fn widen(row: &R, first: usize) -> Self;
}

/// [`Arch::tile_f32`](super::Arch::tile_f32) and its like in `V` vectors a row, each of `N / V` lanes.
#[inline(always)]
pub(super) fn tile<T: Widen<R>, R, const M: usize, const N: usize, const LANE: usize, const V: usize>(
    mut acc: [[f32; N]; M],
    rows: [&[f32]; M],
    panel: &[R],
) -> [[f32; N]; M] {
    let mut sums = [[[T::zero(); V]; 1]; M];
    unrolled!(i in 0..M {
        sums[i][0] = load::<T, V>(&acc[i]);
    });
    sums = products::<T, R, M, LANE, V, 1>(sums, rows, [panel]);
    unrolled!(i in 0..M {
        unrolled!(v in 0..V {
            sums[i][0][v].store(acc[i].split_at_mut(lanes::<T>() * v).1);
        });
    });
    acc
}

/// The sums of a tile plus the products of its rows by `P` panels of one length, in `V` vectors a row and panel. Rows
/// that are shorter leave the sums as they are.
#[inline(always)]
pub(super) fn products<T: Widen<R>, R, const M: usize, const LANE: usize, const V: usize, const P: usize>(
    mut sums: [[[T; V]; P]; M],
    mut rows: [&[f32]; M],
    mut panels: [&[R]; P],
) -> [[[T; V]; P]; M] {
    let len = panels[0].len();
    unrolled!(p in 0..P {
        let Some(cut) = panels[p].get(..len) else { return sums };
        panels[p] = cut;
    });
    unrolled!(i in 0..M {
        let Some(cut) = rows[i].get(..len) else { return sums };
        rows[i] = cut;
    });
    if M == 1 {
        unrolled!(p in 0..P {
            sums[0][p] = row::<T, R, LANE, V>(sums[0][p], rows[0], panels[p]);
        });
        return sums;
    }
    let mut from = [rows[0].as_ptr(); M];
    unrolled!(i in 0..M {
        from[i] = opaque(rows[i].as_ptr());
    });
    let mut at = [panels[0].as_ptr(); P];
    unrolled!(p in 0..P {
        at[p] = panels[p].as_ptr();
    });
    for k in 0..len {
        let mut b = [[T::zero(); V]; P];
        unrolled!(p in 0..P {
            // SAFETY: there are `len` rows in each panel.
            unsafe {
                b[p] = weights::<T, R, LANE, V>(&*at[p]);
                at[p] = at[p].add(1);
            }
        });
        unrolled!(i in 0..M {
            // SAFETY: every row of inputs was cut to `len` numbers.
            let a = unsafe { *from[i].add(k) };
            unrolled!(p in 0..P {
                sums[i][p] = multiply_add(a, b[p], sums[i][p]);
            });
        });
    }
    sums
}

/// One row, as four sums: one alone would wait for each multiply-add before the next.
#[inline(always)]
fn row<T: Widen<R>, R, const LANE: usize, const V: usize>(start: [T; V], row: &[f32], panel: &[R]) -> [T; V] {
    let zero = [T::zero(); V];
    let mut sums = [start, zero, zero, zero];
    let (fours, row_rest) = row.as_chunks::<4>();
    let (panel_fours, panel_rest) = panel.as_chunks::<4>();
    for (a, b) in fours.iter().zip(panel_fours) {
        unrolled!(i in 0..4 {
            sums[i] = multiply_add(a[i], weights::<T, R, LANE, V>(&b[i]), sums[i]);
        });
    }
    let mut total = sums[0];
    for (a, b) in row_rest.iter().zip(panel_rest) {
        total = multiply_add(*a, weights::<T, R, LANE, V>(b), total);
    }
    unrolled!(v in 0..V {
        total[v] = total[v].add(sums[1][v].add(sums[2][v].add(sums[3][v])));
    });
    total
}

/// The same address, of which the optimiser knows nothing: it would compute that of each row from the one before, in
/// the loop.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)] // The address is not followed.
pub(super) fn opaque<T>(mut address: *const T) -> *const T {
    if cfg!(not(miri)) {
        // SAFETY: no instruction at all.
        unsafe { asm!("/* {0} */", inout(reg) address, options(pure, nomem, nostack, preserves_flags)) };
    }
    address
}

#[inline(always)]
fn multiply_add<T: Vector, const V: usize>(a: f32, b: [T; V], mut sum: [T; V]) -> [T; V] {
    unrolled!(v in 0..V {
        sum[v] = b[v].multiply_add(a, sum[v]);
    });
    sum
}

/// The weights of one input from `LANE` on.
#[inline(always)]
fn weights<T: Widen<R>, R, const LANE: usize, const V: usize>(row: &R) -> [T; V] {
    let mut vectors = [T::zero(); V];
    unrolled!(v in 0..V {
        vectors[v] = T::widen(row, LANE + lanes::<T>() * v);
    });
    vectors
}

/// The first numbers as vectors.
#[inline(always)]
fn load<T: Vector, const V: usize>(numbers: &[f32]) -> [T; V] {
    let mut vectors = [T::zero(); V];
    unrolled!(v in 0..V {
        vectors[v] = T::load(numbers.get(lanes::<T>() * v..).unwrap_or(&[]));
    });
    vectors
}

/// Numbers in a vector.
const fn lanes<T: Vector>() -> usize {
    size_of::<T>() / size_of::<f32>()
}
