use super::finish::{Activate, Finish, Input, Nothing, Rescale, Sum, Weight};
use super::gather_patch::{self as gather, GATHERED, Windows};
use super::tall;
use super::tile::{OUTSIDE, ROWS, SHORT, Tile, cover};
use crate::arch::{Arch, Kernel};
use crate::function::Function;
use crate::numbers::Numbers;
use crate::pack::{PANEL, packed_conv2d_len};
use crate::packed::Packed;
use crate::requantize::{Quantized, Requantize};
use crate::unrolled::unrolled;
use crate::{Param, Simd};
use core::marker::PhantomData;

/// ONNX `Conv` over two axes, channels-last. One-dimensional convolutions have a height of one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Conv2d<F> {
    /// Images in the batch.
    pub batch: usize,
    /// Height, width and channels of an input image.
    pub input: [usize; 3],
    /// Height, width and channels of an output image.
    pub output: [usize; 3],
    /// Height and width of the kernel.
    pub kernel: [usize; 2],
    /// Input rows and columns between neighbouring outputs.
    pub strides: [usize; 2],
    /// Input rows and columns between neighbouring taps of the kernel.
    pub dilations: [usize; 2],
    /// Rows of zeros above the image and columns of zeros to its left; `output` implies those below and to the right.
    pub pads: [usize; 2],
    /// Groups of channels; divides the channels of the input and of the output.
    pub groups: usize,
    /// Applied to every output.
    pub activation: F,
}

impl<F> Conv2d<F> {
    /// The same layer with another activation.
    pub fn with_activation<G>(self, activation: G) -> Conv2d<G> {
        Conv2d {
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

impl<F> Conv2d<F> {
    /// Where the windows are.
    #[inline(always)]
    fn windows(&self) -> Windows {
        Windows {
            input: self.input,
            kernel: self.kernel,
            strides: self.strides,
            dilations: self.dilations,
            pads: self.pads,
        }
    }

    /// Input channels and output channels of a group.
    #[inline(always)]
    fn channels_per_group(&self) -> Option<(usize, usize)> {
        Some((
            self.input[2].checked_div(self.groups)?,
            self.output[2].checked_div(self.groups)?,
        ))
    }
}

struct Convolve<'a, P, F: Copy, E: Finish<F>, W> {
    layer: P,
    x: &'a [Input<E, F>],
    w: &'a [W],
    end: E,
    y: &'a mut [E::Y],
}

/// One row of outputs by a panel.
struct Row<'a, F: Copy, E: Finish<F>, W: Packed> {
    layer: Conv2d<F>,
    /// The image, and what is outside of it.
    x: &'a [Input<E, F>],
    outside: &'a [Input<E, F>; OUTSIDE],
    w: &'a [W::Row],
    end: E,
    y: &'a mut [E::Y],
    /// Room for the inputs of a tile, side by side.
    patches: &'a mut [[Input<E, F>; GATHERED]; ROWS],
    /// Input channels of a group, and the first of this one.
    channels: usize,
    first_channel: usize,
    /// Output channels: the first of the panel, and how many it has.
    output: usize,
    columns: usize,
    /// The row of outputs, and where its first number of this panel is in `y`.
    oy: usize,
    at: usize,
}

impl<'a, P, F: Copy, E: Finish<F>, W> Kernel for Convolve<'a, P, F, E, W>
where
    P: Param<Conv2d<F>>,
    W: Packed<Number = Weight<E, F>>,
{
    type Shared = Convolve<'a, Conv2d<F>, F, E, W>;

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
        let Some((ic_group, oc_group)) = layer.channels_per_group() else {
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
            debug_assert!(false, "conv2d: an operand is too short");
            return;
        };
        let w = W::rows(w);
        if A::MANY && E::FLOATS && (W::IS_F32 || W::IS_F16) {
            return tall::conv2d::<A, F, E, W>(&layer, x, w, self.end, y);
        }
        let outside = [self.end.outside(layer.activation); OUTSIDE];
        let mut patches = [[self.end.outside(layer.activation); GATHERED]; ROWS];
        let panel_len = kh * kw * ic_group;
        let panels = oc_group.div_ceil(PANEL);
        let block = block(&layer);
        for n in 0..layer.batch {
            let Some(x) = x.get(n * image..(n + 1) * image) else {
                return;
            };
            let mut first = 0;
            while first < oh {
                let last = oh.min(first + block);
                let mut index = 0;
                while index < layer.groups * panels {
                    let group = index.checked_div(panels).unwrap_or(0);
                    let panel = index - group * panels;
                    let columns = (oc_group - panel * PANEL).min(PANEL);
                    let channel = group * oc_group + panel * PANEL;
                    let Some(w) = w.get(index * panel_len..(index + 1) * panel_len) else {
                        return;
                    };
                    index += 1;
                    for oy in first..last {
                        let mut row: Row<'_, F, E, W> = Row {
                            layer,
                            x,
                            outside: &outside,
                            w,
                            end: self.end,
                            y: &mut *y,
                            patches: &mut patches,
                            channels: ic_group,
                            first_channel: group * ic_group,
                            output: channel,
                            columns,
                            oy,
                            at: (n * oh + oy) * ow * oc + channel,
                        };
                        cover::<A>(ow, columns, &mut row);
                    }
                }
                first = last;
            }
        }
    }
}

