use super::finish::{Activate, Finish, Input, Nothing, Rescale, Sum, Weight};
use super::tile::Windows;
use crate::arch::{Arch, DepthwiseFloats, DepthwiseRow, Kernel, portable};
use crate::function::Function;
use crate::numbers::Numbers;
use crate::packed::Packed;
use crate::requantize::{Quantized, Requantize};
use crate::unrolled::unrolled;
use crate::{Param, Simd};
use core::marker::PhantomData;
use core::ops::Range;

/// ONNX `Conv` over two axes with one filter per channel (as many groups as input and output channels), channels-last.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DepthwiseConv2d<F> {
    /// Images in the batch.
    pub batch: usize,
    /// Height, width and channels of an input image.
    pub input: [usize; 3],
    /// Height, width and channels of an output image; as many channels as the input has.
    pub output: [usize; 3],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Input rows and columns between neighbouring outputs.
    pub strides: [usize; 2],
    /// Input rows and columns between neighbouring taps of the kernel.
    pub dilations: [usize; 2],
    /// Rows of zeros above the image and columns of zeros to its left; `output` implies those below and to the right.
    pub pads: [usize; 2],
    /// Applied to every output.
    pub activation: F,
}

impl<F> DepthwiseConv2d<F> {
    /// The same layer with another activation.
    pub fn with_activation<G>(self, activation: G) -> DepthwiseConv2d<G> {
        DepthwiseConv2d {
            batch: self.batch,
            input: self.input,
            output: self.output,
            kernel: self.kernel,
            strides: self.strides,
            dilations: self.dilations,
            pads: self.pads,
            activation,
        }
    }
}

impl<F> DepthwiseConv2d<F> {
    /// The operands of a row of outputs of floats.
    #[inline(always)]
    fn floats<'a>(&self, oy: usize, x: &'a [f32], w: &'a [f32], bias: &'a [f32]) -> DepthwiseFloats<'a> {
        DepthwiseFloats {
            input: self.input,
            kernel: self.kernel,
            strides: self.strides,
            dilations: self.dilations,
            pads: self.pads,
            oy,
            x,
            w,
            bias,
        }
    }
}

struct Convolve<'a, P, F: Copy, E: Finish<F>, W> {
    layer: P,
    x: &'a [Input<E, F>],
    w: &'a [W],
    end: E,
    y: &'a mut [E::Y],
}

/// One row of outputs.
struct Row<'a, F: Copy, E: Finish<F>, W: Packed> {
    layer: DepthwiseConv2d<F>,
    /// The image.
    x: &'a [Input<E, F>],
    w: &'a [W],
    end: E,
    y: &'a mut [E::Y],
    oy: usize,
    /// Where the row is in `y`.
    at: usize,
}

