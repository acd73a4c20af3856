use super::Conv;
use crate::bindings::{QLinearCall, Stored};
use crate::ir::geometry::{Image, Layout, Window};
use crate::ir::gradient::{of_bias, weights_of_conv};
use crate::ir::layer::{
    Activation, BIAS, Filters, MULTIPLIER, Packing, SUMMED, bias_or_zeros, call, check_layout, cost, direct,
};
use crate::ir::{Gradient, Lowering};
use crate::ir::{Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::function::Identity;
use runtime_core::kernels::ConvTranspose2d;

/// A transposed convolution: inputs `x`, `w` `[IC, OC / groups, kernel..]`, an optional bias `[OC]` and, in
/// integers, the multipliers `[OC]`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConvTranspose {
    /// Geometry; the paddings are cut from the full output.
    pub window: Window,
    /// Added to the end of each spatial axis of the output.
    pub output_padding: Vec<usize>,
    /// Groups of channels.
    pub groups: usize,
    /// Layout of `x` and of the output.
    pub layout: Layout,
    /// Applied to each sum.
    pub activation: Activation,
}

impl ConvTranspose {
    /// Extent of the output along spatial axis `axis` for an input of extent `size`, before the paddings are cut.
    pub fn full(&self, axis: usize, size: usize) -> usize {
        size.saturating_sub(1) * self.window.strides[axis] + self.window.span(axis) + self.output_padding[axis]
    }

    fn output(&self, x: &TensorType, w: &TensorType) -> Result<(Image, Image), OpError> {
        let rank = self.window.rank();
        let image = Image::of(x, self.layout, rank)?;
        if w.rank() != rank + 2 || w.shape[2..] != self.window.kernel {
            return Err(op_error(format!(
                "the weights {w} do not fit a kernel of {:?}",
                self.window.kernel
            )));
        }
        let channels = w.shape[1].checked_mul(self.groups);
        let fits = image.channels == w.shape[0] && image.channels.is_multiple_of(self.groups);
        let Some(channels) = channels.filter(|_| self.groups > 0 && image.channels > 0 && fits) else {
            return Err(op_error(format!(
                "the weights {w} do not fit {} input channels in {} groups",
                image.channels, self.groups
            )));
        };
        let extent = |(i, size): (usize, &usize)| {
            let full = self.full(i, *size);
            let cut = self.window.pads[i] + self.window.pads[rank + i];
            full.checked_sub(cut).ok_or_else(|| {
                op_error(format!(
                    "pads cut {cut} elements from an output of {full} along spatial axis {i}"
                ))
            })
        };
        let spatial = image.spatial.iter().enumerate().map(extent).collect::<Result<_, _>>()?;
        let output = Image {
            batch: image.batch,
            channels,
            spatial,
        };
        Ok((image, output))
    }
}

impl Operator for ConvTranspose {
    fn name(&self) -> &'static str {
        "ConvTranspose"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        self.window.check()?;
        if self.output_padding.len() != self.window.rank() {
            return Err(op_error("output_padding must have one number for each spatial axis"));
        }
        let (_, output) = self.output(inputs.ty(0)?, inputs.ty(1)?)?;
        let dtype = self.activation.check(inputs, &SUMMED, output.channels)?;
        check_layout(inputs, self.layout)?;
        Ok(vec![TensorType::new(dtype, output.shape(self.layout))])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        match inputs[..] {
            [Some(x), Some(w), ..] => x.len() as u64 * w.shape[1..].iter().product::<usize>() as u64,
            _ => 0,
        }
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (image, output) = self.output(cx.ty(0), cx.ty(1))?;
        if self.layout == Layout::ChannelsFirst {
            let function = self.activation.function();
            direct(cx, &self.window, self.groups, [&image, &output], true, function);
            return Ok(());
        }
        let kernel = Window::pair(&self.window.kernel, 1);
        let packing = Packing::ConvTranspose(Filters {
            groups: self.groups,
            oc: output.channels,
            kernel,
            ic_per_group: image.channels / self.groups,
        });
        let [top, left, ..] = self.window.pads2d();
        let layer = ConvTranspose2d {
            batch: image.batch,
            input: image.hwc(),
            output: output.hwc(),
            kernel,
            strides: Window::pair(&self.window.strides, 1),
            dilations: Window::pair(&self.window.dilations, 1),
            pads: [top, left],
            groups: self.groups,
            activation: (),
        };
        let time = cost::panels(cx.machine(), packing.products(image.pixels()));
        let activation = self.activation;
        let offers = packing.candidates(cx, "conv_transpose2d", time, move |cx, stored| {
            finish(cx, layer, packing, stored, activation)
        });
        cx.choose(offers)
    }

    /// As of a convolution from the result to the operand.
    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        let (x, w, g) = (cx.input(0)?, cx.input(1)?, cx.of_output()?);
        if cx.wants(0) {
            let conv = Conv {
                window: self.window.clone(),
                groups: self.groups,
                layout: self.layout,
                activation: Activation::Function(Identity.into()),
            };
            let gradient = cx.add(conv, &[g, w])?;
            cx.give(0, gradient)?;
        }
        if cx.wants(1) {
            let gradient = weights_of_conv(cx, &self.window, self.groups, [g, x])?;
            cx.give(1, gradient)?;
        }
        if cx.wants(BIAS) {
            let gradient = of_bias(cx, g)?;
            cx.give(BIAS, gradient)?;
        }
        Ok(())
    }
}

/// Adds the call, in the form that the activation asks for.
fn finish(
    cx: &mut Lowering<'_>,
    layer: ConvTranspose2d<()>,
    packing: Packing,
    stored: Option<Stored>,
    activation: Activation,
) -> Result<(), OpError> {
    let (x, bias) = (cx.input(0), bias_or_zeros(cx, packing.channels()));
    let w = packing.pack(cx, stored)?;
    let y = cx.output(0);
    match activation {
        Activation::Function(function) => {
            call(cx, layer.with_activation(function), stored, &[x, w, bias], y);
        }
        Activation::Requantize { requantize, to } => {
            let multiplier = cx.input_as(MULTIPLIER, "multipliers");
            let layer = QLinearCall {
                kernel: layer.with_activation(requantize),
                from: cx.ty(0).dtype,
                to,
            };
            call(cx, layer, stored, &[x, w, bias, multiplier], y);
        }
    }
    Ok(())
}
