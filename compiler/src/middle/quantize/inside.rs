use super::role::{Role, table};
use crate::ir::primitives::Resize;
use crate::ir::{Graph, NodeId, ValueId};
use std::collections::HashMap;

/// Whether a value lies between an operator and its limits, between functions that make one, or between the two axes of
/// a resize: it is never integers.
pub(super) fn is_inside(graph: &Graph, roles: &HashMap<NodeId, Role>, value: ValueId) -> bool {
    let is_function = |id: NodeId| table(graph, graph.node(id)).is_some();
    graph.only_user(value).is_some_and(|user| {
        let computes = |id: NodeId| matches!(roles[&id], Role::Computes(_)) && is_function(id);
        roles[&user] == Role::Limits
            || (computes(user) && computes(graph.value(value).producer))
            || (graph.node(user).op::<Resize>().is_some() && resized_axes(graph, value) % 2 == 1)
    })
}

/// How many resizes of one axis each follow one another up to a value.
fn resized_axes(graph: &Graph, value: ValueId) -> usize {
    let node = graph.producer(value);
    match node.inputs.first().copied().flatten() {
        Some(x) if node.op::<Resize>().is_some() => 1 + resized_axes(graph, x),
        _ => 0,
    }
}
