//! Cortex-M with the DSP extension. Stable Rust has no functions for its instructions, and `asm!` blocks of single ones would
//! move every operand through memory, so that whole loops are assembler: `paired.s` and `depthwise.s`. Their time does not
//! depend on the opt-level that firmware is built with.
//!
//! The functions here check all lengths before; what is left over at the end of a row or of the channels goes through the
//! portable definitions, or through a few numbers beside the operands, so that nothing outside is read or written.
#![allow(unsafe_code)]

use super::{Arch, PairedPanel, PairedWindow, Portable, portable};
use crate::paired::{Grouping, packed_words, parameters_len};
use core::arch::global_asm;

// The assembler takes the instructions of the target triple, to which DSP does not belong on Armv8-M Mainline.
#[cfg(cortex_m_mainline)]
global_asm!(".cpu cortex-m33");
global_asm!(include_str!("paired.s"), options(raw));
global_asm!(include_str!("depthwise.s"), options(raw));

type Rows = unsafe extern "C" fn(*const u32, *const u32, *const i32, *const u32, *mut i8, *mut i8, usize, i32);
type Row = unsafe extern "C" fn(*const u32, *const u32, *const i32, *const u32, *mut i8, usize, i32);
type Taps = unsafe extern "C" fn(
    *const i8,
    *const u32,
    *const i32,
    *mut i8,
    *const i8,
    u32,
    usize,
    usize,
    i32,
    usize,
    usize,
    usize,
    usize,
);

unsafe extern "C" {
    fn edgec_two_rows_2(
        _: *const u32,
        _: *const u32,
        _: *const i32,
        _: *const u32,
        _: *mut i8,
        _: *mut i8,
        _: usize,
        _: i32,
    );
    fn edgec_two_rows_4(
        _: *const u32,
        _: *const u32,
        _: *const i32,
        _: *const u32,
        _: *mut i8,
        _: *mut i8,
        _: usize,
        _: i32,
    );
    fn edgec_one_row_1(_: *const u32, _: *const u32, _: *const i32, _: *const u32, _: *mut i8, _: usize, _: i32);
    fn edgec_one_row_2(_: *const u32, _: *const u32, _: *const i32, _: *const u32, _: *mut i8, _: usize, _: i32);
    fn edgec_widen_two(first: *const i8, second: *const i8, words: *mut u32, eights: usize);
    fn edgec_widen(row: *const i8, words: *mut u32, eights: usize, step: usize);
    fn edgec_copy_rows(from: *const i8, to: *mut i8, bytes: usize, rows: usize, step: usize);
}

macro_rules! taps {
    ($($name:ident),*) => {
        unsafe extern "C" {
            $(fn $name(
                x: *const i8,
                w: *const u32,
                parameters: *const i32,
                y: *mut i8,
                end: *const i8,
                minus_zero: u32,
                tap_step: usize,
                row_step: usize,
                zero: i32,
                rows: usize,
                taps: usize,
                weight_row: usize,
                weight_quad: usize,
            );)*
        }
    };
}
taps!(edgec_taps_3x3, edgec_taps_1, edgec_taps_2, edgec_taps_3, edgec_taps);

/// The DSP extension. This module is only compiled for targets that have it.
#[derive(Clone, Copy)]
pub(super) struct Dsp;

impl Arch for Dsp {
    const NARROW: bool = Portable::NARROW;

    #[inline(always)]
    fn fma(a: f32, b: f32, c: f32) -> f32 {
        Portable::fma(a, b, c)
    }

    #[inline(always)]
    fn widen(row: &[i8], words: &mut [u32], step: usize) {
        widen(row, words, step);
    }

    #[inline(always)]
    fn widen_two(first: &[i8], second: &[i8], words: &mut [u32]) {
        widen_two(first, second, words);
    }

    #[inline(always)]
    fn copy_rows(from: &[i8], step: usize, bytes: usize, to: &mut [i8]) {
        copy_rows(from, step, bytes, to);
    }

    #[inline(always)]
    fn paired_rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], second: usize) {
        rows(panel, words, y, second);
    }

    #[inline(always)]
    fn paired_row(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8]) {
        row(panel, words, y);
    }

    #[inline(always)]
    fn paired_window(window: PairedWindow<'_>, y: &mut [i8]) {
        taps(&window, y);
    }
}

#[inline(never)]
fn widen(row: &[i8], words: &mut [u32], step: usize) {
    let eights = row.len() / 8;
    // Two quads of two words each, of which the last is not followed by others.
    if eights != 0 && words.len() >= (2 * eights - 1) * step + 2 {
        // SAFETY: reads 8 * eights bytes of `row`, which has as many; writes two words at each of 2 * eights places that are
        // `step` words apart, which `words` has.
        unsafe { edgec_widen(row.as_ptr(), words.as_mut_ptr(), eights, 4 * step) };
    }
    if row.len() % 8 != 0 {
        let (row, words) = (row.get(8 * eights..), words.get_mut(2 * eights * step..));
        portable::paired::widen(row.unwrap_or_default(), words.unwrap_or_default(), step);
    }
}

#[inline(never)]
fn widen_two(first: &[i8], second: &[i8], words: &mut [u32]) {
    let len = first.len();
    let eights = len / 8;
    if eights != 0 && second.len() >= len && words.len() >= 8 * eights {
        // SAFETY: reads 8 * eights bytes of both rows, which have as many, and writes as many words.
        unsafe { edgec_widen_two(first.as_ptr(), second.as_ptr(), words.as_mut_ptr(), eights) };
    }
    if len % 8 != 0 {
        for (row, place) in [(first, 0), (second, 2)] {
            let (row, words) = (row.get(8 * eights..len), words.get_mut(8 * eights + place..));
            portable::paired::widen(row.unwrap_or_default(), words.unwrap_or_default(), 4);
        }
    }
}

