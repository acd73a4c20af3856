//! Operators that pass elements on: what they do to numbers they do to the integers that stand for them.

use super::super::rewrite::{add, input};
use crate::ir::primitives::{Quantization, QuantizeLinear};
use crate::ir::{Graph, Node, NodeId, OpError, Tensor, ValueId};

/// The operands whose elements a node passes on, if it does nothing else.
pub(super) fn carried(node: &Node) -> Option<Vec<usize>> {
    let movement = node.operator()?.movement(node.inputs.len())?;
    Some(movement.operands().collect())
}

/// The node's operator on other operands in place of those that it carries.
pub(super) fn carry(graph: &mut Graph, id: NodeId, operands: &[(usize, ValueId)]) -> Result<NodeId, OpError> {
    let node = graph.node(id);
    let (name, origin) = (node.name.clone(), node.origin.clone());
    let mut inputs = node.inputs.clone();
    for (index, value) in operands {
        inputs[*index] = Some(*value);
    }
    let operator = node.operator().expect("what carries is an operator").boxed();
    graph.add(name, operator, &inputs, &origin)
}

/// A float constant as the integer that stands for exactly that number.
pub(super) fn exactly(
    graph: &mut Graph,
    id: NodeId,
    value: ValueId,
    to: &Quantization,
) -> Result<Option<ValueId>, OpError> {
    let Some(numbers) = graph.constant(value).and_then(Tensor::to_f32) else {
        return Ok(None);
    };
    let Some((scale, zero)) = to.single() else {
        return Ok(None);
    };
    let Some((min, max)) = Quantization::range(to.dtype) else {
        return Ok(None);
    };
    let exact = |number: &f32| {
        let steps = (number / scale).round_ties_even();
        let fits = steps + zero as f32 >= min as f32 && steps + zero as f32 <= max as f32;
        fits && steps * scale == *number
    };
    if !numbers.iter().all(exact) {
        return Ok(None);
    }
    add(graph, id, QuantizeLinear { to: to.clone() }, &[value]).map(Some)
}

/// Operand `index` of a node.
pub(super) fn operand(graph: &Graph, id: NodeId, index: usize) -> Option<ValueId> {
    input(graph.node(id), index)
}
