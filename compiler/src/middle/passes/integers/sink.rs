//! `DequantizeLinear` moves behind operators that pass elements on.

use super::super::rewrite::{add, input, replace};
use super::carry::{carried, carry, exactly, operand};
use super::operands::dequantised;
use crate::ir::primitives::{DequantizeLinear, Quantization, Transpose};
use crate::ir::{Graph, NodeId, OpError, ValueId};

/// Moves each as far as it goes; tells whether any moved.
pub(super) fn run(graph: &mut Graph) -> Result<bool, OpError> {
    let mut changed = false;
    for id in graph.order() {
        if graph.contains(id) {
            changed |= behind_transpose(graph, id)? || behind(graph, id)?;
        }
    }
    super::super::unused::run(graph)?;
    Ok(changed)
}

fn behind(graph: &mut Graph, id: NodeId) -> Result<bool, OpError> {
    let Some(indices) = carried(graph.node(id)) else {
        return Ok(false);
    };
    let Some(quantization) = common(graph, id, &indices) else {
        return Ok(false);
    };
    let mut operands = vec![];
    for index in indices {
        let Some(value) = operand(graph, id, index) else {
            continue;
        };
        let integers = match dequantised(graph, value) {
            Some(quantised) => Some(quantised.value),
            None => exactly(graph, id, value, &quantization)?,
        };
        let Some(integers) = integers else { return Ok(false) };
        operands.push((index, integers));
    }
    let moved = carry(graph, id, &operands)?;
    let outputs = graph.node(id).outputs.clone();
    for (old, new) in outputs.iter().zip(graph.node(moved).outputs.clone()) {
        let from = quantization.clone();
        let new = add(graph, id, DequantizeLinear { from }, &[new])?;
        graph.replace_uses(*old, new);
    }
    graph.remove(id);
    Ok(true)
}

/// The quantisation with one scale that all carried operands share, constants aside.
fn common(graph: &Graph, id: NodeId, indices: &[usize]) -> Option<Quantization> {
    let values: Vec<ValueId> = indices.iter().filter_map(|index| operand(graph, id, *index)).collect();
    let mut common: Option<Quantization> = None;
    for value in values {
        match (dequantised(graph, value), &common) {
            (Some(quantised), None) => common = Some(quantised.quantization),
            (Some(quantised), Some(first)) if quantised.quantization == *first => {}
            (None, _) if graph.constant(value).is_some() => {}
            _ => return None,
        }
    }
    common.filter(|quantization| quantization.single().is_some())
}

/// Weights with a scale for each channel, transposed.
fn behind_transpose(graph: &mut Graph, id: NodeId) -> Result<bool, OpError> {
    let node = graph.node(id);
    let Some(transpose) = node.op::<Transpose>().cloned() else {
        return Ok(false);
    };
    let Some(quantised) = input(node, 0).and_then(|value| dequantised(graph, value)) else {
        return Ok(false);
    };
    let Some(from) = quantised.quantization.permuted(&transpose.perm) else {
        return Ok(false);
    };
    let integers = add(graph, id, transpose, &[quantised.value])?;
    replace(graph, id, DequantizeLinear { from }, &[Some(integers)], &[])?;
    Ok(true)
}
