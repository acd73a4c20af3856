//! Products of rows of inputs and rows of weights.

use crate::arch::RowsPanel;
use crate::rows::ROWS;

unsafe extern "C" {
    fn edgec_four_rows(
        x: *const *const i8,
        w: *const i8,
        parameters: *const i32,
        y: *mut *mut i8,
        inputs: usize,
        channels: usize,
        zero: i32,
    );
    fn edgec_one_row_of(
        x: *const i8,
        w: *const i8,
        parameters: *const i32,
        y: *mut i8,
        inputs: usize,
        fours: usize,
        zero: i32,
    );
}

/// Whether a product has an input, and the panel all of its weights and parameters.
fn is_whole(panel: &RowsPanel<'_>) -> bool {
    panel.inputs != 0
        && panel.channels != 0
        && panel.w.len() >= panel.channels * panel.inputs
        && panel.parameters.len() >= 2 * panel.channels
}

#[inline(never)]
pub(super) fn rows(panel: RowsPanel<'_>, x: &[i8], from: [usize; ROWS], y: &mut [i8], starts: [usize; ROWS]) {
    let RowsPanel {
        w,
        parameters,
        inputs,
        channels,
        zero,
    } = panel;
    let fits = is_whole(&panel)
        && from.iter().all(|from| x.len() >= from + inputs)
        && starts.iter().all(|start| y.len() >= start + channels);
    if fits {
        let begin = y.as_mut_ptr();
        let x = from.map(|from| x.as_ptr().wrapping_add(from));
        let mut y = starts.map(|start| begin.wrapping_add(start));
        let (w, parameters) = (w.as_ptr(), parameters.as_ptr());
        // SAFETY: reads `inputs` bytes from each of the four places in `x` and for each channel from `w`, and two
        // parameters per channel; writes `channels` bytes at each of the four places in `y`. All of it is inside of the
        // slices, as checked above; places may be equal.
        unsafe { edgec_four_rows(x.as_ptr(), w, parameters, y.as_mut_ptr(), inputs, channels, zero) };
    }
}

#[inline(never)]
pub(super) fn row(panel: RowsPanel<'_>, x: &[i8], y: &mut [i8]) {
    let RowsPanel {
        w,
        parameters,
        inputs,
        channels,
        zero,
    } = panel;
    if !is_whole(&panel) || x.len() < inputs || y.len() < channels {
        return;
    }
    let fours = channels / 4;
    if fours != 0 {
        let (x, w, parameters) = (x.as_ptr(), w.as_ptr(), parameters.as_ptr());
        // SAFETY: reads `inputs` bytes of `x` and for each channel of `w`, and two parameters per channel, and writes
        // four bytes per four channels. All of it is inside of the slices, as checked above.
        unsafe { edgec_one_row_of(x, w, parameters, y.as_mut_ptr(), inputs, fours, zero) };
    }
    if channels % 4 != 0 {
        // The same row four times.
        let rest = RowsPanel {
            w: w.get(4 * fours * inputs..).unwrap_or_default(),
            parameters: parameters.get(8 * fours..).unwrap_or_default(),
            channels: channels % 4,
            ..panel
        };
        rows(rest, x, [0; ROWS], y, [4 * fours; ROWS]);
    }
}