impl<'a, P, F: Copy, E: Finish<F>, W> Kernel for Convolve<'a, P, F, E, W>
where
    P: Param<DepthwiseConv2d<F>>,
    W: Packed<Number = Weight<E, F>>,
{
    type Shared = Convolve<'a, DepthwiseConv2d<F>, F, E, W>;

    #[inline(always)]
    fn shared(self) -> Self::Shared {
        let Self { layer, x, w, end, y } = self;
        Convolve {
            layer: layer.get(),
            x,
            w,
            end,
            y,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let layer = self.layer.get();
        let ([ih, iw, c], [oh, ow, _], [kh, kw]) = (layer.input, layer.output, layer.kernel);
        let image = ih.saturating_mul(iw).saturating_mul(c);
        let outputs = layer.batch.saturating_mul(oh).saturating_mul(ow).saturating_mul(c);
        let (Some(x), Some(w), Some(y), true, true) = (
            self.x.get(..layer.batch.saturating_mul(image)),
            self.w.get(..kh.saturating_mul(kw).saturating_mul(c).div_ceil(W::COUNT)),
            self.y.get_mut(..outputs),
            self.end.covers(c, outputs),
            layer.output[2] == c,
        ) else {
            debug_assert!(false, "depthwise_conv2d: an operand does not fit");
            return;
        };
        for n in 0..layer.batch {
            let Some(x) = x.get(n * image..(n + 1) * image) else {
                return;
            };
            for oy in 0..oh {
                let at = (n * oh + oy) * ow * c;
                if row_of_bytes::<A, F, E, W>(&layer, self.end, oy, (x, w), y.get_mut(at..at + ow * c)) {
                    continue;
                }
                if A::MANY && E::FLOATS && W::IS_F32 {
                    row_of_floats::<A, F, E, W>(&layer, self.end, oy, (x, w), y.get_mut(at..at + ow * c));
                    self.end.complete::<A>(layer.activation, y, at, ow * c);
                    continue;
                }
                let mut row = Row {
                    layer,
                    x,
                    w,
                    end: self.end,
                    y: &mut *y,
                    oy,
                    at,
                };
                let mut ox = 0;
                while ox < ow {
                    let whole = |ox| ox < ow && taps(&layer, ox) == (0, kw);
                    if whole(ox) && whole(ox + 3) {
                        row.columns::<A, 4>(ox, (0, kw));
                        ox += 4;
                    } else {
                        row.columns::<A, 1>(ox, taps(&layer, ox));
                        ox += 1;
                    }
                }
            }
        }
    }
}

/// A row of outputs by the instruction set, if it has something for the operands.
#[inline(always)]
fn row_of_bytes<A: Arch, F: Copy, E: Finish<F>, W: Packed>(
    layer: &DepthwiseConv2d<F>,
    end: E,
    oy: usize,
    (x, w): (&[Input<E, F>], &[W]),
    y: Option<&mut [E::Y]>,
) -> bool {
    let Some(bytes) = y.and_then(|y| end.bytes(layer.activation, x, w, y)) else {
        return false;
    };
    let row = DepthwiseRow {
        input: layer.input,
        kernel: layer.kernel,
        strides: layer.strides,
        dilations: layer.dilations,
        pads: layer.pads,
        oy,
        x: bytes.x,
        w: bytes.w,
        bias: bytes.bias,
        multipliers: bytes.multipliers,
        requantize: bytes.requantize,
    };
    A::depthwise_row(row, bytes.y)
}

/// The sums of a row of outputs of floats: by the instruction set, if it has something for the layer.
#[inline(always)]
fn row_of_floats<A: Arch, F: Copy, E: Finish<F>, W: Packed>(
    layer: &DepthwiseConv2d<F>,
    end: E,
    oy: usize,
    (x, w): (&[Input<E, F>], &[W]),
    y: Option<&mut [E::Y]>,
) {
    let (Some(w), Some(floats)) = (W::as_floats(w), y.and_then(|y| end.floats(x, y))) else {
        return;
    };
    let row = layer.floats(oy, floats.x, w, floats.bias);
    if row.fits() {
        A::depthwise_row_f32(row, floats.y);
    } else {
        portable::depthwise::row::<A>(row, floats.y);
    }
}

/// The taps of a kernel row that are inside the image at column `ox`: the first, and the one after the last.
#[inline(always)]
fn taps<F>(layer: &DepthwiseConv2d<F>, ox: usize) -> (usize, usize) {
    let (at, pad, dilation) = (ox * layer.strides[1], layer.pads[1], layer.dilations[1].max(1));
    let below = |end: usize| end.saturating_sub(at).div_ceil(dilation).min(layer.kernel[1]);
    (below(pad), below(layer.input[1] + pad))
}

impl<F: Copy, E: Finish<F>, W: Packed<Number = Weight<E, F>>> Row<'_, F, E, W> {
    /// `M` columns from `ox` on, all channels; `taps` are inside the image for each of them.
    #[inline(always)]
    fn columns<A: Arch, const M: usize>(&mut self, ox: usize, taps: (usize, usize)) {
        let c = self.layer.input[2];
        if c >= 16 {
            for channel in Windows::<16>::new(c) {
                self.tile::<A, M, 16>(ox, taps, channel);
            }
        } else if c >= 4 {
            for channel in Windows::<4>::new(c) {
                self.tile::<A, M, 4>(ox, taps, channel);
            }
        } else {
            for channel in 0..c {
                self.tile::<A, M, 1>(ox, taps, channel);
            }
        }
    }

    /// `M` columns from `ox` on by `N` channels from `channel` on.
    #[inline(always)]
    fn tile<A: Arch, const M: usize, const N: usize>(&mut self, ox: usize, taps: (usize, usize), channel: usize) {
        let layer = self.layer;
        let DepthwiseConv2d {
            input: [ih, iw, c],
            kernel: [kh, kw],
            strides,
            dilations,
            pads,
            ..
        } = layer;
        let mut acc = [self.end.start::<N>(channel, N); M];
        let ix = (ox * strides[1] + taps.0 * dilations[1]).wrapping_sub(pads[1]);
        for ky in 0..kh {
            let iy = (self.oy * strides[0] + ky * dilations[0]).wrapping_sub(pads[0]);
            if iy >= ih {
                acc = self.outside::<A, M, N>(acc, ky * kw..(ky + 1) * kw, channel);
                continue;
            }
            acc = self.outside::<A, M, N>(acc, ky * kw..ky * kw + taps.0, channel);
            acc = self.outside::<A, M, N>(acc, ky * kw + taps.1..(ky + 1) * kw, channel);
            // A column whose taps are all outside begins nowhere.
            let start = (iy * iw).wrapping_add(ix).wrapping_mul(c).wrapping_add(channel);
            let mut x = self.x.get(start..).unwrap_or(&[]);
            let mut w = (ky * kw + taps.0) * c + channel;
            for _ in taps.0..taps.1 {
                let Some(lanes) = W::run::<N>(self.w, w) else { return };
                let outside = [self.end.outside(layer.activation); N];
                let mut rows = [&outside; M];
                unrolled!(i in 0..M {
                    let Some(row) = x.get(i * strides[1] * c..).and_then(|x| x.first_chunk()) else { return };
                    rows[i] = row;
                });
                unrolled!(i in 0..M {
                    for j in 0..N {
                        acc[i][j] = E::Numbers::mac::<A>(rows[i][j], lanes[j], acc[i][j]);
                    }
                });
                x = x.get(dilations[1] * c..).unwrap_or(&[]);
                w += c;
            }
        }
        for (i, acc) in acc.into_iter().enumerate() {
            let at = self.at + (ox + i) * c + channel;
            self.end.store::<A, N>(layer.activation, acc, self.y, at, channel, N);
        }
    }

    /// Adds the taps that are outside of the image, where that is not zero.
    #[inline(always)]
    fn outside<A: Arch, const M: usize, const N: usize>(
        &self,
        mut acc: [[Sum<E, F>; N]; M],
        taps: Range<usize>,
        channel: usize,
    ) -> [[Sum<E, F>; N]; M] {
        if E::Numbers::OUTSIDE_IS_ZERO {
            return acc;
        }
        let outside = self.end.outside(self.layer.activation);
        for tap in taps {
            let Some(lanes) = W::run::<N>(self.w, tap * self.layer.input[2] + channel) else {
                return acc;
            };
            unrolled!(i in 0..M {
                for j in 0..N {
                    acc[i][j] = E::Numbers::mac::<A>(outside, lanes[j], acc[i][j]);
                }
            });
        }
        acc
    }
}

