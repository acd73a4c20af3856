use super::body::compute_shared;
use super::depthwise_conv2d::DepthwiseConv2d;
use super::tap_windows::{Layout, Operands};
use crate::Simd;
use crate::arch::{Arch, TapWindow};
use crate::interleaved::{WIDTH, depthwise_len};
use crate::requantize::Requantize;

/// Bytes, of four channels at a time.
struct Fours;

impl Layout for Fours {
    type Weight = i8;
    const OF_TAP: usize = WIDTH;

    #[inline(always)]
    fn len(channels: usize, taps: usize) -> usize {
        depthwise_len(channels, taps)
    }

    #[inline(always)]
    fn window<A: Arch>(window: TapWindow<'_, i8>, y: &mut [i8]) {
        A::interleaved_window(window, y);
    }
}

/// ONNX `QLinearConv` with one filter per channel, its weights in fours of channels: `x` is `[batch, ih, iw, c]`, `y`
/// is `[batch, oh, ow, c]`. `w` is packed by [`pack_depthwise`](crate::interleaved::pack_depthwise), `parameters` by
/// [`pack_depthwise_parameters`](crate::interleaved::pack_depthwise_parameters). The shift is
/// [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_depthwise_conv2d_interleaved(
    simd: Simd,
    layer: &DepthwiseConv2d<Requantize>,
    x: &[i8],
    w: &[i8],
    parameters: &[i32],
    y: &mut [i8],
) {
    compute_shared(simd, layer, Operands::<Fours> { x, w, parameters, y })
}
