//! The verbs that passes are written in: those of any rewrite, and adding an operator, which folds constants.

pub(super) use crate::ir::rewrite::*;

use crate::ir::primitives::Reshape;
use crate::ir::{Graph, NodeId, OpError, Operator, ValueId};
use crate::middle::fold;

/// Adds an operator with one output on behalf of `node`; folds it if its operands are constants.
pub(super) fn add(
    graph: &mut Graph,
    node: NodeId,
    operator: impl Into<Box<dyn Operator>>,
    inputs: &[ValueId],
) -> Result<ValueId, OpError> {
    let (name, origin) = (graph.node(node).name.clone(), graph.node(node).origin.clone());
    Ok(fold::add(graph, &name, operator.into(), inputs, &origin)?[0])
}

/// The value with another shape.
pub(super) fn reshaped(graph: &mut Graph, node: NodeId, value: ValueId, shape: Vec<usize>) -> Result<ValueId, OpError> {
    if graph.ty(value).shape == shape {
        Ok(value)
    } else {
        add(graph, node, Reshape { shape }, &[value])
    }
}
