//! Convolutions and products as this pass sees them: a matrix of channels by channels.

use crate::ir::linear::{Linear, WeightPlaces};
use crate::ir::primitives::Activation;
use crate::ir::{DType, Graph, Node, Tensor};
use runtime_core::function::AnyFunction;

/// Where all weights of a channel times this factor are smaller than its bias, products with inputs below 2^24 vanish
/// when they are added to the bias: the sum is the bias.
const NO_SUM: f64 = (1_u64 << 50) as f64;

/// Where a weight times this factor is smaller than the bias of its channel, its products are beyond the last bit of
/// any sum that is not exactly zero.
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
    /// Applied to each sum.
    pub(super) activation: Activation,
    /// One number per output, if there is a bias.
    pub(super) bias: Vec<f64>,
    /// Whether a tensor is added to the sums.
    pub(super) residual: bool,
    weights: Vec<f64>,
    places: WeightPlaces,
    /// Weights of each output that are no greater than this are as good as zero.
    negligible: Vec<f64>,
}

impl Layer {
    /// Reads a node; `None` where its channels cannot be taken apart: grouped, of weights computed at run time, or
    /// summed in an order that depends on other channels.
    pub(super) fn of(graph: &Graph, node: &Node) -> Option<Self> {
        let linear = Linear::of(node)?;
        let weights = graph.constant(linear.weights())?;
        let places = linear.places(graph);
        let (inputs, outputs, groups) = (places.inputs(), places.outputs(), linear.groups());
        let integers = linear.function().is_none();
        let depthwise = groups > 1;
        if depthwise && (groups != inputs || groups != outputs) || !linear.has_packed_kernel(graph, weights.dtype) {
            return None;
        }
        // The order of its sums in floats is its kernel's own affair.
        if linear.is_transposed() && (depthwise || !integers) {
            return None;
        }
        let known = weights.dtype == if integers { DType::I8 } else { DType::F32 };
        let is_constant = |value| graph.constant(value).is_some();
        if !known || integers && !linear.multiplier().is_some_and(is_constant) {
            return None;
        }
        let bias = match linear.bias() {
            Some(bias) => graph.constant(bias)?.to_f64(),
            None => vec![0.0; outputs],
        };
        // Of a transposed convolution, how many taps meet an element depends on its place.
        let is_padded = |pads: &[usize]| linear.is_transposed() || pads.iter().any(|pad| *pad != 0);
        let padded = linear.window().is_some_and(|window| is_padded(&window.pads));
        let mut layer = Self {
            inputs,
            outputs,
            axis: linear.axis(graph),
            depthwise,
            integers,
            outside: padded.then(|| linear.outside()),
            activation: linear.activation(),
            negligible: vec![0.0; outputs],
            bias,
            residual: linear.residual().is_some(),
            weights: weights.to_f64(),
            places,
        };
        if !integers {
            layer.negligible = (0..outputs).map(|output| layer.negligible(output)).collect();
        }
        Some(layer)
    }

    /// The greatest weight of a channel of floats that is as good as zero.
    fn negligible(&self, output: usize) -> f64 {
        let from = 0..self.places.inputs_of_group();
        let bias = self.bias[output].abs();
        let least = bias / (from.len() * self.places.taps()) as f64 / NO_SUM;
        let no_sum = from.flat_map(|i| self.weights(output, i)).all(|w| w.abs() <= least);
        if no_sum { least } else { bias / NO_TERM }
    }

    /// The weights of an output channel for an input channel, which is the only one of its group where `depthwise`.
    fn weights(&self, output: usize, from: usize) -> impl Iterator<Item = f64> {
        let from = if self.depthwise { 0 } else { from };
        let taps = 0..self.places.taps();
        taps.map(move |tap| self.weights[self.places.index(output, from, tap)])
    }

    /// The sum of the magnitudes of an output's weights.
    pub(super) fn size(&self, output: usize) -> f64 {
        let from = 0..self.places.inputs_of_group();
        from.flat_map(|i| self.weights(output, i)).map(f64::abs).sum()
    }

    /// Of each tap, whether its weight is as good as zero.
    pub(super) fn zeros(&self, output: usize, from: usize) -> impl Iterator<Item = bool> {
        self.weights(output, from)
            .map(move |w| w.abs() <= self.negligible[output])
    }

    /// Of each tap of the kernel, whether any channel has a weight there.
    pub(super) fn used_taps(&self) -> Vec<bool> {
        let mut used = vec![false; self.places.taps()];
        for output in 0..self.outputs {
            for from in 0..self.places.inputs_of_group() {
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

    /// What an input channel that is `constant` everywhere adds to every sum of channel `output`; `None` where that
    /// depends on the place, or on the rounding of floats.
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
