//! Depthwise convolutions by assembler that computes one position, so many channels a turn.
#![allow(unsafe_code)]

use super::TapWindow;

/// What the assembler reads, and counts with: the operands of one position.
#[repr(C)]
#[derive(Clone, Copy)]
pub(super) struct Taps {
    w: *const i8,
    /// From the biases on that the function starts with.
    parameters: *const i32,
    groups: usize,
    rows: usize,
    taps: usize,
    tap_step: usize,
    /// Inputs, and weights, from behind the last tap of a row to the first of the next.
    row_gap: usize,
    weight_gap: usize,
    weight_group: usize,
    minus_zero: i32,
    zero: i32,
    /// Bytes from the biases that the function starts with to the multipliers.
    multipliers: usize,
}

/// Computes one position: inputs, outputs, and the other operands.
pub(super) type Position = unsafe extern "C" fn(x: *const i8, y: *mut i8, taps: *mut Taps);

/// The functions of an instruction set.
pub(super) struct Positions {
    /// Channels that they compute a turn. They read three times as many parameters.
    pub(super) width: usize,
    /// All taps of the kernel, with biases that are corrected for the zero point of the inputs.
    pub(super) all: Position,
    /// Some of them: the zero point is taken off each input.
    pub(super) some: Position,
}

impl Positions {
    /// Computes the channels of whole turns at all positions, and says how many they are: none if an operand is too
    /// short or there is no tap.
    ///
    /// # Safety
    /// Both functions read `width` inputs and weights at each tap of each turn, and `3 * width` parameters of a turn;
    /// they write `width` outputs of each turn, one after the other, and to `taps`, and nothing else.
    #[inline(always)]
    pub(super) unsafe fn run(&self, window: &TapWindow<'_, i8>, y: &mut [i8]) -> usize {
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
            whole,
            outside,
            zero,
        } = *window;
        let Self { width, all, some } = *self;
        let groups = channels / width;
        let positions = y.len().checked_div(channels).unwrap_or(0);
        let last = rows.saturating_sub(1);
        let fits = groups != 0
            && rows != 0
            && taps != 0
            && positions != 0
            && x.len() >= (positions - 1) * x_step + last * row_step + (taps - 1) * tap_step + width * groups
            && w.len() >= (groups - 1) * weight_quad + last * weight_row + width * taps
            && parameters.len() >= 3 * width * groups;
        if !fits {
            return 0;
        }
        let biases = if whole { 0 } else { width };
        let operands = Taps {
            w: w.as_ptr(),
            parameters: parameters.as_ptr().wrapping_add(biases),
            groups,
            rows,
            taps,
            tap_step,
            row_gap: row_step.wrapping_sub(taps * tap_step),
            weight_gap: weight_row.wrapping_sub(width * taps),
            weight_group: weight_quad,
            minus_zero: outside.wrapping_neg(),
            zero,
            multipliers: 4 * (2 * width - biases),
        };
        let function = if whole { all } else { some };
        for position in 0..positions {
            let from = x.as_ptr().wrapping_add(position * x_step);
            let to = y.as_mut_ptr().wrapping_add(position * channels);
            // SAFETY: what the function reads and writes, as the caller promises, is inside of the slices, as checked
            // above for the last position, and `to` for each chunk of `channels`.
            unsafe { function(from, to, &mut { operands }) };
        }
        width * groups
    }
}
