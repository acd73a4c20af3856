use super::body::{Body, compute};
use super::depthwise_conv2d::DepthwiseConv2d;
use super::window::{Window, whole};
use crate::Simd;
use crate::arch::{Arch, PairedWindow};
use crate::paired::{depthwise_words, limit};
use crate::requantize::Requantize;

/// The operands of [`qlinear_depthwise_conv2d_paired`].
struct Operands<'a> {
    x: &'a [i8],
    w: &'a [u32],
    parameters: &'a [i32],
    y: &'a mut [i8],
}

impl Body<Operands<'_>> for DepthwiseConv2d<Requantize> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'_>) {
        let Self {
            batch,
            input: [ih, iw, channels],
            output: [oh, ow, _],
            kernel: [kh, kw],
            strides,
            dilations,
            pads,
            activation,
        } = self;
        let image = ih.saturating_mul(iw).saturating_mul(channels);
        let positions = oh.saturating_mul(ow);
        let (Some(x), Some(w), Some(y)) = (
            operands.x.get(..batch.saturating_mul(image)),
            operands.w.get(..depthwise_words(channels, kh.saturating_mul(kw))),
            operands
                .y
                .get_mut(..batch.saturating_mul(positions).saturating_mul(channels)),
        ) else {
            debug_assert!(false, "qlinear_depthwise_conv2d_paired: an operand is too short");
            return;
        };
        if channels == 0 {
            return;
        }
        let window = |axis: usize, place| {
            let axis = axis & 1;
            let (stride, pad, dilation) = (strides[axis], pads[axis], dilations[axis]);
            Window::new(place, stride, pad, self.kernel[axis], dilation, self.input[axis])
        };
        // Columns whose taps are all inside of the image are computed together.
        let together = whole(ow, |ox| window(1, ox));
        let mut rest = &mut *y;
        for n in 0..batch {
            let Some(x) = x.get(n * image..(n + 1) * image) else {
                return;
            };
            for oy in 0..oh {
                let vertical = window(0, oy);
                let (iy, rows, _) = vertical.inside();
                let mut ox = 0;
                while ox < ow {
                    let positions = if ox == together.start { together.len().max(1) } else { 1 };
                    let Some((y, others)) = core::mem::take(&mut rest).split_at_mut_checked(positions * channels)
                    else {
                        return;
                    };
                    rest = others;
                    let horizontal = window(1, ox);
                    let (ix, taps, _) = horizontal.inside();
                    let start = iy.wrapping_mul(iw).wrapping_add(ix).wrapping_mul(channels);
                    let first = vertical.skipped() * kw + horizontal.skipped();
                    A::paired_window(
                        PairedWindow {
                            x: x.get(start..).unwrap_or_default(),
                            channels,
                            x_step: strides[1] * channels,
                            w: w.get(2 * first..).unwrap_or_default(),
                            parameters: operands.parameters,
                            rows,
                            taps,
                            tap_step: dilations[1] * channels,
                            row_step: dilations[0] * iw * channels,
                            weight_row: 2 * kw,
                            weight_quad: 2 * kh * kw,
                            outside: activation.outside,
                            zero: activation.zero,
                        },
                        y,
                    );
                    ox += positions;
                }
            }
        }
        limit([activation.min, activation.max], y);
    }
}

/// ONNX `QLinearConv` with one filter per channel, its weights as halfwords: `x` is `[batch, ih, iw, c]`, `y` is
/// `[batch, oh, ow, c]`. `w` is packed by [`pack_depthwise`](crate::paired::pack_depthwise), `parameters` by
/// [`pack_depthwise_parameters`](crate::paired::pack_depthwise_parameters), from biases as they are. The shift is
/// [`SHIFT`](crate::paired::SHIFT).
#[inline(always)]
pub fn qlinear_depthwise_conv2d_paired(
    simd: Simd,
    layer: DepthwiseConv2d<Requantize>,
    x: &[i8],
    w: &[u32],
    parameters: &[i32],
    y: &mut [i8],
) {
    compute(simd, layer, Operands { x, w, parameters, y })
}
