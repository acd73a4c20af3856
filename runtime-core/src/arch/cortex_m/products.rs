//! Products of inputs that have been widened.

use crate::arch::PairedPanel;
use crate::paired::{Grouping, ROWS, STEP, packed_words, parameters_len};

type Rows = unsafe extern "C" fn(*const u32, *const u32, *const i32, *const u32, *mut i8, *mut i8, *mut i8, usize, i32);
type Row = unsafe extern "C" fn(*const u32, *const u32, *const i32, *const u32, *mut i8, usize, i32);
macro_rules! products {
    ($($rows:ident),*; $($row:ident),*) => {
        unsafe extern "C" {
            $(fn $rows(
                words: *const u32,
                w: *const u32,
                parameters: *const i32,
                end: *const u32,
                y0: *mut i8,
                y1: *mut i8,
                y2: *mut i8,
                pairs: usize,
                zero: i32,
            );)*
            $(fn $row(
                words: *const u32,
                w: *const u32,
                parameters: *const i32,
                end: *const u32,
                y: *mut i8,
                groups: usize,
                zero: i32,
            );)*
        }
    };
}
products!(edgec_three_rows_2, edgec_three_rows_4; edgec_one_row_1, edgec_one_row_2);

#[inline(never)]
pub(super) fn rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
    let PairedPanel {
        w,
        parameters,
        quads,
        channels,
        zero,
    } = panel;
    let (pairs, k) = (channels / 2, 4 * quads);
    let [s0, s1, s2] = starts;
    let fits = quads != 0
        && quads % 2 == 0
        && words.len() >= STEP * quads
        && w.len() >= packed_words(k, channels, Grouping::Pairs)
        && parameters.len() >= parameters_len(channels, Grouping::Pairs)
        && y.len() >= s0.max(s1).max(s2) + channels;
    if !fits {
        return;
    }
    let three_rows: Rows = if quads % 4 == 0 {
        edgec_three_rows_4
    } else {
        edgec_three_rows_2
    };
    let (words, end, begin) = (
        words.as_ptr(),
        words.as_ptr().wrapping_add(STEP * quads),
        y.as_mut_ptr(),
    );
    if pairs != 0 {
        let [y0, y1, y2] = starts.map(|start| begin.wrapping_add(start));
        // SAFETY: reads six words of inputs and two of weights for each quad, and four parameters for each pair; writes
        // two numbers per pair at all three places. All of it is inside of the slices, as checked above; places may be
        // equal.
        unsafe { three_rows(words, w.as_ptr(), parameters.as_ptr(), end, y0, y1, y2, pairs, zero) };
    }
    if channels % 2 != 0 {
        let mut last = [0_i8; 2 * ROWS];
        let y0 = last.as_mut_ptr();
        let (y1, y2) = (y0.wrapping_add(2), y0.wrapping_add(4));
        let (w, parameters) = (
            w.as_ptr().wrapping_add(2 * quads * pairs),
            parameters.as_ptr().wrapping_add(4 * pairs),
        );
        // SAFETY: as above, for one pair, whose weights and parameters were packed whole; `last` has room for two
        // results of each row.
        unsafe { three_rows(words, w, parameters, end, y0, y1, y2, 1, zero) };
        for (start, last) in starts.into_iter().zip(last.as_chunks::<2>().0) {
            if let Some(y) = y.get_mut(start + channels - 1) {
                *y = last[0];
            }
        }
    }
}

#[inline(never)]
pub(super) fn row(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8]) {
    let PairedPanel {
        w,
        parameters,
        quads,
        channels,
        zero,
    } = panel;
    let (groups, k) = (channels / 4, 4 * quads);
    let fits = quads != 0
        && quads % 2 == 0
        && words.len() >= 2 * quads
        && w.len() >= packed_words(k, channels, Grouping::TwoPairs)
        && parameters.len() >= parameters_len(channels, Grouping::TwoPairs)
        && y.len() >= channels;
    if !fits {
        return;
    }
    let one_row: Row = if quads % 4 == 0 {
        edgec_one_row_2
    } else {
        edgec_one_row_1
    };
    let (words, end) = (words.as_ptr(), words.as_ptr().wrapping_add(2 * quads));
    if groups != 0 {
        // SAFETY: reads 2 * quads words of inputs, 4 * quads words of weights and eight parameters for each group;
        // writes four numbers per group. All of it is inside of the slices, as checked above.
        unsafe {
            one_row(
                words,
                w.as_ptr(),
                parameters.as_ptr(),
                end,
                y.as_mut_ptr(),
                groups,
                zero,
            )
        };
    }
    if channels % 4 != 0 {
        let mut last = [0_i8; 4];
        let (w, parameters) = (
            w.as_ptr().wrapping_add(4 * quads * groups),
            parameters.as_ptr().wrapping_add(8 * groups),
        );
        // SAFETY: as above, for one group, whose weights and parameters were packed whole; `last` has room for its
        // results.
        unsafe { one_row(words, w, parameters, end, last.as_mut_ptr(), 1, zero) };
        for (y, last) in y.iter_mut().take(channels).skip(4 * groups).zip(last) {
            *y = last;
        }
    }
}
