//! What integers stand for, for the reports: the conversions that tell it are gone when calls are made.

use super::carry::carried;
use crate::ir::primitives::{DequantizeLinear, QuantizeLinear};
use crate::ir::{Graph, NodeId, Steps};

/// Notes it of the integers that conversions read and give, and of those that operators pass on.
pub(super) fn note(graph: &mut Graph) {
    let order = graph.order();
    for id in &order {
        conversion(graph, *id);
    }
    for id in order.iter().chain(order.iter().rev()) {
        passed_on(graph, *id);
    }
}

fn conversion(graph: &mut Graph, id: NodeId) {
    let node = graph.node(id);
    let told = match (node.op::<DequantizeLinear>(), node.op::<QuantizeLinear>()) {
        (Some(op), _) => node.inputs[0].zip(op.from.steps()),
        (_, Some(op)) => Some(node.outputs[0]).zip(op.to.steps()),
        _ => None,
    };
    if let Some((integers, steps)) = told {
        graph.note_steps(integers, steps);
    }
}

/// What only moves elements gives integers that stand for the same as those that it reads.
fn passed_on(graph: &mut Graph, id: NodeId) {
    let node = graph.node(id);
    let Some(operands) = carried(node) else { return };
    let operands = operands
        .into_iter()
        .filter_map(|index| node.inputs.get(index).copied()?);
    let values: Vec<_> = operands.chain(node.outputs.iter().copied()).collect();
    let steps: Vec<Option<Steps>> = values.iter().map(|value| graph.value(*value).steps).collect();
    let mut known = steps.iter().flatten();
    if let Some(first) = known.next().copied()
        && known.all(|other| *other == first)
    {
        values.into_iter().for_each(|value| graph.note_steps(value, first));
    }
}
