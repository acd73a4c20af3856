//! Convolutions and products as this pass sees them: a matrix of channels by channels.

use super::super::rewrite::input;
use crate::ir::primitives::{
    Activation, BIAS, Conv, ConvTranspose, Gemm, Layout, MULTIPLIER, RESIDUAL, has_packed_kernel,
};
use crate::ir::{DType, Graph, Node, Tensor};
use runtime_core::function::AnyFunction;

/// Where so many times all weights of a channel are less than its bias, products with inputs below 2^24 vanish when they
/// are added to the bias: the sum is the bias.
const NO_SUM: f64 = (1_u64 << 50) as f64;

/// Where so many times a weight is less than the bias of its channel, its products are beyond the last bit of any sum that
/// is not exactly zero.
const NO_TERM: f64 = NO_SUM * (1_u64 << 30) as f64;

/// A convolution or product with known weights, all channels with all or each with itself.
pub(super) struct Layer {
    /// Channels of operand 0.
    pub(super) inputs: usize,
    /// Channels of the result.
    pub(super) outputs: usize,
    /// Axis of the channels of operand 0 and of the result.
    pub(super) axis: usize,
    /// Whether each channel is summed by itself.
    pub(super) depthwise: bool,
    /// Whether sums are of integers.
    pub(super) integers: bool,
    /// The number outside of the image, if windows leave it.
    pub(super) outside: Option<f64>,
    /// What becomes of the sums.
    pub(super) activation: Activation,
    /// One number an output, if there is a bias.
    pub(super) bias: Vec<f64>,
    /// Whether a tensor is added to the sums.
    pub(super) residual: bool,
    weights: Vec<f64>,
    /// Distances in `weights` between outputs, inputs and taps.
    steps: [usize; 3],
    taps: usize,
    /// Weights of each output that are no greater than this are as good as zero.
    negligible: Vec<f64>,
}

impl Layer {
    /// Reads a node; `None` where its channels cannot be taken apart: grouped, of weights computed at run time, or summed in
    /// an order that depends on other channels.
    pub(super) fn of(graph: &Graph, node: &Node) -> Option<Self> {
        let x = graph.ty(input(node, 0)?);
        let weights = graph.constant(input(node, 1)?)?;
        let shape = &weights.shape[..];
        let image_axis = |layout: Layout| {
            if layout == Layout::ChannelsFirst {
                1
            } else {
                x.rank() - 1
            }
        };
        let product = |dims: &[usize]| dims.iter().product::<usize>();
        let (activation, inputs, outputs, axis, steps, taps, depthwise, padded);
        if let Some(conv) = node.op::<Conv>() {
            if !has_packed_kernel(&conv.window, graph.ty(input(node, 1)?), true) {
                return None;
            }
            (axis, activation, taps) = (image_axis(conv.layout), conv.activation, product(&shape[2..]));
            (outputs, inputs, steps) = (shape[0], x.shape[axis], [shape[1] * taps, taps, 1]);
            depthwise = conv.groups > 1;
            padded = conv.window.pads.iter().any(|pad| *pad != 0);
            if depthwise && (conv.groups != inputs || conv.groups != outputs) {
                return None;
            }
        } else if let Some(conv) = node.op::<ConvTranspose>() {
            // The order of its sums in floats is its kernel's own affair.
            let integers = matches!(conv.activation, Activation::Requantize { .. });
            let packed = has_packed_kernel(&conv.window, graph.ty(input(node, 1)?), true);
            if conv.groups != 1 || !integers || !packed {
                return None;
            }
            (axis, activation, taps) = (image_axis(conv.layout), conv.activation, product(&shape[2..]));
            (inputs, outputs, steps) = (shape[0], shape[1], [taps, shape[1] * taps, 1]);
            // How many taps meet an element depends on its place.
            (depthwise, padded) = (false, true);
        } else {
            activation = node.op::<Gemm>()?.activation;
            (inputs, outputs, axis) = (shape[0], shape[1], x.rank() - 1);
            (steps, taps, depthwise, padded) = ([1, outputs, 1], 1, false, false);
        }
        let constant = |index| graph.constant(input(node, index)?);
        let (integers, outside) = match activation {
            Activation::Function(_) => (false, 0.0),
            Activation::Requantize { requantize, .. } => (true, f64::from(requantize.outside)),
        };
        let known = weights.dtype == if integers { DType::I8 } else { DType::F32 };
        let bias = match input(node, BIAS) {
            Some(_) => constant(BIAS)?.to_f64(),
            None => vec![0.0; outputs],
        };
        if !known || integers && constant(MULTIPLIER).is_none() {
            return None;
        }
        let mut layer = Self {
            inputs,
            outputs,
            axis,
            depthwise,
            integers,
            outside: padded.then_some(outside),
            activation,
            negligible: vec![0.0; outputs],
            bias,
            residual: !integers && input(node, RESIDUAL).is_some(),
            weights: weights.to_f64(),
            steps: if depthwise { [taps, 0, 1] } else { steps },
            taps,
        };
        if !integers {
            layer.negligible = (0..outputs).map(|output| layer.negligible(output)).collect();
        }
        Some(layer)
    }

