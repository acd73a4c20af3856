//! Products of inputs that have been widened.

use crate::arch::PairedPanel;
use crate::paired::{Grouping, ROWS, STEP};

unsafe extern "C" {
    fn edgec_three_rows(
        words: *const u32,
        w: *const u32,
        parameters: *const i32,
        end: *const u32,
        y0: *mut i8,
        y1: *mut i8,
        y2: *mut i8,
        pairs: usize,
        zero: i32,
        odd: usize,
    );
    fn edgec_one_row(
        words: *const u32,
        w: *const u32,
        parameters: *const i32,
        end: *const u32,
        y: *mut i8,
        groups: usize,
        zero: i32,
        odd: usize,
    );
}

/// Whether weights and parameters are as long as they must be: in 64 bits, where products cannot overflow.
#[inline(always)]
fn has_constants(panel: &PairedPanel<'_>, grouping: Grouping) -> bool {
    let channels = panel.channels.next_multiple_of(grouping.channels());
    panel.w.len() as u64 >= channels as u64 * panel.quads as u64 && panel.parameters.len() >= 2 * channels
}

#[inline(never)]
pub(super) fn rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
    let PairedPanel {
        w,
        parameters,
        quads,
        channels,
        zero,
    } = panel;
    let pairs = channels / 2;
    let [s0, s1, s2] = starts;
    let fits = quads != 0
        && quads % 2 == 0
        && words.len() >= STEP * quads
        && has_constants(&panel, Grouping::Pairs)
        && y.len()
            .checked_sub(channels)
            .is_some_and(|last| s0.max(s1).max(s2) <= last);
    if !fits {
        return;
    }
    let (words, odd) = (words.as_ptr(), quads / 2 % 2);
    let end = words.wrapping_add(STEP * quads);
    if pairs != 0 {
        let y = y.as_mut_ptr();
        let (y0, y1, y2) = (y.wrapping_add(s0), y.wrapping_add(s1), y.wrapping_add(s2));
        let (w, parameters) = (w.as_ptr(), parameters.as_ptr());
        // SAFETY: reads six words of inputs and two of weights for each quad, and four parameters for each pair; writes
        // two numbers per pair at all three places. All of it is inside of the slices, as checked above; places may be
        // equal.
        unsafe { edgec_three_rows(words, w, parameters, end, y0, y1, y2, pairs, zero, odd) };
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
        unsafe { edgec_three_rows(words, w, parameters, end, y0, y1, y2, 1, zero, odd) };
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
    let groups = channels / 4;
    let fits = quads != 0
        && quads % 2 == 0
        && words.len() >= 2 * quads
        && has_constants(&panel, Grouping::TwoPairs)
        && y.len() >= channels;
    if !fits {
        return;
    }
    let (words, odd) = (words.as_ptr(), quads / 2 % 2);
    let end = words.wrapping_add(2 * quads);
    if groups != 0 {
        let (w, parameters) = (w.as_ptr(), parameters.as_ptr());
        // SAFETY: reads 2 * quads words of inputs, 4 * quads words of weights and eight parameters for each group;
        // writes four numbers per group. All of it is inside of the slices, as checked above.
        unsafe { edgec_one_row(words, w, parameters, end, y.as_mut_ptr(), groups, zero, odd) };
    }
    if channels % 4 != 0 {
        let mut last = [0_i8; 4];
        let (w, parameters) = (
            w.as_ptr().wrapping_add(4 * quads * groups),
            parameters.as_ptr().wrapping_add(8 * groups),
        );
        // SAFETY: as above, for one group, whose weights and parameters were packed whole; `last` has room for its
        // results.
        unsafe { edgec_one_row(words, w, parameters, end, last.as_mut_ptr(), 1, zero, odd) };
        for (y, last) in y.iter_mut().take(channels).skip(4 * groups).zip(last) {
            *y = last;
        }
    }
}
