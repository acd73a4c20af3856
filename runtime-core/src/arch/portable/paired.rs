//! The definitions of the micro-kernels on the layout of [`paired`](crate::paired).

use super::taps;
use crate::arch::{Arch, PairedPanel, Patches, TapWindow};
use crate::paired::{Grouping, ROWS, STEP, half, unpack};
use crate::upper_word::rescaled;

/// [`Arch::widen`](Arch::widen).
#[inline(always)]
pub(crate) fn widen(row: &[i8], words: &mut [u32], step: usize) {
    let mut words = words.chunks_mut(step.max(2));
    for eight in row.chunks(8) {
        for four in [0, 4] {
            let Some([even, odd, ..]) = words.next() else { return };
            let at = |index: usize| u32::from(eight.get(four + index).copied().map_or(0, i16::from) as u16);
            (*even, *odd) = (at(0) | at(2) << 16, at(1) | at(3) << 16);
        }
    }
}

/// [`Arch::copy_rows`](Arch::copy_rows).
#[inline(always)]
pub(crate) fn copy_rows((x, x_step): (&[i8], usize), (y, y_step): (&mut [i8], usize), bytes: usize, rows: usize) {
    for row in 0..rows {
        let (from, to) = (row * x_step, row * y_step);
        let (Some(x), Some(y)) = (x.get(from..from + bytes), y.get_mut(to..to + bytes)) else {
            return;
        };
        y.copy_from_slice(x);
    }
}

/// [`Arch::widen_patches`].
#[inline(always)]
pub(crate) fn widen_patches<A: Arch>(x: &[i8], patches: Patches, patch: &mut [i8], words: &mut [u32]) {
    let Patches {
        position_step,
        row_step,
        bytes,
        rows,
    } = patches;
    for place in 0..ROWS {
        let x = x.get(place * position_step..).unwrap_or_default();
        let words = words.get_mut(2 * place..).unwrap_or_default();
        if !patch.is_empty() {
            A::copy_rows((x, row_step), (&mut *patch, bytes), bytes, rows);
            A::widen(patch, words, STEP);
            continue;
        }
        for row in 0..rows {
            let x = x.get(row * row_step..row * row_step + bytes).unwrap_or_default();
            let words = words.get_mut(row * bytes / 4 * STEP..).unwrap_or_default();
            A::widen(x, words, STEP);
        }
    }
}

/// The result of one channel: the sum over inputs in words `place` and on, `stride` words from quad to quad.
#[inline(always)]
fn channel(panel: &PairedPanel<'_>, grouping: Grouping, words: &[u32], stride: usize, channel: usize) -> i8 {
    let width = grouping.channels();
    let parameters = panel.parameters.get(channel / width * 2 * width..).unwrap_or(&[]);
    let at = |index: usize| parameters.get(index).copied().unwrap_or_default();
    let place = channel % width;
    let low = at(place / 2 * 2 + 1);
    let bias = if channel.is_multiple_of(2) {
        low
    } else {
        at(place / 2 * 2).wrapping_sub(low) >> 8
    };
    let mut sum = bias;
    for quad in 0..panel.quads {
        for place in 0..4 {
            let input = half(
                words.get(quad * stride + place % 2).copied().unwrap_or_default(),
                place / 2,
            );
            let k = 4 * panel.quads;
            let weight = unpack([k, panel.channels], grouping, panel.w, 4 * quad + place, channel);
            sum = sum.wrapping_add(input.wrapping_mul(weight.into()));
        }
    }
    rescaled(sum, at(width + place), panel.zero)
}

/// [`Arch::paired_rows`](Arch::paired_rows).
#[inline(always)]
pub(crate) fn rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
    for (row, start) in starts.into_iter().enumerate() {
        let words = words.get(2 * row..).unwrap_or(&[]);
        for c in 0..panel.channels {
            if let Some(y) = y.get_mut(start + c) {
                *y = channel(&panel, Grouping::Pairs, words, STEP, c);
            }
        }
    }
}

/// [`Arch::paired_row`](Arch::paired_row).
#[inline(always)]
pub(crate) fn row(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8]) {
    for (c, y) in y.iter_mut().enumerate().take(panel.channels) {
        *y = channel(&panel, Grouping::TwoPairs, words, 2, c);
    }
}

/// [`Arch::paired_window`](Arch::paired_window), from channel `first` on.
#[inline(always)]
pub(crate) fn window(window: TapWindow<'_, u32>, y: &mut [i8], first: usize) {
    let parameters = |c: usize| {
        let at = |index: usize| window.parameters.get(c / 4 * 8 + index).copied().unwrap_or_default();
        [at(c % 4), at(4 + c % 4)]
    };
    let weight = |c: usize, row: usize, tap: usize| {
        let at = c / 4 * window.weight_quad + row * window.weight_row + 2 * tap + c % 2;
        half(window.w.get(at).copied().unwrap_or_default(), c % 4 / 2)
    };
    taps::window(&window, y, first, parameters, weight);
}
