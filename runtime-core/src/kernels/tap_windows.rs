//! The walk of depthwise convolutions of 8-bit integers: positions that have the same taps inside of the image are
//! computed together.

use super::body::Body;
use super::depthwise_conv2d::DepthwiseConv2d;
use super::window::{taps, whole};
use crate::arch::{Arch, TapWindow};
use crate::requantize::Requantize;
use crate::upper_word::limit;

/// The operands of a depthwise convolution whose weights are in a layout.
pub(super) struct Operands<'a, L: Layout> {
    pub(super) x: &'a [i8],
    pub(super) w: &'a [L::Weight],
    pub(super) parameters: &'a [i32],
    pub(super) y: &'a mut [i8],
}

/// How the weights of a depthwise convolution are stored: for so many channels at a time, tap by tap.
pub(super) trait Layout {
    /// What weights are stored as.
    type Weight: Copy;

    /// Weights of a tap.
    const OF_TAP: usize;

    /// Weights in all.
    fn len(channels: usize, taps: usize) -> usize;

    /// Computes neighbouring positions.
    fn window<A: Arch>(window: TapWindow<'_, Self::Weight>, y: &mut [i8]);
}

impl<L: Layout> Body<Operands<'_, L>> for &DepthwiseConv2d<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'_, L>) {
        let Operands { x, w, parameters, y } = operands;
        let ([_, _, channels], [kh, kw]) = (self.input, self.kernel);
        let taps = kh.saturating_mul(kw);
        let Some(w) = w.get(..L::len(channels, taps)) else {
            debug_assert!(false, "qlinear_depthwise_conv2d: an operand is too short");
            return;
        };
        for_each_window(self, x, y, |place, y| {
            let window = TapWindow {
                w: w.get(L::OF_TAP * place.first..).unwrap_or_default(),
                parameters,
                weight_row: L::OF_TAP * kw,
                weight_quad: L::OF_TAP * taps,
                ..place.window(self)
            };
            L::window::<A>(window, y);
        });
        let Requantize { min, max, .. } = self.activation;
        limit([min, max], y);
    }
}

/// The taps of neighbouring positions that are inside of the image.
struct Place<'a> {
    /// Inputs from the first of these taps on.
    x: &'a [i8],
    /// The index of the first of these taps in the kernel.
    first: usize,
    rows: usize,
    taps: usize,
}

impl<'a> Place<'a> {
    /// The window of these taps, except its weights and parameters.
    #[inline(always)]
    fn window<W>(&self, layer: &DepthwiseConv2d<Requantize>) -> TapWindow<'a, W> {
        let [_, iw, channels] = layer.input;
        TapWindow {
            x: self.x,
            channels,
            x_step: layer.strides[1] * channels,
            w: &[],
            parameters: &[],
            rows: self.rows,
            taps: self.taps,
            tap_step: layer.dilations[1] * channels,
            row_step: layer.dilations[0] * iw * channels,
            weight_row: 0,
            weight_quad: 0,
            whole: [self.rows, self.taps] == layer.kernel,
            outside: layer.activation.outside,
            zero: layer.activation.zero,
        }
    }
}

/// Calls `each` with the taps and the outputs of neighbouring positions, until all are computed.
#[inline(always)]
fn for_each_window<'a>(
    layer: &DepthwiseConv2d<Requantize>,
    x: &'a [i8],
    y: &mut [i8],
    mut each: impl FnMut(Place<'a>, &mut [i8]),
) {
    let ([ih, iw, channels], [oh, ow, _]) = (layer.input, layer.output);
    let image = ih.saturating_mul(iw).saturating_mul(channels);
    let outputs = layer
        .batch
        .saturating_mul(oh)
        .saturating_mul(ow)
        .saturating_mul(channels);
    let (Some(x), Some(y)) = (x.get(..layer.batch.saturating_mul(image)), y.get_mut(..outputs)) else {
        debug_assert!(false, "qlinear_depthwise_conv2d: an operand is too short");
        return;
    };
    if channels == 0 {
        return;
    }
    let axis = |axis: usize| {
        let axis = axis & 1;
        let (stride, pad, dilation) = (layer.strides[axis], layer.pads[axis], layer.dilations[axis]);
        [stride, pad, layer.kernel[axis], dilation, layer.input[axis]]
    };
    let [rows, columns] = [axis(0), axis(1)];
    // Columns whose taps are all inside of the image are computed together.
    let together = whole(ow, columns);
    let inside = taps(together.start, columns);
    let mut rest = y;
    for n in 0..layer.batch {
        let Some(x) = x.get(n * image..(n + 1) * image) else {
            return;
        };
        for oy in 0..oh {
            let vertical = taps(oy, rows);
            let mut ox = 0;
            while ox < ow {
                let (positions, horizontal) = if ox == together.start {
                    (together.len().max(1), inside)
                } else {
                    (1, taps(ox, columns))
                };
                let Some((y, others)) = core::mem::take(&mut rest).split_at_mut_checked(positions * channels) else {
                    return;
                };
                rest = others;
                let first = vertical.first.wrapping_mul(iw).wrapping_add(horizontal.first);
                let place = Place {
                    x: x.get(first.wrapping_mul(channels)..).unwrap_or_default(),
                    first: vertical.skipped * layer.kernel[1] + horizontal.skipped,
                    rows: vertical.count,
                    taps: horizontal.count,
                };
                each(place, y);
                ox += positions;
            }
        }
    }
}
