//! Widening of inputs, and products of them.

use crate::arch::{InterleavedPanel, portable};
use crate::interleaved::{ROWS, WIDTH, packed_len, parameters_len};

unsafe extern "C" {
    fn edgec_widen_bytes(x: *const i8, words: *mut u32, len: usize, step: usize);
    fn edgec_five_rows(
        words: *const u32,
        w: *const u8,
        parameters: *const i32,
        end: *const u32,
        starts: *mut *mut i8,
        fours: usize,
        zero: i32,
        back: usize,
    );
    fn edgec_sums(words: *const u32, w: *const u8, sums: *mut u32, end: *const u32, fours: usize, skip: usize);
    fn edgec_results(sums: *const u32, multipliers: *const i32, y: *mut i8, fours: usize, zero: i32);
}

#[inline(never)]
pub(in crate::arch) fn widen_bytes(row: &[i8], words: &mut [u32], step: usize) {
    let last = row.len().saturating_sub(1);
    if !row.is_empty() && last.checked_mul(step).is_some_and(|last| last < words.len()) {
        // SAFETY: reads the whole row, and writes a word for each input, `step` words apart: the last one is inside of
        // the slice, as checked above.
        unsafe { edgec_widen_bytes(row.as_ptr(), words.as_mut_ptr(), row.len(), 4 * step) };
    }
}

#[inline(never)]
pub(in crate::arch) fn rows(panel: InterleavedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
    let InterleavedPanel {
        w,
        parameters,
        inputs,
        channels,
        zero,
    } = panel;
    let fits = inputs != 0
        && inputs.is_multiple_of(4)
        && words.len() >= ROWS * inputs
        && w.len() >= packed_len(inputs, channels)
        && parameters.len() >= parameters_len(channels)
        && starts.iter().all(|start| y.len() >= start + channels);
    if !fits {
        return;
    }
    let (fours, back) = (channels / WIDTH, WIDTH * inputs - 1);
    let (words, end, begin) = (
        words.as_ptr(),
        words.as_ptr().wrapping_add(ROWS * inputs),
        y.as_mut_ptr(),
    );
    if fours != 0 {
        let mut starts = starts.map(|start| begin.wrapping_add(start));
        let (w, parameters, starts) = (w.as_ptr(), parameters.as_ptr(), starts.as_mut_ptr());
        // SAFETY: reads five words for each input, and four bytes of weights for each input and eight parameters for
        // each four channels; writes four numbers per four channels at all places. All of it is inside of the slices,
        // as checked above; places may be equal.
        unsafe { edgec_five_rows(words, w, parameters, end, starts, fours, zero, back) };
    }
    if channels % WIDTH != 0 {
        let mut last = [[0_i8; WIDTH]; ROWS];
        let mut places = last.each_mut().map(|row| row.as_mut_ptr());
        let (w, parameters) = (
            w.as_ptr().wrapping_add(WIDTH * inputs * fours),
            parameters.as_ptr().wrapping_add(2 * WIDTH * fours),
        );
        // SAFETY: as above, for four channels, whose weights and parameters were packed whole; `last` has room for four
        // results of each row.
        unsafe { edgec_five_rows(words, w, parameters, end, places.as_mut_ptr(), 1, zero, back) };
        for (start, last) in starts.into_iter().zip(&last) {
            let y = y.get_mut(start + WIDTH * fours..start + channels).unwrap_or_default();
            y.iter_mut().zip(last).for_each(|(y, last)| *y = *last);
        }
    }
}

#[inline(never)]
pub(in crate::arch) fn sums(panel: InterleavedPanel<'_>, first: usize, words: &[u32], sums: &mut [u32]) {
    let InterleavedPanel {
        w, inputs, channels, ..
    } = panel;
    let fours = channels.div_ceil(WIDTH);
    let fits = fours != 0
        && !words.is_empty()
        && words.len().is_multiple_of(4)
        && first + words.len() <= inputs
        && w.len() >= WIDTH * inputs * fours
        && sums.len() >= WIDTH * fours;
    if fits {
        let w = w.as_ptr().wrapping_add(WIDTH * first);
        let (words, end, skip) = (
            words.as_ptr(),
            words.as_ptr().wrapping_add(words.len()),
            WIDTH * (inputs - words.len()),
        );
        // SAFETY: reads every word, and for each four channels four bytes of weights for each of them, `4 * inputs`
        // bytes apart; reads and writes four sums per four channels. All of it is inside of the slices, as checked
        // above.
        unsafe { edgec_sums(words, w, sums.as_mut_ptr(), end, fours, skip) };
    }
}

#[inline(never)]
pub(in crate::arch) fn results(panel: InterleavedPanel<'_>, sums: &[u32], y: &mut [i8]) {
    let InterleavedPanel {
        parameters,
        channels,
        zero,
        ..
    } = panel;
    let fours = channels / WIDTH;
    if sums.len() < channels || y.len() < channels || parameters.len() < parameters_len(channels) {
        return;
    }
    if fours != 0 {
        let multipliers = parameters.as_ptr().wrapping_add(WIDTH);
        // SAFETY: reads four sums, and four of each eight parameters, per four channels, and writes four numbers. All
        // of it is inside of the slices, as checked above.
        unsafe { edgec_results(sums.as_ptr(), multipliers, y.as_mut_ptr(), fours, zero) };
    }
    if channels % WIDTH != 0 {
        portable::interleaved::results(panel, sums, y, WIDTH * fours);
    }
}