    /// The greatest weight of a channel of floats that is as good as zero.
    fn negligible(&self, output: usize) -> f64 {
        let from = if self.depthwise { 0..1 } else { 0..self.inputs };
        let bias = self.bias[output].abs();
        let least = bias / (from.len() * self.taps) as f64 / NO_SUM;
        let no_sum = from.flat_map(|i| self.weights(output, i)).all(|w| w.abs() <= least);
        if no_sum { least } else { bias / NO_TERM }
    }

    fn weights(&self, output: usize, from: usize) -> impl Iterator<Item = f64> {
        let first = output * self.steps[0] + from * self.steps[1];
        (0..self.taps).map(move |tap| self.weights[first + tap * self.steps[2]])
    }

    /// The sum of the magnitudes of an output's weights.
    pub(super) fn size(&self, output: usize) -> f64 {
        let from = if self.depthwise { 0..1 } else { 0..self.inputs };
        from.flat_map(|i| self.weights(output, i)).map(f64::abs).sum()
    }

    /// Of each tap, whether its weight is as good as zero.
    pub(super) fn zeros(&self, output: usize, from: usize) -> impl Iterator<Item = bool> {
        self.weights(output, from)
            .map(move |w| w.abs() <= self.negligible[output])
    }

    /// Of each tap of the kernel, whether any channel has a weight there.
    pub(super) fn used_taps(&self) -> Vec<bool> {
        let mut used = vec![false; self.taps];
        for output in 0..self.outputs {
            for from in if self.depthwise { 0..1 } else { 0..self.inputs } {
                for (used, zero) in used.iter_mut().zip(self.zeros(output, from)) {
                    *used |= !zero;
                }
            }
        }
        used
    }

    /// Whether what input channel `from` adds to a sum of channel `output` is nothing, whatever it holds.
    pub(super) fn vanishes(&self, output: usize, from: usize) -> bool {
        self.zeros(output, from).all(|zero| zero)
    }

    /// What an input channel that is `constant` everywhere adds to every sum of channel `output`; `None` where that depends
    /// on the place, or on the rounding of floats.
    pub(super) fn term(&self, output: usize, from: usize, constant: f64) -> Option<f64> {
        if self.outside.is_some_and(|outside| outside != constant) {
            return None;
        }
        if self.integers {
            return Some(constant * self.weights(output, from).sum::<f64>());
        }
        (constant == 0.0).then_some(0.0)
    }

    /// Whether every channel of the result is a function of floats that is the same number on every machine.
    pub(super) fn is_exact(&self) -> bool {
        match self.activation {
            Activation::Function(function) => is_exact(function),
            Activation::Requantize { .. } => true,
        }
    }
}

/// Functions that involve no rounding that depends on the instruction set.
pub(super) fn is_exact(function: AnyFunction) -> bool {
    matches!(
        function,
        AnyFunction::Identity(_)
            | AnyFunction::Relu(_)
            | AnyFunction::Clip(_)
            | AnyFunction::Abs(_)
            | AnyFunction::Neg(_)
    )
}

/// One number of any type for each of `shape`'s elements.
pub(super) fn tensor(dtype: DType, shape: Vec<usize>, numbers: &[f64]) -> Tensor {
    let bytes = numbers.iter().flat_map(|n| Tensor::scalar(dtype, *n).bytes.to_vec());
    Tensor::new(dtype, shape, bytes.collect())
}
