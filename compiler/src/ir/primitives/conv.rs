use crate::ir::geometry::{Image, Layout, Window};
use crate::ir::gradient::{of_bias, spread, weights_of_conv};
use crate::ir::layer::for_cores::Layer;
use crate::ir::layer::{
    Activation, BIAS, Filters, Packing, SUMMED, candidates, check_layout, cost, direct, for_cores, sparse_gemm,
    winograd,
};
use crate::ir::{Fill, OverTime, Time};
use crate::ir::{Gradient, Lowering, Offers};
use crate::ir::{Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels::{Conv2d, DepthwiseConv2d, Gemm};

/// A convolution: inputs `x`, `w` `[OC, IC / groups, kernel..]`, an optional bias `[OC]`, and an optional residual of
/// the output's shape or, in integers, the multipliers `[OC]`. Channels-last where there is [a packed
/// kernel](crate::ir::layer::has_packed_kernel).
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Geometry.
    pub window: Window,
    /// Groups of channels.
    pub groups: usize,
    /// Layout of `x`, of the residual and of the output.
    pub layout: Layout,
    /// Applied to each sum.
    pub activation: Activation,
}

impl Conv {
    fn output(&self, x: &TensorType, w: &TensorType) -> Result<(Image, Image), OpError> {
        let rank = self.window.rank();
        let image = Image::of(x, self.layout, rank)?;
        if w.rank() != rank + 2 || w.shape[2..] != self.window.kernel {
            return Err(op_error(format!(
                "the weights {w} do not fit a kernel of {:?}",
                self.window.kernel
            )));
        }
        let (channels, groups) = (w.shape[0], self.groups);
        let fits = w.shape[1].checked_mul(groups) == Some(image.channels) && channels.is_multiple_of(groups);
        if groups == 0 || image.channels == 0 || !fits {
            return Err(op_error(format!(
                "the weights {w} do not fit {} input channels in {groups} groups",
                image.channels
            )));
        }
        let spatial = image.spatial.iter().enumerate();
        let spatial = spatial
            .map(|(i, size)| self.window.output(i, *size, false))
            .collect::<Result<_, _>>()?;
        let output = Image {
            batch: image.batch,
            channels,
            spatial,
        };
        Ok((image, output))
    }
}

impl Operator for Conv {
    fn name(&self) -> &'static str {
        "Conv"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        self.window.check()?;
        let (_, output) = self.output(inputs.ty(0)?, inputs.ty(1)?)?;
        let dtype = self.activation.check(inputs, &SUMMED, output.channels)?;
        check_layout(inputs, self.layout)?;
        let y = TensorType::new(dtype, output.shape(self.layout));
        self.activation.check_residual(inputs, &y)?;
        Ok(vec![y])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let taps = inputs[1].map_or(0, |w| w.shape[1..].iter().product::<usize>());
        outputs[0].len() as u64 * taps as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (image, output) = self.output(cx.ty(0), cx.ty(1))?;
        if self.layout == Layout::ChannelsFirst {
            let function = self.activation.function();
            direct(cx, &self.window, self.groups, [&image, &output], false, function);
            return Ok(());
        }
        let offers = self.offers(cx, &image, &output);
        cx.choose(offers)
    }

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (x, w, g) = (cx.input(0)?, cx.input(1)?, cx.of_output()?);
        if cx.wants(0) {
            let spatial = cx.shape(x)[2..].to_vec();
            let gradient = spread(cx, &self.window, self.groups, [g, w], &spatial)?;
            cx.give(0, gradient)?;
        }
        if cx.wants(1) {
            let gradient = weights_of_conv(cx, &self.window, self.groups, [x, g])?;
            cx.give(1, gradient)?;
        }
        if cx.wants(BIAS) {
            let gradient = of_bias(cx, g)?;
            cx.give(BIAS, gradient)?;
        }
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        let fill = match self.activation {
            Activation::Requantize { requantize, .. } => requantize.outside,
            Activation::Function(_) => 0,
        };
        self.window.over_time(time, self.layout, self, |window| {
            let operator = Self { window, ..self.clone() };
            (operator.into(), Fill::Value(fill))
        })
    }
}

impl Conv {
    /// The kernels that compute it, channels-last.
    fn offers(&self, cx: &Lowering<'_>, image: &Image, output: &Image) -> Offers<'static> {
        let machine = cx.machine();
        let kernel = Window::pair(&self.window.kernel, 1);
        let (batch, input, out) = (image.batch, image.hwc(), output.hwc());
        let strides = Window::pair(&self.window.strides, 1);
        let dilations = Window::pair(&self.window.dilations, 1);
        let [top, left, ..] = self.window.pads2d();
        let pads = [top, left];
        let padded = self.window.pads.iter().any(|pad| *pad != 0);
        let activation = if padded {
            self.activation
        } else {
            self.activation.inside()
        };
        let mut offers = Offers::default();
        if self.groups == image.channels && self.groups == output.channels && self.groups > 1 {
            let channels = output.channels;
            let layer = DepthwiseConv2d {
                batch,
                input,
                output: out,
                kernel,
                strides,
                dilations,
                pads,
                activation: (),
            };
            let time = cost::depthwise(machine, cx.macs());
            let packing = Packing::Depthwise { channels, kernel };
            offers.add(for_cores::offers(cx, Layer::Depthwise(layer), packing, activation));
            offers.extend(candidates(cx, "depthwise_conv2d", layer, packing, activation, time));
        }
        if self.window.is_pointwise() && self.groups == 1 {
            let (m, k, n) = (image.pixels(), image.channels, output.channels);
            let packing = Packing::Gemm { k, n, transposed: true };
            let layer = Gemm {
                m,
                k,
                n,
                activation: (),
            };
            let time = cost::panels(machine, packing.products(m));
            offers.add(for_cores::offers(cx, Layer::Gemm(layer), packing, activation));
            offers.extend(candidates(cx, "gemm", layer, packing, activation, time));
            if m == 1 {
                offers.extend(sparse_gemm::candidate(cx, [k, n], true, activation));
            }
        }
        let packing = Packing::Conv(Filters {
            groups: self.groups,
            oc: output.channels,
            kernel,
            ic_per_group: image.channels / self.groups,
        });
        let layer = Conv2d {
            batch,
            input,
            output: out,
            kernel,
            strides,
            dilations,
            pads,
            groups: self.groups,
            activation: (),
        };
        let pixels = output.pixels();
        let time = cost::panels(machine, packing.products(pixels)) + cost::runs(machine, (pixels * kernel[0]) as u64);
        if offers.is_empty() {
            offers.add(for_cores::offers(cx, Layer::Conv2d(layer), packing, activation));
        }
        offers.extend(candidates(cx, "conv2d", layer, packing, activation, time));
        offers.extend(winograd::candidate(cx, layer, self.activation));
        offers
    }
}