impl<F: Copy, E: Finish<F>, W: Packed<Number = Weight<E, F>>> Tile for Row<'_, F, E, W> {
    type Numbers = E::Numbers;

    #[inline(always)]
    fn tile<A: Arch, const M: usize, const N: usize, const LANE: usize>(&mut self, ox: usize) {
        let Conv2d {
            input: [ih, iw, ic],
            kernel: [kh, kw],
            strides,
            dilations,
            pads,
            groups,
            activation,
            ..
        } = self.layer;
        let (channels, x, w) = (self.channels, self.x, self.w);
        let output = self.output + LANE;
        let len = self.columns.saturating_sub(LANE).min(N);
        let mut acc = [self.end.start::<N>(output, len); M];
        let windows = self.layer.windows();
        if E::Numbers::ANY_ORDER && !A::NARROW && self.layer.groups == 1 && gather::gathers(&windows) {
            let filler = self.end.outside(activation);
            let mut rows: [&[Input<E, F>]; M] = [self.outside; M];
            for (i, (patch, row)) in self.patches.iter_mut().zip(&mut rows).enumerate() {
                *row = gather::patch(&windows, x, filler, [self.oy, ox + i], patch);
            }
            acc = E::Numbers::tile::<A, W, M, N, LANE>(acc, rows, w);
            return self.store::<A, M, N, LANE>(acc, ox);
        }
        // The taps of one kernel row that are inside the image for all columns of the tile are one run of inputs.
        let run = if groups == 1 && dilations[1] == 1 {
            let last = (ox + M - 1) * strides[1];
            (
                pads[1].saturating_sub(ox * strides[1]),
                (iw + pads[1]).saturating_sub(last).min(kw),
            )
        } else {
            (0, 0)
        };
        for ky in 0..kh {
            let iy = (self.oy * strides[0] + ky * dilations[0]).wrapping_sub(pads[0]);
            let row_inside = iy < ih;
            if !row_inside && E::Numbers::OUTSIDE_IS_ZERO {
                continue;
            }
            // One dot product a turn: the run, or some channels of one tap, where zeros stand for columns outside.
            let (mut kx, mut channel) = (0, 0);
            while kx < kw {
                let whole = row_inside && kx == run.0 && run.1 > kx;
                let len = if whole {
                    (run.1 - kx) * ic
                } else {
                    (channels - channel).min(OUTSIDE)
                };
                let at = (ky * kw + kx) * channels + channel;
                let Some(panel) = w.get(at..at + len) else { return };
                let mut rows: [&[Input<E, F>]; M] = [self.outside; M];
                unrolled!(i in 0..M {
                    let ix = ((ox + i) * strides[1] + kx * dilations[1]).wrapping_sub(pads[1]);
                    if row_inside && ix < iw {
                        let at = (iy * iw + ix) * ic + self.first_channel + channel;
                        let Some(row) = x.get(at..at + len) else { return };
                        rows[i] = row;
                    }
                });
                acc = E::Numbers::tile::<A, W, M, N, LANE>(acc, rows, panel);
                channel += len;
                if whole {
                    kx = run.1;
                    channel = 0;
                } else if channel >= channels {
                    kx += 1;
                    channel = 0;
                }
            }
        }
        self.store::<A, M, N, LANE>(acc, ox);
    }
}

