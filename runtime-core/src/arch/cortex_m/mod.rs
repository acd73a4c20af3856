//! Cortex-M with the DSP extension. Stable Rust has no functions for its instructions, and `asm!` blocks of single ones would
//! move every operand through memory, so that whole loops are assembler: `paired.s`, `depthwise.s` and `add.s`. Their time does not
//! depend on the opt-level that firmware is built with.
//!
//! The functions here check all lengths before; what is left over at the end of a row or of the channels goes through the
//! portable definitions, or through a few numbers beside the operands, so that nothing outside is read or written.
#![allow(unsafe_code)]

use super::{Arch, PairedPanel, PairedWindow, Portable, portable};
use crate::kernels::QlinearAdd;
use crate::paired::{Grouping, ROWS, STEP, limit, packed_words, parameters_len};
use core::arch::global_asm;

// The assembler takes the instructions of the target triple, to which DSP does not belong on Armv8-M Mainline.
#[cfg(cortex_m_mainline)]
global_asm!(".cpu cortex-m33");
global_asm!(include_str!("paired.s"), options(raw));
global_asm!(include_str!("depthwise.s"), options(raw));
global_asm!(include_str!("add.s"), options(raw));

type Rows = unsafe extern "C" fn(*const u32, *const u32, *const i32, *const u32, *mut i8, *mut i8, *mut i8, usize, i32);
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

unsafe extern "C" {
    fn edgec_widen_three(u: *const i8, v: *const i8, w: *const i8, words: *mut u32, eights: usize);
    fn edgec_widen(row: *const i8, words: *mut u32, eights: usize, step: usize);
    fn edgec_add(
        a: *const i8,
        b: *const i8,
        y: *mut i8,
        fours: usize,
        a_multiplier: i32,
        b_multiplier: i32,
        constant: i32,
        shift: u32,
    );
    fn edgec_copy_rows(from: *const i8, to: *mut i8, bytes: usize, rows: usize, from_step: usize, to_step: usize);
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
    fn widen_rows(rows: [&[i8]; ROWS], words: &mut [u32]) {
        widen_rows(rows, words);
    }

    #[inline(always)]
    fn copy_rows(x: (&[i8], usize), y: (&mut [i8], usize), bytes: usize, rows: usize) {
        copy_rows(x, y, bytes, rows);
    }

    #[inline(always)]
    fn paired_rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
        rows(panel, words, y, starts);
    }

    #[inline(always)]
    fn paired_row(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8]) {
        row(panel, words, y);
    }

    #[inline(always)]
    fn add(layer: QlinearAdd, a: &[i8], b: &[i8], y: &mut [i8]) {
        let fours = y.len().min(a.len()).min(b.len()) / 4;
        if fours != 0 {
            // SAFETY: reads 4 * fours bytes of both operands and writes as many of `y`, which all have.
            unsafe { sums(layer, a.as_ptr(), b, y.as_mut_ptr(), fours) };
        }
        let rest = y.iter_mut().zip(a).zip(b).skip(4 * fours);
        rest.for_each(|((y, a), b)| *y = layer.limited(*a, *b));
        limit([layer.min, layer.max], y);
    }

    #[inline(always)]
    fn add_in_place(layer: QlinearAdd, b: &[i8], y: &mut [i8]) {
        let fours = y.len().min(b.len()) / 4;
        if fours != 0 {
            let to = y.as_mut_ptr();
            // SAFETY: as in `add`; every four bytes of `y` are read before they are written.
            unsafe { sums(layer, to, b, to, fours) };
        }
        let rest = y.iter_mut().zip(b).skip(4 * fours);
        rest.for_each(|(y, b)| *y = layer.limited(*y, *b));
        limit([layer.min, layer.max], y);
    }

    #[inline(always)]
    fn paired_window(window: PairedWindow<'_>, y: &mut [i8]) {
        taps(&window, y);
    }
}

