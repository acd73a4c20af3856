//! Channels that are the same number everywhere, whatever the model's inputs are. Kernels compute the numbers.

use super::along::Along;
use super::flow::{Channels, Flow};
use super::layer::{Layer, is_exact, tensor};
use crate::ir::primitives::{
    Binary, BinaryOp, Gemm, MULTIPLIER, Map, Pool, PoolKind, Reduce, ReduceOp, Resize, ScaleShift,
};
use crate::ir::{DType, Graph, Node, OpError, Operator, Tensor, TensorType, ValueId, op_error};
use crate::middle::fold;

/// Elements of an operator's operands and result above which it is not run to learn of channels: such maps take
/// seconds, and a channel less hardly matters to them.
const MOST_ELEMENTS: usize = 1 << 24;

/// The channels of a layer's result that are the same everywhere.
pub(super) fn of_layer(
    flow: &Flow,
    graph: &Graph,
    node: &Node,
    layer: &Layer,
    x: Option<Channels>,
) -> Result<Vec<Option<f64>>, OpError> {
    let constant = |i: usize| x.and_then(|x| flow.constants[x.first + i]);
    let sum = |output: usize| {
        let inputs = if layer.depthwise {
            output..output + 1
        } else {
            0..layer.inputs
        };
        let mut terms = inputs.map(|i| match layer.vanishes(output, i) {
            true => Some(0.0),
            false => layer.term(output, i, constant(i)?),
        });
        let sum = terms.try_fold(layer.bias[output], |sum, term| Some(sum + term?))?;
        (!layer.integers || sum.abs() <= f64::from(i32::MAX)).then_some(sum)
    };
    let sums: Vec<Option<f64>> = (0..layer.outputs).map(sum).collect();
    if layer.residual || !layer.is_exact() || sums.iter().all(Option::is_none) {
        return Ok(vec![None; layer.outputs]);
    }
    // The sums as the biases of a product with nothing, which treats them as the layer does.
    let dtype = graph.ty(node.inputs[0].expect("an operand")).dtype;
    let (weights, biases) = if layer.integers {
        (DType::I8, DType::I32)
    } else {
        (dtype, dtype)
    };
    let numbers: Vec<f64> = sums.iter().map(|sum| sum.unwrap_or(0.0)).collect();
    let n = layer.outputs;
    let mut operands = vec![
        tensor(dtype, vec![1, 1], &[0.0]),
        tensor(weights, vec![1, n], &vec![0.0; n]),
        tensor(biases, vec![n], &numbers),
    ];
    if layer.integers {
        operands.extend(node.inputs[MULTIPLIER].and_then(|v| graph.constant(v)).cloned());
    }
    let gemm = Gemm {
        activation: layer.activation,
    };
    let results = evaluate(&gemm, &operands)?;
    Ok(sums.iter().zip(results).map(|(sum, y)| sum.map(|_| y)).collect())
}

/// The channels of the result of an operator between layers that are the same everywhere.
pub(super) fn between(
    flow: &Flow,
    graph: &Graph,
    node: &Node,
    along: &Along,
    count: usize,
) -> Result<Vec<Option<f64>>, OpError> {
    // What each channel of the result is made of, if that is known.
    let mut parts: Vec<Option<Vec<f64>>> = vec![Some(vec![]); count];
    for (index, pairs) in &along.operands {
        let x = flow.values[&node.inputs[*index].expect("an operand")];
        for (from, to) in pairs {
            let constant = flow.constants[x.first + from];
            parts[*to] = parts[*to].take().zip(constant).map(|(mut parts, c)| {
                parts.push(c);
                parts
            });
        }
    }
    for part in &mut parts {
        *part = part.take().filter(|part| !part.is_empty() && is_exact_for(node, part));
    }
    // The operator runs on all of its operands, for a channel that is known at least.
    let sizes = graph.types(&node.inputs).into_iter().flatten().map(TensorType::len);
    let elements = sizes.fold(graph.ty(node.outputs[0]).len(), usize::saturating_add);
    let worth_it = parts.iter().any(Option::is_some) && elements <= MOST_ELEMENTS;
    let Some(operands) = worth_it.then(|| operands(flow, graph, node, along)).flatten() else {
        return Ok(vec![None; count]);
    };
    let result = evaluate(node.operator().expect("an operator"), &operands)?;
    let shape = &graph.ty(node.outputs[0]).shape;
    let inner: usize = shape[along.axis + 1..].iter().product();
    let mut constants: Vec<Option<f64>> = vec![None; count];
    let mut differs: Vec<bool> = parts.iter().map(Option::is_none).collect();
    for (place, number) in result.into_iter().enumerate() {
        let channel = place / inner % count;
        differs[channel] |= *constants[channel].get_or_insert(number) != number;
    }
    for (constant, _) in constants.iter_mut().zip(differs).filter(|(_, differs)| *differs) {
        *constant = None;
    }
    Ok(constants)
}

/// An operator's operands, with the constants of their channels everywhere and something for what is not known; `None`
/// if that is not enough to compute it.
fn operands(flow: &Flow, graph: &Graph, node: &Node, along: &Along) -> Option<Vec<Tensor>> {
    let operand = |(index, value): (usize, &Option<ValueId>)| {
        let value = (*value)?;
        if !along.operands.iter().any(|(operand, _)| *operand == index) {
            return graph.constant(value).cloned();
        }
        let (ty, x) = (graph.ty(value), flow.values[&value]);
        let constants = &flow.constants[x.first..x.first + x.count];
        let filler = constants.iter().flatten().next().copied().unwrap_or(0.0);
        let size = ty.shape[x.axis + 1..].iter().product::<usize>();
        let channel = |constant: &Option<f64>| Tensor::scalar(ty.dtype, constant.unwrap_or(filler)).bytes.repeat(size);
        let block: Vec<u8> = constants.iter().flat_map(channel).collect();
        let blocks = ty.shape[..x.axis].iter().product();
        Some(Tensor::new(ty.dtype, ty.shape.clone(), block.repeat(blocks)))
    };
    node.inputs.iter().enumerate().map(operand).collect()
}

/// Whether an operator computes the same number of these on every machine.
fn is_exact_for(node: &Node, parts: &[f64]) -> bool {
    let zero = parts.iter().all(|part| *part == 0.0);
    if let Some(map) = node.op::<Map>() {
        is_exact(map.function)
    } else if let Some(binary) = node.op::<Binary>() {
        is_exact(binary.activation) && binary.op != BinaryOp::Pow
    } else if let Some(scale) = node.op::<ScaleShift>() {
        is_exact(scale.activation) && zero
    } else if let Some(reduce) = node.op::<Reduce>() {
        match reduce.op {
            ReduceOp::Max | ReduceOp::Min => true,
            ReduceOp::Mean | ReduceOp::Sum | ReduceOp::L1 => zero,
            _ => false,
        }
    } else if let Some(pool) = node.op::<Pool>() {
        pool.kind == PoolKind::Max || zero
    } else {
        node.op::<Resize>().is_none() || zero
    }
}

/// The only result of an operator, as numbers.
fn evaluate(operator: &dyn Operator, operands: &[Tensor]) -> Result<Vec<f64>, OpError> {
    let results = fold::evaluate(operator, operands).map_err(|e| op_error(e.to_string()))?;
    Ok(results.first().map(Tensor::to_f64).unwrap_or_default())
}
