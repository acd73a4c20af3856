use super::tile::{Nothing, Tile, ZEROS, cover, dot, load, store, unrolled};
use crate::arch::{Arch, Kernel};
use crate::function::Function;
use crate::pack::{PANEL, packed_conv2d_len};
use crate::{Param, Simd};
use core::marker::PhantomData;

/// ONNX `ConvTranspose` over two axes, channels-last. One-dimensional ones have a height of one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ConvTranspose2d<F> {
    /// Images in the batch.
    pub batch: usize,
    /// Height, width and channels of an input image.
    pub input: [usize; 3],
    /// Height, width and channels of an output image.
    pub output: [usize; 3],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Output rows and columns between neighbouring inputs.
    pub strides: [usize; 2],
    /// Output rows and columns between neighbouring taps of the kernel.
    pub dilations: [usize; 2],
    /// Rows and columns cut from the top and from the left of the full output; `output` implies the other cuts.
    pub pads: [usize; 2],
    /// Groups of channels; divides the channels of the input and of the output.
    pub groups: usize,
    /// Applied to every output.
    pub activation: F,
}

impl<F> ConvTranspose2d<F> {
    /// The same layer with another activation.
    pub fn with_activation<G>(self, activation: G) -> ConvTranspose2d<G> {
        ConvTranspose2d {
            batch: self.batch,
            input: self.input,
            output: self.output,
            kernel: self.kernel,
            strides: self.strides,
            dilations: self.dilations,
            pads: self.pads,
            groups: self.groups,
            activation,
        }
    }
}

struct Convolve<'a, P, F> {
    layer: P,
    x: &'a [f32],
    w: &'a [f32],
    bias: &'a [f32],
    y: &'a mut [f32],
    function: PhantomData<F>,
}

/// Every `strides[1]`-th output of a row, by one panel: they have the same taps, and neighbouring inputs.
struct Phase<'a, F> {
    layer: ConvTranspose2d<F>,
    /// The image.
    x: &'a [f32],
    /// The panel.
    w: &'a [[f32; PANEL]],
    bias: &'a [f32],
    y: &'a mut [f32],
    /// Input channels of a group, and the first of this one.
    channels: usize,
    first_channel: usize,
    oy: usize,
    /// The first column.
    phase: usize,
    /// Where the first number of this panel in the row is in `y`.
    at: usize,
}

impl<'a, P: Param<ConvTranspose2d<F>>, F: Function> Kernel for Convolve<'a, P, F> {
    type Shared = Convolve<'a, ConvTranspose2d<F>, F>;

    #[inline(always)]
    fn shared(self) -> Self::Shared {
        let Self {
            layer,
            x,
            w,
            bias,
            y,
            function,
        } = self;
        Convolve {
            layer: layer.get(),
            x,
            w,
            bias,
            y,
            function,
        }
    }

    #[inline(always)]
    fn run<A: Arch>(self, _: A) {
        let layer = self.layer.get();
        let ([ih, iw, ic], [oh, ow, oc], [kh, kw]) = (layer.input, layer.output, layer.kernel);
        let (Some(ic_group), Some(oc_group)) = (ic.checked_div(layer.groups), oc.checked_div(layer.groups)) else {
            return;
        };
        let image = ih.saturating_mul(iw).saturating_mul(ic);
        let outputs = layer.batch.saturating_mul(oh).saturating_mul(ow).saturating_mul(oc);
        let (Some(x), Some(w), Some(bias), Some(y)) = (
            self.x.get(..layer.batch.saturating_mul(image)),
            self.w.get(..packed_conv2d_len(layer.groups, oc, kh, kw, ic_group)),
            self.bias.get(..oc),
            self.y.get_mut(..outputs),
        ) else {
            debug_assert!(false, "conv_transpose2d: an operand is too short");
            return;
        };
        let w = w.as_chunks::<PANEL>().0;
        let panel_len = kh * kw * ic_group;
        let panels = oc_group.div_ceil(PANEL);
        for n in 0..layer.batch {
            let Some(x) = x.get(n * image..(n + 1) * image) else {
                return;
            };
            for oy in 0..oh {
                for group in 0..layer.groups {
                    for panel in 0..panels {
                        let columns = (oc_group - panel * PANEL).min(PANEL);
                        let channel = group * oc_group + panel * PANEL;
                        let start = (group * panels + panel) * panel_len;
                        let Some(w) = w.get(start..start + panel_len) else {
                            return;
                        };
                        let Some(bias) = bias.get(channel..channel + columns) else {
                            return;
                        };
                        for phase in 0..layer.strides[1].min(ow) {
                            let Some(count) = (ow - phase - 1).checked_div(layer.strides[1]) else {
                                return;
                            };
                            let mut body = Phase {
                                layer,
                                x,
                                w,
                                bias,
                                y: &mut *y,
                                channels: ic_group,
                                first_channel: group * ic_group,
                                oy,
                                phase,
                                at: (n * oh + oy) * ow * oc + channel,
                            };
                            cover::<A>(count + 1, columns, &mut body);
                        }
                    }
                }
            }
        }
    }
}

