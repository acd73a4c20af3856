use super::body::{Body, compute};
use super::depthwise_conv2d::DepthwiseConv2d;
use super::tap_windows::for_each_window;
use crate::Simd;
use crate::arch::{Arch, TapWindow};
use crate::interleaved::{WIDTH, depthwise_len};
use crate::requantize::Requantize;
use crate::upper_word::limit;

/// The operands of [`qlinear_depthwise_conv2d_interleaved`].
struct Operands<'a> {
    x: &'a [i8],
    w: &'a [i8],
    parameters: &'a [i32],
    y: &'a mut [i8],
}

impl Body<Operands<'_>> for DepthwiseConv2d<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'_>) {
        let Operands { x, w, parameters, y } = operands;
        let ([_, _, channels], [kh, kw]) = (self.input, self.kernel);
        let taps = kh.saturating_mul(kw);
        let Some(w) = w.get(..depthwise_len(channels, taps)) else {
            debug_assert!(false, "qlinear_depthwise_conv2d_interleaved: an operand is too short");
            return;
        };
        for_each_window(&self, x, y, |place, y| {
            let window = TapWindow {
                w: w.get(WIDTH * place.first..).unwrap_or_default(),
                parameters,
                weight_row: WIDTH * kw,
                weight_quad: WIDTH * taps,
                ..place.window(&self)
            };
            A::interleaved_window(window, y);
        });
        let Requantize { min, max, .. } = self.activation;
        limit([min, max], y);
    }
}

/// ONNX `QLinearConv` with one filter per channel, its weights in fours of channels: `x` is `[batch, ih, iw, c]`, `y`
/// is `[batch, oh, ow, c]`. `w` is packed by [`pack_depthwise`](crate::interleaved::pack_depthwise), `parameters` by
/// [`pack_depthwise_parameters`](crate::interleaved::pack_depthwise_parameters). The shift is
/// [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_depthwise_conv2d_interleaved(
    simd: Simd,
    layer: DepthwiseConv2d<Requantize>,
    x: &[i8],
    w: &[i8],
    parameters: &[i32],
    y: &mut [i8],
) {
    compute(simd, layer, Operands { x, w, parameters, y })
}
