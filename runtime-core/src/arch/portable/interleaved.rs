//! The definitions of the micro-kernels on the layout of [`interleaved`](crate::interleaved).

use super::taps;
use crate::arch::{InterleavedPanel, TapWindow};
use crate::interleaved::{DEPTHWISE, ROWS, WIDTH, unpack};
use crate::upper_word::rescaled;

/// [`Arch::widen_bytes`](crate::arch::Arch::widen_bytes).
#[inline(always)]
pub(crate) fn widen_bytes(row: &[i8], words: &mut [u32], step: usize) {
    for (to, x) in words.chunks_mut(step.max(1)).zip(row) {
        if let Some(to) = to.first_mut() {
            *to = i32::from(*x) as u32;
        }
    }
}

/// The sum of one channel's products with inputs from `first` on, which are `step` words apart.
#[inline(always)]
fn sum(panel: &InterleavedPanel<'_>, channel: usize, first: usize, words: &[u32], step: usize) -> i32 {
    let mut sum = 0_i32;
    for (input, x) in words.chunks(step).enumerate() {
        let x = x.first().copied().unwrap_or_default() as i32;
        let weight = unpack(panel.inputs, panel.w, first + input, channel);
        sum = sum.wrapping_add(x.wrapping_mul(weight.into()));
    }
    sum
}

/// A parameter of a channel: its bias is `index` 0, its multiplier is `index` 4.
#[inline(always)]
fn parameter(panel: &InterleavedPanel<'_>, channel: usize, index: usize) -> i32 {
    let at = channel / WIDTH * 2 * WIDTH + index + channel % WIDTH;
    panel.parameters.get(at).copied().unwrap_or_default()
}

/// [`Arch::interleaved_rows`](crate::arch::Arch::interleaved_rows).
#[inline(always)]
pub(crate) fn rows(panel: InterleavedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
    for (row, start) in starts.into_iter().enumerate() {
        let words = words.get(row..ROWS * panel.inputs).unwrap_or_default();
        let y = y.get_mut(start..).unwrap_or_default();
        for (c, y) in y.iter_mut().enumerate().take(panel.channels) {
            let sum = sum(&panel, c, 0, words, ROWS).wrapping_add(parameter(&panel, c, 0));
            *y = rescaled(sum, parameter(&panel, c, WIDTH), panel.zero);
        }
    }
}

/// [`Arch::interleaved_sums`](crate::arch::Arch::interleaved_sums).
#[inline(always)]
pub(crate) fn sums(panel: InterleavedPanel<'_>, first: usize, words: &[u32], sums: &mut [u32]) {
    for (c, to) in sums.iter_mut().enumerate().take(panel.channels) {
        *to = to.wrapping_add(sum(&panel, c, first, words, 1) as u32);
    }
}

/// [`Arch::interleaved_results`](crate::arch::Arch::interleaved_results), from channel `first` on.
#[inline(always)]
pub(crate) fn results(panel: InterleavedPanel<'_>, sums: &[u32], y: &mut [i8], first: usize) {
    for (c, (y, sum)) in y.iter_mut().zip(sums).enumerate().take(panel.channels).skip(first) {
        *y = rescaled(*sum as i32, parameter(&panel, c, WIDTH), panel.zero);
    }
}

/// [`Arch::interleaved_window`](crate::arch::Arch::interleaved_window), from channel `first` on.
#[inline(always)]
pub(crate) fn window(window: TapWindow<'_, i8>, y: &mut [i8], first: usize) {
    let parameters = |c: usize| {
        let at = |kind: usize| c / WIDTH * DEPTHWISE + kind * WIDTH + c % WIDTH;
        [at(1), at(2)].map(|at| window.parameters.get(at).copied().unwrap_or_default())
    };
    taps::window(&window, y, first, parameters, taps::byte::<WIDTH>(&window));
}
