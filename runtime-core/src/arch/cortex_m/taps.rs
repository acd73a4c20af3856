//! Depthwise convolutions.

use crate::arch::{TapWindow, portable};

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
taps!(edgec_taps_3x3, edgec_taps_2, edgec_taps_3, edgec_taps);

#[inline(never)]
pub(super) fn taps(window: &TapWindow<'_, u32>, y: &mut [i8]) {
    let TapWindow {
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
        ..
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
        return plain(window, y, 0);
    }
    let (from, to, w, minus_zero) = (
        x.as_ptr(),
        y.as_mut_ptr(),
        w.as_ptr(),
        (outside.wrapping_neg() as u16 as u32) * 0x1_0001,
    );
    let (parameters, end) = (parameters.as_ptr(), to.wrapping_add(4 * quads));
    // The first goes through all positions by itself. The last counts its steps from behind the last tap of a row.
    let rows_of = |row_step, weight_row| (row_step, [rows, taps, 4 * weight_row, 4 * weight_quad], positions);
    let (function, (row_step, sizes, calls)): (Taps, _) = match [rows, taps, weight_row, weight_quad] {
        [3, 3, 6, 18] => {
            let sizes = [positions, x_step, channels - 4 * quads, channels];
            (edgec_taps_3x3, (row_step, sizes, 1))
        }
        [_, 2, ..] => (edgec_taps_2, rows_of(row_step, weight_row)),
        [_, 3, ..] => (edgec_taps_3, rows_of(row_step, weight_row)),
        _ => {
            let weight_row = weight_row.wrapping_sub(2 * taps);
            (edgec_taps, rows_of(row_step.wrapping_sub(taps * tap_step), weight_row))
        }
    };
    let [first, second, third, fourth] = sizes;
    for call in 0..calls {
        let from = from.wrapping_add(call * x_step);
        let [to, end] = [to, end].map(|y| y.wrapping_add(call * channels));
        // SAFETY: reads four bytes at each tap of each quad of channels, two words of weights for them, and eight
        // parameters per quad; writes four numbers per quad from `to` on, the first function for all positions. All of
        // it is inside of the slices, as checked above for the last position, and `to` for each chunk of `channels`.
        unsafe {
            function(
                from, w, parameters, to, end, minus_zero, tap_step, row_step, zero, first, second, third, fourth,
            )
        };
    }
    rest(window, y);
}

/// The channels behind the last whole quad.
#[inline(always)]
fn rest(window: &TapWindow<'_, u32>, y: &mut [i8]) {
    if window.channels % 4 != 0 {
        plain(window, y, window.channels / 4 * 4);
    }
}

/// The definition, from channel `first` on: for what is left over.
#[inline(never)]
fn plain(window: &TapWindow<'_, u32>, y: &mut [i8], first: usize) {
    portable::paired::window(*window, y, first);
}