/// Runs a convolution of floats in the copy that is fastest for it: where the highest level has a loop for the rows, a
/// copy that is not specialised; else one that is.
#[inline(always)]
fn run<P, F: Copy, E: Finish<F>, W>(simd: Simd, kernel: Convolve<'_, P, F, E, W>)
where
    P: Param<DepthwiseConv2d<F>>,
    W: Packed<Number = Weight<E, F>>,
{
    if W::IS_F32 && kernel.layer.get().floats(0, &[], &[], &[]).fits() {
        simd.run_floats(kernel);
    } else {
        simd.run(kernel);
    }
}

/// ONNX `Conv` with one filter per channel and its activation: `x` is `[batch, ih, iw, c]`, `y` is `[batch, oh, ow,
/// c]`, `bias` is `[c]`, and `w` is `[kh, kw, c]`, as made by [`pack_depthwise`](crate::pack::pack_depthwise).
#[inline(always)]
pub fn depthwise_conv2d<P: Param<DepthwiseConv2d<F>>, F: Function, W: Packed<Number = f32>>(
    simd: Simd,
    layer: P,
    x: &[f32],
    w: &[W],
    bias: &[f32],
    y: &mut [f32],
) {
    let end = Activate {
        bias,
        residual: Nothing,
    };
    run(simd, Convolve { layer, x, w, end, y });
}

/// ONNX `Conv` and `Add`: as [`depthwise_conv2d`], with `residual`, of the shape of `y`, added before the activation.
#[inline(always)]
pub fn depthwise_conv2d_add<P: Param<DepthwiseConv2d<F>>, F: Function, W: Packed<Number = f32>>(
    simd: Simd,
    layer: P,
    x: &[f32],
    w: &[W],
    bias: &[f32],
    residual: &[f32],
    y: &mut [f32],
) {
    let end = Activate { bias, residual };
    run(simd, Convolve { layer, x, w, end, y });
}

/// ONNX `QLinearConv` with one filter per channel: as [`depthwise_conv2d`], with `bias` minus the products of the
/// input's zero point and the weights, and the multiplier of each channel.
#[inline(always)]
pub fn qlinear_depthwise_conv2d<
    P: Param<DepthwiseConv2d<Requantize>>,
    T: Quantized,
    W: Packed<Number = i8>,
    Y: Quantized,
>(
    simd: Simd,
    layer: P,
    x: &[T],
    w: &[W],
    bias: &[i32],
    multiplier: &[i32],
    y: &mut [Y],
) {
    let end = Rescale {
        bias,
        multiplier,
        elements: PhantomData,
    };
    simd.run_integers(Convolve { layer, x, w, end, y });
}