impl<F: Copy, E: Finish<F>, W: Packed<Number = Weight<E, F>>> Row<'_, F, E, W> {
    /// Finishes the sums of `M` columns from `ox` on.
    #[inline(always)]
    fn store<A: Arch, const M: usize, const N: usize, const LANE: usize>(
        &mut self,
        sums: [[Sum<E, F>; N]; M],
        ox: usize,
    ) {
        let len = self.columns.saturating_sub(LANE).min(N);
        for (i, sums) in sums.into_iter().enumerate() {
            let at = self.at + (ox + i) * self.layer.output[2] + LANE;
            self.end
                .store::<A, N>(self.layer.activation, sums, self.y, at, self.output + LANE, len);
        }
    }
}

/// Rows of outputs that take turns with a panel in the caches: about as many inputs as a panel has numbers.
#[inline(always)]
pub(super) fn block<F>(layer: &Conv2d<F>) -> usize {
    let [_, iw, ic] = layer.input;
    let panel = layer
        .channels_per_group()
        .map_or(0, |(inputs, _)| inputs * layer.kernel[0] * layer.kernel[1])
        * PANEL;
    let numbers = panel.max(4096);
    numbers.checked_div(iw * ic * layer.strides[0]).unwrap_or(1).max(1)
}

/// Runs a convolution of floats in the copy that is fastest for it: one that is not specialised loses more on narrow
/// panels than wider vectors gain.
#[inline(always)]
fn run<P, F: Copy, E: Finish<F>, W>(simd: Simd, kernel: Convolve<'_, P, F, E, W>)
where
    P: Param<Conv2d<F>>,
    W: Packed<Number = Weight<E, F>>,
{
    let layer = kernel.layer.get();
    let narrow = layer
        .channels_per_group()
        .is_none_or(|(_, outputs)| outputs <= PANEL / 2);
    if narrow {
        simd.run(kernel);
    } else {
        simd.run_floats(kernel);
    }
}

/// Whether the sums of a layer have few products.
#[inline(always)]
fn is_short<F>(layer: &Conv2d<F>) -> bool {
    let inputs = layer.channels_per_group().map_or(0, |(inputs, _)| inputs);
    inputs.saturating_mul(layer.kernel[0]).saturating_mul(layer.kernel[1]) < SHORT
}

/// ONNX `Conv` with its activation: `x` is `[batch, ih, iw, ic]`, `y` is `[batch, oh, ow, oc]`, `bias` is `[oc]`, and
/// `w` is packed by [`pack_conv2d`](crate::pack::pack_conv2d).
#[inline(always)]
pub fn conv2d<P: Param<Conv2d<F>>, F: Function, W: Packed<Number = f32>>(
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

/// ONNX `Conv` and `Add`: as [`conv2d`], with `residual`, of the shape of `y`, added before the activation.
#[inline(always)]
pub fn conv2d_add<P: Param<Conv2d<F>>, F: Function, W: Packed<Number = f32>>(
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

/// ONNX `QLinearConv`: as [`conv2d`], with `bias` minus the products of the input's zero point and the weights, and the
/// multiplier of each channel.
#[inline(always)]
pub fn qlinear_conv2d<P: Param<Conv2d<Requantize>>, T: Quantized, W: Packed<Number = i8>, Y: Quantized>(
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
    let short = is_short(&layer.get());
    let kernel = Convolve { layer, x, w, end, y };
    if short {
        simd.run_integers(kernel);
    } else {
        simd.run_long_integers(kernel);
    }
}
