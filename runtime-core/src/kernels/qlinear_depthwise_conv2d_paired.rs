use super::body::{Body, compute_shared};
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

/// The operands of [`qlinear_depthwise_conv2d_paired`].
struct Widening<'a> {
    x: &'a [i8],
    w: &'a [i8],
    parameters: &'a [i32],
    y: &'a mut [i8],
    scratch: &'a mut [u32],
}

impl Body<Widening<'_>> for &DepthwiseConv2d<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Widening<'_>) {
        let Widening {
            x,
            w,
            parameters,
            y,
            scratch,
        } = operands;
        // Every position reads the weights: they are widened before.
        A::widen(w, scratch, 2);
        let operands = Operands::<Halfwords> {
            x,
            w: scratch,
            parameters,
            y,
        };
        self.body::<A>(operands);
    }
}

/// ONNX `QLinearConv` with one filter per channel, on halfwords: `x` is `[batch, ih, iw, c]`, `y` is `[batch, oh, ow,
/// c]`. `w` is packed by [`pack_depthwise`](crate::paired::pack_depthwise), `parameters` by
/// [`pack_depthwise_parameters`](crate::paired::pack_depthwise_parameters), from biases as they are. `scratch` has
/// [`depthwise_words`]. The shift is [`SHIFT`](crate::upper_word::SHIFT).
#[inline(always)]
pub fn qlinear_depthwise_conv2d_paired(
    simd: Simd,
    layer: &DepthwiseConv2d<Requantize>,
    x: &[i8],
    w: &[i8],
    parameters: &[i32],
    y: &mut [i8],
    scratch: &mut [u32],
) {
    compute_shared(
        simd,
        layer,
        Widening {
            x,
            w,
            parameters,
            y,
            scratch,
        },
    )
}
