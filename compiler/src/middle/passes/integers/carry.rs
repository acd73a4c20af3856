//! Operators that pass elements on: what they do to numbers they do to the integers that stand for them.

use super::super::rewrite::{add, input};
use crate::ir::primitives::{
    Concat, Expand, Gather, Pad, PadMode, Pool, PoolKind, Quantization, QuantizeLinear, Reduce, ReduceOp, Reshape,
    Slice, Tile, Transpose,
};
use crate::ir::{Graph, Node, NodeId, OpError, Tensor, ValueId};

/// The operands whose elements a node passes on, if it does nothing else.
pub(super) fn carried(node: &Node) -> Option<Vec<usize>> {
    let all = 0..node.inputs.len();
    if node.op::<Concat>().is_some() {
        return Some(all.collect());
    }
    if let Some(pad) = node.op::<Pad>() {
        let elements = if pad.mode == PadMode::Constant { 2 } else { 1 };
        return Some((0..elements).collect());
    }
    // Rounding keeps the order, so the greatest number has the greatest integer.
    let chooses = node.op::<Pool>().is_some_and(|pool| pool.kind == PoolKind::Max)
        || node
            .op::<Reduce>()
            .is_some_and(|reduce| matches!(reduce.op, ReduceOp::Max | ReduceOp::Min));
    let moves = node.op::<Transpose>().is_some()
        || node.op::<Reshape>().is_some()
        || node.op::<Slice>().is_some()
        || node.op::<Gather>().is_some()
        || node.op::<Expand>().is_some()
        || node.op::<Tile>().is_some();
    (chooses || moves).then(|| vec![0])
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
