//! The definition of the micro-kernels of depthwise convolutions, for any layout.

use crate::arch::TapWindow;
use crate::upper_word::rescaled;

/// Neighbouring positions, from channel `first` on. `parameters` are the bias and the multiplier of a channel, the bias
/// without the products of the zero point; `weight` is that of a channel, a row and a tap of the window.
#[inline(always)]
pub(super) fn window<W>(
    window: &TapWindow<'_, W>,
    y: &mut [i8],
    first: usize,
    parameters: impl Fn(usize) -> [i32; 2],
    weight: impl Fn(usize, usize, usize) -> i32,
) {
    for (position, y) in y.chunks_exact_mut(window.channels.max(1)).enumerate() {
        let x = window.x.get(position * window.x_step..).unwrap_or_default();
        for (c, y) in y.iter_mut().enumerate().skip(first) {
            let [mut sum, multiplier] = parameters(c);
            for row in 0..window.rows {
                for tap in 0..window.taps {
                    let x = x.get(row * window.row_step + tap * window.tap_step + c);
                    let x = i32::from(x.copied().unwrap_or_default()) - window.outside;
                    sum = sum.wrapping_add(x.wrapping_mul(weight(c, row, tap)));
                }
            }
            *y = rescaled(sum, multiplier, window.zero);
        }
    }
}

/// The weight of a channel, a row and a tap, where they are bytes of `WIDTH` channels at a time.
#[inline(always)]
pub(super) fn byte<'w, const WIDTH: usize>(
    window: &TapWindow<'w, i8>,
) -> impl Fn(usize, usize, usize) -> i32 + use<'w, WIDTH> {
    let TapWindow {
        w,
        weight_row,
        weight_quad,
        ..
    } = *window;
    move |c, row, tap| {
        let at = c / WIDTH * weight_quad + row * weight_row + WIDTH * tap + c % WIDTH;
        w.get(at).copied().unwrap_or_default().into()
    }
}
