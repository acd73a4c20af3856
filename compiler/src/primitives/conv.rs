use super::direct_conv::direct;
use super::window::{Image, Layout, Window};
use crate::ir::{DType, Inputs, OpError, Operator, Tensor, TensorType, op_error};
use crate::kernels::WithResidual;
use crate::lower::Lowering;
use crate::program::View;
use runtime_core::function::AnyFunction;
use runtime_core::kernels::{Conv2d, DepthwiseConv2d, Gemm};
use runtime_core::pack;

/// A convolution: inputs `x`, `w` `[OC, IC / groups, kernel..]`, an optional bias `[OC]`, an optional residual of the
/// output's shape. Channels-last where there is [a packed kernel](super::has_packed_kernel).
#[derive(Clone, Debug, PartialEq)]
pub struct Conv {
    /// Geometry.
    pub window: Window,
    /// Groups of channels.
    pub groups: usize,
    /// Layout of `x`, of the residual and of the output.
    pub layout: Layout,
    /// Applied after bias and residual.
    pub activation: AnyFunction,
}

/// Position of the bias among the inputs.
pub const BIAS: usize = 2;
/// Position of the residual among the inputs.
pub const RESIDUAL: usize = 3;

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

/// Checks an optional bias of `channels` numbers.
pub(super) fn check_bias(inputs: &Inputs<'_>, channels: usize) -> Result<(), OpError> {
    match inputs.get(BIAS) {
        Some(bias) if bias.shape != [channels] => Err(op_error(format!(
            "the bias {bias} must have one number for each of {channels} channels"
        ))),
        _ => Ok(()),
    }
}

/// The weights as `f32`, which kernels need packed at compile time.
pub(super) fn constant_weights(cx: &Lowering<'_>, index: usize) -> Result<Vec<f32>, OpError> {
    let weights = cx.constant(index).and_then(Tensor::to_f32);
    weights.ok_or_else(|| {
        op_error("the weights are computed at run time or are not float32")
            .help("make them an initializer or a constant of type float32")
    })
}

/// The bias, or zeros.
pub(super) fn bias_or_zeros(cx: &mut Lowering<'_>, channels: usize) -> View {
    if cx.has(BIAS) {
        return cx.input(BIAS);
    }
    let dtype = cx.ty(0).dtype;
    cx.add_constant(
        "bias",
        Tensor::new(dtype, vec![channels], vec![0; channels * dtype.size()]),
    )
}

/// Checks the element type, which all operands share.
pub(super) fn check_dtype(inputs: &Inputs<'_>) -> Result<DType, OpError> {
    let dtype = inputs.same_dtype()?;
    if matches!(dtype, DType::F32 | DType::F64 | DType::I32) {
        Ok(dtype)
    } else {
        Err(op_error(format!("element type {dtype} is not supported")).help("supported: float32, float64, int32"))
    }
}

impl Operator for Conv {
    fn name(&self) -> &'static str {
        "Conv"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        self.window.check()?;
        let dtype = check_dtype(inputs)?;
        let (_, output) = self.output(inputs.ty(0)?, inputs.ty(1)?)?;
        check_bias(inputs, output.channels)?;
        let y = TensorType::new(dtype, output.shape(self.layout));
        match inputs.get(RESIDUAL) {
            Some(residual) if *residual != y => Err(op_error(format!("the residual {residual} is not of type {y}"))),
            _ => Ok(vec![y]),
        }
    }

    fn macs(&self, inputs: &[Option<&TensorType>], outputs: &[&TensorType]) -> u64 {
        let taps = inputs[1].map_or(0, |w| w.shape[1..].iter().product::<usize>());
        outputs[0].len() as u64 * taps as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let (image, output) = self.output(cx.ty(0), cx.ty(1))?;
        if self.layout == Layout::ChannelsFirst {
            direct(cx, &self.window, self.groups, [&image, &output], false, self.activation);
            return Ok(());
        }
        let w = constant_weights(cx, 1)?;
        let (x, bias) = (cx.input(0), bias_or_zeros(cx, output.channels));
        let residual = cx.has(RESIDUAL).then(|| cx.input(RESIDUAL));
        let y = cx.output(0);
        let [kh, kw] = Window::pair(&self.window.kernel, 1);
        let (input, out) = (image.hwc(), output.hwc());
        let [top, left, ..] = self.window.pads2d();
        let geometry = (
            Window::pair(&self.window.strides, 1),
            Window::pair(&self.window.dilations, 1),
            [top, left],
        );
        let (strides, dilations, pads) = geometry;
        if self.groups == image.channels && self.groups == output.channels && self.groups > 1 {
            let mut packed = vec![0.0; w.len()];
            pack::pack_depthwise(output.channels, kh, kw, &w, &mut packed);
            let w = cx.add_constant("weights", Tensor::f32(&[packed.len()], &packed));
            let kernel = DepthwiseConv2d {
                batch: image.batch,
                input,
                output: out,
                kernel: [kh, kw],
                strides,
                dilations,
                pads,
                activation: self.activation,
            };
            fused(cx, kernel, x, w, bias, residual, y);
        } else if self.window.is_pointwise() && self.groups == 1 {
            let (k, n) = (image.channels, output.channels);
            let mut packed = vec![0.0; pack::packed_gemm_len(k, n)];
            pack::pack_gemm(k, n, &w, true, &mut packed);
            let w = cx.add_constant("weights", Tensor::f32(&[packed.len()], &packed));
            fused(
                cx,
                Gemm {
                    m: image.pixels(),
                    k,
                    n,
                    activation: self.activation,
                },
                x,
                w,
                bias,
                residual,
                y,
            );
        } else {
            let (oc, ic) = (output.channels, image.channels / self.groups);
            let mut packed = vec![0.0; pack::packed_conv2d_len(self.groups, oc, kh, kw, ic)];
            pack::pack_conv2d(self.groups, oc, kh, kw, ic, &w, &mut packed);
            let w = cx.add_constant("weights", Tensor::f32(&[packed.len()], &packed));
            let kernel = Conv2d {
                batch: image.batch,
                input,
                output: out,
                kernel: [kh, kw],
                strides,
                dilations,
                pads,
                groups: self.groups,
                activation: self.activation,
            };
            fused(cx, kernel, x, w, bias, residual, y);
        }
        Ok(())
    }
}

/// Adds the call of a kernel with or without a residual.
pub(super) fn fused<K>(cx: &mut Lowering<'_>, kernel: K, x: View, w: View, bias: View, residual: Option<View>, y: View)
where
    K: crate::program::KernelCall + 'static,
    WithResidual<K>: crate::program::KernelCall + 'static,
{
    match residual {
        Some(residual) => cx.call(WithResidual(kernel), &[x, w, bias, residual], &[y]),
        None => cx.call(kernel, &[x, w, bias], &[y]),
    }
}
