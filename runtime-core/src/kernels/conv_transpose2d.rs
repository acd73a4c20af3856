use super::finish::{Activate, Finish, Input, Nothing, Rescale, Weight};
use super::tile::{OUTSIDE, Tile, cover};
use crate::arch::{Arch, Kernel};
use crate::function::Function;
use crate::numbers::Numbers;
use crate::pack::{PANEL, packed_conv2d_len};
use crate::packed::Packed;
use crate::requantize::{Quantized, Requantize};
use crate::unrolled::unrolled;
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

struct Convolve<'a, P, F: Copy, E: Finish<F>, W> {
    layer: P,
    x: &'a [Input<E, F>],
    w: &'a [W],
    end: E,
    y: &'a mut [E::Y],
}

/// Every `strides[1]`-th output of a row, by one panel: they have the same taps, and neighbouring inputs.
struct Phase<'a, F: Copy, E: Finish<F>, W: Packed> {
    layer: ConvTranspose2d<F>,
    /// The image, and what is outside of it.
    x: &'a [Input<E, F>],
    outside: &'a [Input<E, F>; OUTSIDE],
    /// The panel.
    w: &'a [W::Row],
    end: E,
    y: &'a mut [E::Y],
    /// Input channels of a group, and the first of this one.
    channels: usize,
    first_channel: usize,
    /// Output channels: the first of the panel, and how many it has.
    output: usize,
    columns: usize,
    oy: usize,
    /// The first column.
    phase: usize,
    /// Where the first number of this panel in the row is in `y`.
    at: usize,
}

impl<'a, P, F: Copy, E: Finish<F>, W> Kernel for Convolve<'a, P, F, E, W>
where
    P: Param<ConvTranspose2d<F>>,
    W: Packed<Number = Weight<E, F>>,
{
    type Shared = Convolve<'a, ConvTranspose2d<F>, F, E, W>;

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
        let ([ih, iw, ic], [oh, ow, oc], [kh, kw]) = (layer.input, layer.output, layer.kernel);
        let (Some(ic_group), Some(oc_group)) = (ic.checked_div(layer.groups), oc.checked_div(layer.groups)) else {
            return;
        };
        let image = ih.saturating_mul(iw).saturating_mul(ic);
        let outputs = layer.batch.saturating_mul(oh).saturating_mul(ow).saturating_mul(oc);
        let (Some(x), Some(w), Some(y), true) = (
            self.x.get(..layer.batch.saturating_mul(image)),
            self.w
                .get(..packed_conv2d_len(layer.groups, oc, kh, kw, ic_group).div_ceil(W::COUNT)),
            self.y.get_mut(..outputs),
            self.end.covers(oc, outputs),
        ) else {
            debug_assert!(false, "conv_transpose2d: an operand is too short");
            return;
        };
        let w = W::rows(w);
        let outside = [self.end.outside(layer.activation); OUTSIDE];
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
                        for phase in 0..layer.strides[1].min(ow) {
                            let Some(count) = (ow - phase - 1).checked_div(layer.strides[1]) else {
                                return;
                            };
                            let mut body: Phase<'_, F, E, W> = Phase {
                                layer,
                                x,
                                outside: &outside,
                                w,
                                end: self.end,
                                y: &mut *y,
                                channels: ic_group,
                                first_channel: group * ic_group,
                                output: channel,
                                columns,
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

impl<F: Copy, E: Finish<F>, W: Packed<Number = Weight<E, F>>> Tile for Phase<'_, F, E, W> {
    type Numbers = E::Numbers;

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
        let output = self.output + LANE;
        let len = self.columns.saturating_sub(LANE).min(N);
        let mut acc = [self.end.start::<N>(output, len); M];
        for ky in 0..kh {
            let iy = source(self.oy, pads[0], ky * dilations[0], strides[0]).filter(|iy| *iy < ih);
            for kx in 0..kw {
                let ix = source(self.phase, pads[1], kx * dilations[1], strides[1]);
                let place = iy.zip(ix.map(|ix| ix.wrapping_add(first)));
                if place.is_none() && E::Numbers::OUTSIDE_IS_ZERO {
                    continue;
                }
                let mut channel = 0;
                while channel < channels {
                    let len = (channels - channel).min(OUTSIDE);
                    let at = (ky * kw + kx) * channels + channel;
                    let Some(w) = w.get(at..at + len) else {
                        return;
                    };
                    let mut rows: [&[Input<E, F>]; M] = [self.outside; M];
                    unrolled!(i in 0..M {
                        let place = place.map(|(iy, ix)| (iy, ix.wrapping_add(i)));
                        if let Some((iy, ix)) = place.filter(|(_, ix)| *ix < iw) {
                            let at = (iy * iw + ix) * ic + self.first_channel + channel;
                            let Some(row) = x.get(at..at + len) else { return };
                            rows[i] = row;
                        }
                    });
                    acc = E::Numbers::tile::<A, W, M, N, LANE>(acc, rows, w);
                    channel += len;
                }
            }
        }
        for (i, acc) in acc.into_iter().enumerate() {
            let at = self.at + (self.phase + (first + i) * strides[1]) * self.layer.output[2] + LANE;
            self.end
                .store::<A, N>(self.layer.activation, acc, self.y, at, output, len);
        }
    }
}

/// ONNX `ConvTranspose` with its activation: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`, `bias` is
/// `[oc]`, and `w` is packed by [`pack_conv_transpose2d`](crate::pack::pack_conv_transpose2d).
#[inline(always)]
pub fn conv_transpose2d<P: Param<ConvTranspose2d<F>>, F: Function, W: Packed<Number = f32>>(
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
    simd.run(Convolve { layer, x, w, end, y });
}

/// A quantised `ConvTranspose`: as [`conv_transpose2d`], with `bias` minus the products of the input's zero point and
/// all weights of the channel, and the multiplier of each channel.
#[inline(always)]
pub fn qlinear_conv_transpose2d<
    P: Param<ConvTranspose2d<Requantize>>,
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