#[inline(never)]
fn copy_rows(from: &[i8], step: usize, bytes: usize, to: &mut [i8]) {
    let rows = to.len().checked_div(bytes).unwrap_or(0);
    if rows != 0 && from.len() >= (rows - 1) * step + bytes {
        // SAFETY: reads `bytes` at each of `rows` places that are `step` apart, which `from` has; writes rows * bytes, which
        // `to` has.
        unsafe { edgec_copy_rows(from.as_ptr(), to.as_mut_ptr(), bytes, rows, step) };
    }
}

#[inline(never)]
fn rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], second: usize) {
    let PairedPanel {
        w,
        parameters,
        quads,
        channels,
        zero,
    } = panel;
    let (pairs, k) = (channels / 2, 4 * quads);
    let fits = quads != 0
        && quads % 2 == 0
        && words.len() >= k
        && w.len() >= packed_words(k, channels, Grouping::Pairs)
        && parameters.len() >= parameters_len(channels, Grouping::Pairs)
        && y.len() >= second + channels;
    if !fits {
        return;
    }
    let two_rows: Rows = if quads % 4 == 0 {
        edgec_two_rows_4
    } else {
        edgec_two_rows_2
    };
    let (words, end) = (words.as_ptr(), words.as_ptr().wrapping_add(k));
    if pairs != 0 {
        let (y0, y1) = (y.as_mut_ptr(), y.as_mut_ptr().wrapping_add(second));
        // SAFETY: reads 4 * quads words of inputs, 2 * quads words of weights and four parameters for each pair; writes two
        // numbers per pair at both places. All of it is inside of the slices, as checked above; the two places may be one.
        unsafe { two_rows(words, w.as_ptr(), parameters.as_ptr(), end, y0, y1, pairs, zero) };
    }
    if channels % 2 != 0 {
        let mut last = [0_i8; 4];
        let (y0, y1) = (last.as_mut_ptr(), last.as_mut_ptr().wrapping_add(2));
        let (w, parameters) = (
            w.as_ptr().wrapping_add(2 * quads * pairs),
            parameters.as_ptr().wrapping_add(4 * pairs),
        );
        // SAFETY: as above, for one pair, whose weights and parameters were packed whole; `last` has room for two results of
        // both rows.
        unsafe { two_rows(words, w, parameters, end, y0, y1, 1, zero) };
        for (at, last) in [(channels - 1, last[0]), (second + channels - 1, last[2])] {
            if let Some(y) = y.get_mut(at) {
                *y = last;
            }
        }
    }
}

#[inline(never)]
fn row(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8]) {
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
        // SAFETY: reads 2 * quads words of inputs, 4 * quads words of weights and eight parameters for each group; writes four
        // numbers per group. All of it is inside of the slices, as checked above.
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
        // SAFETY: as above, for one group, whose weights and parameters were packed whole; `last` has room for its results.
        unsafe { one_row(words, w, parameters, end, last.as_mut_ptr(), 1, zero) };
        for (y, last) in y.iter_mut().take(channels).skip(4 * groups).zip(last) {
            *y = last;
        }
    }
}

#[inline(never)]
fn taps(window: &PairedWindow<'_>, y: &mut [i8]) {
    let PairedWindow {
        x,
        w,
        parameters,
        rows,
        taps,
        tap_step,
        row_step,
        weight_row,
        weight_quad,
        outside,
        zero,
    } = *window;
    let quads = y.len() / 4;
    let last = rows.saturating_sub(1);
    let fits = quads != 0
        && rows != 0
        && taps != 0
        && x.len() >= last * row_step + (taps - 1) * tap_step + 4 * quads
        && w.len() >= (quads - 1) * weight_quad + last * weight_row + 2 * taps
        && parameters.len() >= 8 * quads;
    let first = if fits { 4 * quads } else { 0 };
    if fits {
        let whole = (rows, taps, weight_row, weight_quad) == (3, 3, 6, 18);
        // The last of the functions counts its steps from behind the last tap of a row.
        let (function, row_step, weight_row): (Taps, usize, usize) = match taps {
            3 if whole => (edgec_taps_3x3, row_step, weight_row),
            1 => (edgec_taps_1, row_step, weight_row),
            2 => (edgec_taps_2, row_step, weight_row),
            3 => (edgec_taps_3, row_step, weight_row),
            _ => (
                edgec_taps,
                row_step.wrapping_sub(taps * tap_step),
                weight_row.wrapping_sub(2 * taps),
            ),
        };
        let minus_zero = (outside.wrapping_neg() as u16 as u32) * 0x1_0001;
        let begin = y.as_mut_ptr();
        let end = begin.wrapping_add(4 * quads);
        // SAFETY: reads four bytes at each tap of each quad of channels, two words of weights for them, and eight parameters per
        // quad; writes from `begin` to `end`. All of it is inside of the slices, as checked above.
        unsafe {
            function(
                x.as_ptr(),
                w.as_ptr(),
                parameters.as_ptr(),
                begin,
                end,
                minus_zero,
                tap_step,
                row_step,
                zero,
                rows,
                taps,
                4 * weight_row,
                4 * weight_quad,
            )
        };
    }
    if first < y.len() {
        portable::paired::window(*window, y, first);
    }
}
