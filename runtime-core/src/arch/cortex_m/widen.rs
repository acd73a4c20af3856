//! Inputs as halfwords.

use crate::arch::{Patches, portable};
use crate::paired::{ROWS, STEP};

unsafe extern "C" {
    fn edgec_widen_three(u: *const i8, v: *const i8, w: *const i8, words: *mut u32, eights: usize);
    fn edgec_widen(x: *const i8, words: *mut u32, eights: usize, step: usize, rows: usize, gap: usize);
    fn edgec_copy_rows(from: *const i8, to: *mut i8, bytes: usize, rows: usize, from_step: usize, to_step: usize);
}

#[inline(never)]
pub(super) fn widen(row: &[i8], words: &mut [u32], step: usize) {
    let eights = row.len() / 8;
    // Two quads of two words each, of which the last is not followed by others.
    if eights != 0 && words.len() >= (2 * eights - 1) * step + 2 {
        // SAFETY: reads 8 * eights bytes of `row`, which has as many; writes two words at each of 2 * eights places
        // that are `step` words apart, which `words` has.
        unsafe { edgec_widen(row.as_ptr(), words.as_mut_ptr(), eights, 4 * step, 1, 0) };
    }
    if row.len() % 8 != 0 {
        rest(row, words, step, eights);
    }
}

/// What is behind the last eight of a row. `words` begin with those of the row.
#[inline(never)]
fn rest(row: &[i8], words: &mut [u32], step: usize, eights: usize) {
    let (row, words) = (row.get(8 * eights..), words.get_mut(2 * eights * step..));
    portable::paired::widen(row.unwrap_or_default(), words.unwrap_or_default(), step);
}

#[inline(never)]
pub(super) fn widen_rows([u, v, w]: [&[i8]; ROWS], words: &mut [u32]) {
    let len = u.len();
    let eights = len / 8;
    if eights != 0 && v.len() >= len && w.len() >= len && words.len() >= 2 * STEP * eights {
        // SAFETY: reads 8 * eights bytes of all rows, which have as many, and writes twelve words for each eight.
        unsafe { edgec_widen_three(u.as_ptr(), v.as_ptr(), w.as_ptr(), words.as_mut_ptr(), eights) };
    }
    if len % 8 != 0 {
        for (row, x) in [u, v, w].into_iter().enumerate() {
            let (x, words) = (x.get(..len), words.get_mut(2 * row..));
            rest(x.unwrap_or_default(), words.unwrap_or_default(), STEP, eights);
        }
    }
}

#[inline(never)]
pub(super) fn widen_patches(x: &[i8], patches: Patches, patch: &mut [i8], words: &mut [u32]) {
    let Patches {
        position_step,
        row_step,
        bytes,
        rows,
    } = patches;
    let last = rows.saturating_sub(1);
    let inputs = (ROWS - 1) * position_step + last * row_step + bytes;
    let direct = patch.is_empty();
    // Of a patch the bytes behind its end are widened with it: their weights are zero.
    let eights = if direct { bytes / 8 } else { patch.len() / 8 };
    let all = if direct { rows * eights } else { eights };
    let fits = rows != 0
        && eights != 0
        && x.len() >= inputs
        && if direct {
            bytes % 8 == 0
        } else {
            patch.len() >= rows * bytes
        }
        && words.len() >= 2 * STEP * all;
    if !fits {
        return;
    }
    for place in 0..ROWS {
        let x = x.as_ptr().wrapping_add(place * position_step);
        let words = words.as_mut_ptr().wrapping_add(2 * place);
        // SAFETY: reads `bytes` at each of `rows` places that are `row_step` apart, and at most writes and reads the
        // whole patch; writes two words for each four inputs, `STEP` apart, from the place's first two on. All of it is
        // inside of the slices, as checked above for the last place.
        unsafe {
            if direct {
                edgec_widen(x, words, eights, 4 * STEP, rows, row_step.wrapping_sub(bytes));
            } else {
                edgec_copy_rows(x, patch.as_mut_ptr(), bytes, rows, row_step, bytes);
                edgec_widen(patch.as_ptr(), words, eights, 4 * STEP, 1, 0);
            }
        }
    }
}

#[inline(never)]
pub(super) fn copy_rows((x, x_step): (&[i8], usize), (y, y_step): (&mut [i8], usize), bytes: usize, rows: usize) {
    let last = rows.saturating_sub(1);
    if rows != 0 && x.len() >= last * x_step + bytes && y.len() >= last * y_step + bytes {
        // SAFETY: reads and writes `bytes` at each of `rows` places on both sides, which both slices have.
        unsafe { edgec_copy_rows(x.as_ptr(), y.as_mut_ptr(), bytes, rows, x_step, y_step) };
    }
}
