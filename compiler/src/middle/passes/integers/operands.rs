//! Operands that are quantised.

use super::super::rewrite::input;
use crate::ir::primitives::{DequantizeLinear, Quantization, weights_around_zero};
use crate::ir::{DType, Graph, Node, Tensor, ValueId};

/// Integers and how they stand for numbers.
#[derive(Clone, Debug)]
pub(super) struct Quantised {
    pub(super) value: ValueId,
    pub(super) quantization: Quantization,
}

/// The integers that a float value is dequantised from.
pub(super) fn dequantised(graph: &Graph, value: ValueId) -> Option<Quantised> {
    let node = graph.producer(value);
    let from = &node.op::<DequantizeLinear>()?.from;
    Some(Quantised {
        value: input(node, 0)?,
        quantization: from.clone(),
    })
}

/// Operand `index` of a node, if it is dequantised from `i8` or `i16` of one scale.
pub(super) fn activation(graph: &Graph, node: &Node, index: usize) -> Option<Quantised> {
    dequantised(graph, input(node, index)?).filter(|quantised| is_activation(&quantised.quantization))
}

/// Whether integers are of `i8` or `i16` and of one scale.
pub(super) fn is_activation(quantization: &Quantization) -> bool {
    matches!(quantization.dtype, DType::I8 | DType::I16) && quantization.single().is_some()
}

/// The numbers of a constant, or of one that is dequantised.
pub(super) fn numbers(graph: &Graph, value: ValueId) -> Option<Vec<f64>> {
    if let Some(tensor) = graph.constant(value) {
        return Some(tensor.to_f64());
    }
    let Quantised { value, quantization } = dequantised(graph, value)?;
    let tensor = graph.constant(value)?;
    let along = quantization.channels(&tensor.shape);
    let scaled = tensor.to_f64().into_iter().zip(along);
    let number = |(integer, channel): (f64, usize)| {
        (integer - f64::from(quantization.zeros[channel])) * f64::from(quantization.scales[channel])
    };
    Some(scaled.map(number).collect())
}

/// Constant `i8` weights around zero, with their scales: one, or one for each element of `axis`.
pub(super) struct Weights {
    pub(super) shape: Vec<usize>,
    pub(super) integers: Vec<i8>,
    pub(super) scales: Vec<f32>,
}

impl Weights {
    /// The weights that `value` is dequantised from, or why kernels cannot take them.
    pub(super) fn read(graph: &Graph, value: ValueId, axis: usize) -> Result<Self, String> {
        let Some(Quantised { value, quantization }) = dequantised(graph, value) else {
            return Err("its weights are not quantised".into());
        };
        let Some(tensor) = graph.constant(value).cloned() else {
            return Err("its weights are computed at run time".into());
        };
        let channels: Vec<usize> = quantization.channels(&tensor.shape).collect();
        let integers = weights_around_zero(&tensor, |index| quantization.zeros.get(channels[index]).copied());
        let Some(integers) = integers else {
            let reason = "its weights are not 8 bits around zero: quantise them to i8, symmetrically";
            return Err(reason.into());
        };
        if quantization.scales.len() > 1 && quantization.axis != axis {
            return Err("the scales of its weights do not lie along the output channels".into());
        }
        Ok(Self {
            integers,
            shape: tensor.shape,
            scales: quantization.scales,
        })
    }

    /// The integers as a constant.
    pub(super) fn tensor(&self) -> Tensor {
        let bytes = self.integers.iter().map(|weight| *weight as u8).collect();
        Tensor::new(DType::I8, self.shape.clone(), bytes)
    }

    /// One scale for each of `channels`.
    pub(super) fn per_channel(&self, channels: usize) -> Option<Vec<f32>> {
        match self.scales[..] {
            [scale] => Some(vec![scale; channels]),
            _ => (self.scales.len() == channels).then(|| self.scales.clone()),
        }
    }
}
