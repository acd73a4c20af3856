use super::conv::{bias_or_zeros, check_bias, check_dtype, constant_weights};
use super::direct_conv::direct;
use super::window::{Image, Layout, Window};
use crate::ir::{Inputs, OpError, Operator, Tensor, TensorType, op_error};
use crate::lower::Lowering;
use runtime_core::function::AnyFunction;
use runtime_core::kernels::ConvTranspose2d;
use runtime_core::pack;

/// A transposed convolution: inputs `x`, `w` `[IC, OC / groups, kernel..]`, an optional bias `[OC]`.
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
    /// Applied after the bias.
    pub activation: AnyFunction,
}

impl ConvTranspose {
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
            let full = size.saturating_sub(1) * self.window.strides[i] + self.window.span(i) + self.output_padding[i];
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
        let dtype = check_dtype(inputs)?;
        if self.output_padding.len() != self.window.rank() {
            return Err(op_error("output_padding must have one number for each spatial axis"));
        }
        let (_, output) = self.output(inputs.ty(0)?, inputs.ty(1)?)?;
        check_bias(inputs, output.channels)?;
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
            direct(cx, &self.window, self.groups, [&image, &output], true, self.activation);
            return Ok(());
        }
        let w = constant_weights(cx, 1)?;
        let [kh, kw] = Window::pair(&self.window.kernel, 1);
        let (oc, ic) = (output.channels, image.channels / self.groups);
        let mut packed = vec![0.0; pack::packed_conv2d_len(self.groups, oc, kh, kw, ic)];
        pack::pack_conv_transpose2d(self.groups, oc, kh, kw, ic, &w, &mut packed);
        let w = cx.add_constant("weights", Tensor::f32(&[packed.len()], &packed));
        let [top, left, ..] = self.window.pads2d();
        let kernel = ConvTranspose2d {
            batch: image.batch,
            input: image.hwc(),
            output: output.hwc(),
            kernel: [kh, kw],
            strides: Window::pair(&self.window.strides, 1),
            dilations: Window::pair(&self.window.dilations, 1),
            pads: [top, left],
            groups: self.groups,
            activation: self.activation,
        };
        let (x, bias) = (cx.input(0), bias_or_zeros(cx, output.channels));
        let y = cx.output(0);
        cx.call(kernel, &[x, w, bias], &[y]);
        Ok(())
    }
}