/// Sums limited to an `i8` alone.
///
/// # Safety
/// 4 * fours bytes can be read at `a` and written at `y`, and `b` has as many.
unsafe fn sums(layer: QlinearAdd, a: *const i8, b: &[i8], y: *mut i8, fours: usize) {
    let QlinearAdd {
        a_multiplier,
        b_multiplier,
        constant,
        shift,
        ..
    } = layer;
    // SAFETY: what the caller promises.
    unsafe {
        edgec_add(
            a,
            b.as_ptr(),
            y,
            fours,
            a_multiplier,
            b_multiplier,
            constant,
            shift & 31,
        )
    };
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
fn widen_rows([u, v, w]: [&[i8]; ROWS], words: &mut [u32]) {
    let len = u.len();
    let eights = len / 8;
    if eights != 0 && v.len() >= len && w.len() >= len && words.len() >= 2 * STEP * eights {
        // SAFETY: reads 8 * eights bytes of all rows, which have as many, and writes twelve words for each eight.
        unsafe { edgec_widen_three(u.as_ptr(), v.as_ptr(), w.as_ptr(), words.as_mut_ptr(), eights) };
    }
    if len % 8 != 0 {
        for (row, x) in [u, v, w].into_iter().enumerate() {
            let (x, words) = (x.get(8 * eights..len), words.get_mut(2 * STEP * eights + 2 * row..));
            portable::paired::widen(x.unwrap_or_default(), words.unwrap_or_default(), STEP);
        }
    }
}

#[inline(never)]
fn copy_rows((x, x_step): (&[i8], usize), (y, y_step): (&mut [i8], usize), bytes: usize, rows: usize) {
    let last = rows.saturating_sub(1);
    if rows != 0 && x.len() >= last * x_step + bytes && y.len() >= last * y_step + bytes {
        // SAFETY: reads and writes `bytes` at each of `rows` places on both sides, which both slices have.
        unsafe { edgec_copy_rows(x.as_ptr(), y.as_mut_ptr(), bytes, rows, x_step, y_step) };
    }
}

#[inline(never)]
fn rows(panel: PairedPanel<'_>, words: &[u32], y: &mut [i8], starts: [usize; ROWS]) {
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
        // SAFETY: reads six words of inputs and two of weights for each quad, and four parameters for each pair; writes two
        // numbers per pair at all three places. All of it is inside of the slices, as checked above; places may be equal.
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
        // SAFETY: as above, for one pair, whose weights and parameters were packed whole; `last` has room for two results of
        // each row.
        unsafe { three_rows(words, w, parameters, end, y0, y1, y2, 1, zero) };
        for (start, last) in starts.into_iter().zip(last.as_chunks::<2>().0) {
            if let Some(y) = y.get_mut(start + channels - 1) {
                *y = last[0];
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
        channels,
        x_step,
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
    let quads = channels / 4;
    let positions = y.len().checked_div(channels).unwrap_or(0);
    let last = rows.saturating_sub(1);
    let fits = quads != 0
        && rows != 0
        && taps != 0
        && positions != 0
        && x.len() >= (positions - 1) * x_step + last * row_step + (taps - 1) * tap_step + 4 * quads
        && w.len() >= (quads - 1) * weight_quad + last * weight_row + 2 * taps
        && parameters.len() >= 8 * quads;
    if !fits {
        return portable::paired::window(*window, y, 0);
    }
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
    let (mut from, mut to) = (x.as_ptr(), y.as_mut_ptr());
    for _ in 0..positions {
        // SAFETY: reads four bytes at each tap of each quad of channels, two words of weights for them, and eight parameters
        // per quad; writes four numbers per quad from `to` on. All of it is inside of the slices, as checked above for the
        // last position, and `to` for each chunk of `channels`.
        unsafe {
            function(
                from,
                w.as_ptr(),
                parameters.as_ptr(),
                to,
                to.wrapping_add(4 * quads),
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
        (from, to) = (from.wrapping_add(x_step), to.wrapping_add(channels));
    }
    if channels % 4 != 0 {
        portable::paired::window(*window, y, 4 * quads);
    }
}
