//! Channels that are the same number everywhere, whatever the model's inputs are. Kernels compute the numbers.

use super::super::rewrite::input;
use super::along::Along;
use super::flow::{Channels, Flow};
use super::layer::{Layer, is_exact, tensor};
use crate::fold;
use crate::ir::{DType, Graph, Node, OpError, Operator, Tensor, op_error};
use crate::primitives::{
    Binary, BinaryOp, Gemm, Lookup, MULTIPLIER, Map, Pad, Pool, PoolKind, Reduce, ReduceOp, Reshape, Slice, Transpose,
};

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
    let mut constants = vec![None; count];
    let of = |index: usize| flow.values[&node.inputs[index].expect("an operand")];
    let table = node.op::<Lookup>().is_some();
    if !table && !node.operator().is_some_and(|op| op.is_elementwise()) {
        let [(index, pairs)] = &along.operands[..] else {
            for (index, pairs) in &along.operands {
                let x = of(*index);
                pairs
                    .iter()
                    .for_each(|(from, to)| constants[*to] = flow.constants[x.first + from]);
            }
            return Ok(if joins_alike(along) {
                constants
            } else {
                vec![None; count]
            });
        };
        let x = of(*index);
        for (from, to) in pairs {
            constants[*to] = flow.constants[x.first + from].filter(|c| keeps(graph, node, *c));
        }
        return Ok(constants);
    }
    for (i, constant) in constants.iter_mut().enumerate() {
        let known = |(index, _): &(usize, _)| flow.constants[of(*index).first + i].is_some();
        *constant = along.operands.iter().all(known).then_some(0.0);
    }
    if !is_exact_node(node) || constants.iter().all(Option::is_none) {
        return Ok(vec![None; count]);
    }
    let rank = graph.ty(node.outputs[0]).rank();
    let mut operands = vec![];
    for (index, value) in node.inputs.iter().enumerate() {
        let Some(value) = *value else {
            return Ok(vec![None; count]);
        };
        let ty = graph.ty(value);
        if along.operands.iter().any(|(operand, _)| *operand == index) {
            let first = of(index).first;
            let numbers = &flow.constants[first..first + count];
            let filler = numbers.iter().flatten().next().copied().unwrap_or(0.0);
            let numbers: Vec<f64> = numbers.iter().map(|n| n.unwrap_or(filler)).collect();
            let mut shape = vec![1; rank];
            shape[along.axis] = count;
            operands.push(tensor(ty.dtype, shape, &numbers));
        } else {
            let own = (along.axis + ty.rank()).checked_sub(rank);
            let alike = table || (0..ty.rank()).all(|axis| ty.shape[axis] == 1 || own == Some(axis));
            match graph.constant(value).filter(|_| alike) {
                Some(constant) => operands.push(constant.clone()),
                None => return Ok(vec![None; count]),
            }
        }
    }
    let results = evaluate(node.operator().expect("an operator"), &operands)?;
    Ok(constants.iter().zip(results).map(|(c, y)| c.map(|_| y)).collect())
}

/// Whether operands lie beside each other along the channels, so that each channel of the result comes from one of them.
fn joins_alike(along: &Along) -> bool {
    let mut targets: Vec<usize> = along
        .operands
        .iter()
        .flat_map(|(_, p)| p.iter().map(|(_, to)| *to))
        .collect();
    let all = targets.len();
    targets.sort_unstable();
    targets.dedup();
    targets.len() == all
}

/// Whether an operator with one operand makes a channel of this constant of such a channel.
fn keeps(graph: &Graph, node: &Node, constant: f64) -> bool {
    if let Some(pool) = node.op::<Pool>() {
        let reaches = (0..pool.window.rank()).all(|axis| {
            let rank = pool.window.rank();
            pool.window.pads[axis].max(pool.window.pads[rank + axis]) < pool.window.kernel[axis]
        });
        return reaches
            && pool.window.dilations.iter().all(|d| *d == 1)
            && !pool.ceil_mode
            && (pool.kind == PoolKind::Max || constant == 0.0);
    }
    if let Some(reduce) = node.op::<Reduce>() {
        return match reduce.op {
            ReduceOp::Max | ReduceOp::Min => true,
            ReduceOp::Mean | ReduceOp::Sum | ReduceOp::L1 => constant == 0.0,
            _ => false,
        };
    }
    if node.op::<Pad>().is_some() {
        let filler = input(node, 1)
            .and_then(|v| graph.constant(v))
            .and_then(Tensor::scalar_f64);
        return filler == Some(constant);
    }
    node.op::<Reshape>().is_some() || node.op::<Transpose>().is_some() || node.op::<Slice>().is_some()
}

/// Whether an elementwise operator gives the same numbers on every machine.
fn is_exact_node(node: &Node) -> bool {
    if let Some(map) = node.op::<Map>() {
        return is_exact(map.function);
    }
    match node.op::<Binary>() {
        Some(binary) => is_exact(binary.activation) && binary.op != BinaryOp::Pow,
        None => true,
    }
}

/// The only result of an operator, as numbers.
fn evaluate(operator: &dyn Operator, operands: &[Tensor]) -> Result<Vec<f64>, OpError> {
    let results = fold::evaluate(operator, operands).map_err(|e| op_error(e.to_string()))?;
    Ok(results.first().map(Tensor::to_f64).unwrap_or_default())
}
