//! Sums and the like of many numbers, in independent lanes so that they vectorise. Every 128 steps the lanes are
//! collected: rounding errors grow with the number of collections, not of elements.

use super::chunks::{blocks, rows, rows_mut};

/// Numbers that are handled side by side.
pub(super) const LANES: usize = 32;
/// Steps between collections.
const STEPS: usize = 128;

/// Folds a row: `step` takes an element in, `combine` joins two results; `start` is neutral to both.
#[inline(always)]
pub(super) fn fold_row(
    x: &[f32],
    start: f32,
    step: impl Fn(f32, f32) -> f32,
    combine: impl Fn(f32, f32) -> f32,
) -> f32 {
    if x.len() < LANES / 2 {
        return x.iter().fold(start, |total, x| step(total, *x));
    }
    let mut total = start;
    for block in blocks(x, LANES * STEPS) {
        let (chunks, rest) = block.as_chunks::<LANES>();
        let mut lanes = [start; LANES];
        for chunk in chunks {
            for (lane, x) in lanes.iter_mut().zip(chunk) {
                *lane = step(*lane, *x);
            }
        }
        for (lane, x) in lanes.iter_mut().zip(rest) {
            *lane = step(*lane, *x);
        }
        let mut width = LANES / 2;
        while let Some((low, high)) = lanes.split_at_mut_checked(width).filter(|(low, _)| !low.is_empty()) {
            for (low, high) in low.iter_mut().zip(high) {
                *low = combine(*low, *high);
            }
            width /= 2;
        }
        total = combine(total, lanes[0]);
    }
    total
}

/// Folds the columns `column..column + LANES` of a matrix of rows of `width` (as many of them as there are). `step`
/// takes an element in, together with its column's `state`.
#[inline(always)]
pub(super) fn fold_columns(
    x: &[f32],
    width: usize,
    column: usize,
    state: [f32; LANES],
    start: f32,
    step: impl Fn(f32, f32, f32) -> f32,
    combine: impl Fn(f32, f32) -> f32,
) -> [f32; LANES] {
    let mut total = [start; LANES];
    let full = width.saturating_sub(column) >= LANES;
    for block in blocks(x, width.saturating_mul(STEPS)) {
        let mut lanes = [start; LANES];
        if full {
            for row in rows(block, width) {
                let Some(row) = row.get(column..).and_then(|row| row.first_chunk::<LANES>()) else {
                    return total;
                };
                for ((lane, x), state) in lanes.iter_mut().zip(row).zip(&state) {
                    *lane = step(*lane, *x, *state);
                }
            }
        } else {
            for row in rows(block, width) {
                let Some(row) = row.get(column..) else { return total };
                for ((lane, x), state) in lanes.iter_mut().zip(row).zip(&state) {
                    *lane = step(*lane, *x, *state);
                }
            }
        }
        for (total, lane) in total.iter_mut().zip(&lanes) {
            *total = combine(*total, *lane);
        }
    }
    total
}

/// Updates the columns `column..column + LANES` of a matrix of rows of `width` (as many of them as there are), each
/// with its own `state`.
#[inline(always)]
pub(super) fn update_columns(
    y: &mut [f32],
    width: usize,
    column: usize,
    state: [[f32; LANES]; 3],
    f: impl Fn(f32, [f32; 3]) -> f32,
) {
    let [first, second, third] = &state;
    if width.saturating_sub(column) >= LANES {
        for row in rows_mut(y, width) {
            let Some(row) = row.get_mut(column..).and_then(|row| row.first_chunk_mut::<LANES>()) else {
                return;
            };
            for i in 0..LANES {
                row[i] = f(row[i], [first[i], second[i], third[i]]);
            }
        }
    } else {
        for row in rows_mut(y, width) {
            let Some(row) = row.get_mut(column..) else { return };
            for (((y, first), second), third) in row.iter_mut().zip(first).zip(second).zip(third) {
                *y = f(*y, [*first, *second, *third]);
            }
        }
    }
}

#[inline(always)]
pub(super) fn add(a: f32, b: f32) -> f32 {
    a + b
}

/// The greater of two; NaN if either is.
#[inline(always)]
pub(super) fn max(a: f32, b: f32) -> f32 {
    crate::Number::max(a, b)
}