/// The input that reaches output `place` through a tap at `tap`, if any is aligned; it may be outside of the image.
#[inline(always)]
fn source(place: usize, pad: usize, tap: usize, stride: usize) -> Option<usize> {
    let place = place + pad;
    if tap <= place {
        let quotient = (place - tap).checked_div(stride)?;
        (quotient * stride == place - tap).then_some(quotient)
    } else {
        let quotient = (tap - place).checked_div(stride)?;
        (quotient * stride == tap - place).then_some(quotient.wrapping_neg())
    }
}

impl<F: Function> Tile for Phase<'_, F> {
    #[inline(always)]
    fn tile<A: Arch, const M: usize, const N: usize, const LANE: usize>(&mut self, first: usize) {
        let ConvTranspose2d {
            input: [ih, iw, ic],
            kernel: [kh, kw],
            strides,
            dilations,
            pads,
            ..
        } = self.layer;
        let (channels, x, w) = (self.channels, self.x, self.w);
        let Some(bias) = self.bias.get(LANE..) else { return };
        let mut acc = [load::<N>(bias); M];
        for ky in 0..kh {
            let Some(iy) = source(self.oy, pads[0], ky * dilations[0], strides[0]) else {
                continue;
            };
            if iy >= ih {
                continue;
            }
            for kx in 0..kw {
                let Some(ix) = source(self.phase, pads[1], kx * dilations[1], strides[1]) else {
                    continue;
                };
                let ix = ix.wrapping_add(first);
                let mut channel = 0;
                while channel < channels {
                    let len = (channels - channel).min(ZEROS.len());
                    let at = (ky * kw + kx) * channels + channel;
                    let Some(w) = w.get(at..at + len) else {
                        return;
                    };
                    let mut rows: [&[f32]; M] = [&ZEROS; M];
                    unrolled!(i in 0..M {
                        let ix = ix.wrapping_add(i);
                        if ix < iw {
                            let at = (iy * iw + ix) * ic + self.first_channel + channel;
                            let Some(row) = x.get(at..at + len) else { return };
                            rows[i] = row;
                        }
                    });
                    acc = dot::<A, M, N, LANE>(acc, rows, w);
                    channel += len;
                }
            }
        }
        let len = bias.len().min(N);
        for (i, acc) in acc.into_iter().enumerate() {
            let at = self.at + (self.phase + (first + i) * strides[1]) * self.layer.output[2] + LANE;
            store::<A, F, N>(acc, Nothing, self.layer.activation, self.y, at, len);
        }
    }
}

/// ONNX `ConvTranspose` with its activation: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`, `bias` is
/// `[oc]`, and `w` is packed by [`pack_conv_transpose2d`](crate::pack::pack_conv_transpose2d).
#[inline(always)]
pub fn conv_transpose2d<P: Param<ConvTranspose2d<F>>, F: Function>(
    simd: Simd,
    layer: P,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    simd.run(Convolve {
        layer,
        x,
        w,
        bias,
        y,
        function: PhantomData,
    });
}
