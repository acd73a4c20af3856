//! `QuantizeLinear` moves before operators that pass elements on: the integers of what is moved are moved integers.

use super::super::rewrite::{add, input, nodes_of, substitute};
use super::carry::{carried, carry, operand};
use crate::ir::primitives::QuantizeLinear;
use crate::ir::{Graph, NodeId, OpError};
use std::collections::HashMap;

/// Moves each as far as it goes; tells whether any moved.
pub(super) fn run(graph: &mut Graph) -> Result<bool, OpError> {
    let mut changed = false;
    for id in nodes_of::<QuantizeLinear>(graph).into_iter().rev() {
        changed |= before(graph, id)?;
    }
    super::super::unused::run(graph)?;
    Ok(changed)
}

fn before(graph: &mut Graph, id: NodeId) -> Result<bool, OpError> {
    let node = graph.node(id);
    let Some(quantize) = node.op::<QuantizeLinear>().cloned() else {
        return Ok(false);
    };
    let Some(moved) = input(node, 0).filter(|value| graph.only_user(*value).is_some()) else {
        return Ok(false);
    };
    let mover = graph.value(moved).producer;
    let Some(indices) = carried(graph.node(mover)) else {
        return Ok(false);
    };
    if quantize.to.single().is_none() || graph.node(mover).outputs.len() != 1 {
        return Ok(false);
    }
    let (mut operands, mut known) = (vec![], HashMap::new());
    for index in indices {
        if let Some(value) = operand(graph, mover, index) {
            let integers = match known.get(&value) {
                Some(integers) => *integers,
                None => add(graph, id, quantize.clone(), &[value])?,
            };
            known.insert(value, integers);
            operands.push((index, integers));
        }
    }
    let new = carry(graph, mover, &operands)?;
    let (old, new) = (graph.node(id).outputs[0], graph.node(new).outputs[0]);
    substitute(graph, id, old, new);
    graph.remove(mover);
    Ok(true)
}
