use super::body::compute;
use super::depthwise_conv2d::DepthwiseConv2d;
use super::tap_windows::{Layout, Operands};
use crate::Simd;
use crate::arch::{Arch, TapWindow};
use crate::paired::depthwise_words;
use crate::requantize::Requantize;

/// Halfwords, of four channels at a time.
struct Halfwords;

impl Layout for Halfwords {
    type Weight = u32;
    const OF_TAP: usize = 2;

    #[inline(always)]
    fn len(channels: usize, taps: usize) -> usize {
        depthwise_words(channels, taps)
    }

    #[inline(always)]
    fn window<A: Arch>(window: TapWindow<'_, u32>, y: &mut [i8]) {
        A::paired_window(window, y);
    }
}

/// ONNX `QLinearConv` with one filter per channel, its weights as halfwords: `x` is `[batch, ih, iw, c]`, `y` is
/// `[batch, oh, ow, c]`. `w` is packed by [`pack_depthwise`](crate::paired::pack_depthwise), `parameters` by
/// [`pack_depthwise_parameters`](crate::paired::pack_depthwise_parameters), from biases as they are. The shift is
/// [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_depthwise_conv2d_paired(
    simd: Simd,
    layer: DepthwiseConv2d<Requantize>,
    x: &[i8],
    w: &[u32],
    parameters: &[i32],
    y: &mut [i8],
) {
    compute(simd, layer, Operands::<Halfwords> { x, w, parameters, y })
}
