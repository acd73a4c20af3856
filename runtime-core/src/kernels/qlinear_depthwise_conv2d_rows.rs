use super::body::compute_shared;
use super::depthwise_conv2d::DepthwiseConv2d;
use super::tap_windows::{Layout, Operands};
use crate::Simd;
use crate::arch::{Arch, TapWindow};
use crate::requantize::Requantize;
use crate::rows::{EIGHT, depthwise_len};

/// Bytes, of eight channels at a time.
struct Eights;

impl Layout for Eights {
    type Weight = i8;
    const OF_TAP: usize = EIGHT;

    #[inline(always)]
    fn len(channels: usize, taps: usize) -> usize {
        depthwise_len(channels, taps)
    }

    #[inline(always)]
    fn window<A: Arch>(window: TapWindow<'_, i8>, y: &mut [i8]) {
        A::rows_window(window, y);
    }
}

/// ONNX `QLinearConv` with one filter per channel, its weights in eights of channels: `x` is `[batch, ih, iw, c]`, `y`
/// is `[batch, oh, ow, c]`. `w` is packed by [`pack_depthwise`](crate::rows::pack_depthwise), `parameters` by
/// [`pack_depthwise_parameters`](crate::rows::pack_depthwise_parameters). The shift is
/// [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_depthwise_conv2d_rows(
    simd: Simd,
    layer: &DepthwiseConv2d<Requantize>,
    x: &[i8],
    w: &[i8],
    parameters: &[i32],
    y: &mut [i8],
) {
    compute_shared(simd, layer, Operands::<Eights> { x, w, parameters, y })
}
