//! The verbs that passes are written in.

use crate::fold;
use crate::ir::{Graph, Node, NodeId, OpError, Operator, Tensor, ValueId};

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

/// Puts `operator` in place of `node`, which has one output. The ONNX nodes of `absorbed`, which come before it, count as
/// its own.
pub(super) fn replace(
    graph: &mut Graph,
    node: NodeId,
    operator: impl Into<Box<dyn Operator>>,
    inputs: &[Option<ValueId>],
    absorbed: &[NodeId],
) -> Result<ValueId, OpError> {
    let mut origin: Vec<String> = vec![];
    for source in absorbed.iter().chain([&node]) {
        for name in &graph.node(*source).origin {
            if !origin.contains(name) {
                origin.push(name.clone());
            }
        }
    }
    let name = graph.node(node).name.clone();
    let id = graph.add(name, operator.into(), inputs, &origin)?;
    let (old, new) = (graph.node(node).outputs[0], graph.node(id).outputs[0]);
    substitute(graph, node, old, new);
    Ok(new)
}

/// Makes readers of `old`, an output of `node`, read `new`, and removes the node.
pub(super) fn substitute(graph: &mut Graph, node: NodeId, old: ValueId, new: ValueId) {
    graph.replace_uses(old, new);
    graph.remove(node);
}

/// Nodes whose operator is a `T`, in order.
pub(super) fn nodes_of<T: Operator + 'static>(graph: &Graph) -> Vec<NodeId> {
    graph
        .order()
        .into_iter()
        .filter(|id| graph.node(*id).op::<T>().is_some())
        .collect()
}

/// Operand `index` of a node.
pub(super) fn input(node: &Node, index: usize) -> Option<ValueId> {
    node.inputs.get(index).copied().flatten()
}

/// The node that gives `value`, if its operator is a `T` and nothing else reads the value.
pub(super) fn private_producer<T: Operator + 'static>(graph: &Graph, value: ValueId) -> Option<NodeId> {
    let producer = graph.value(value).producer;
    graph.node(producer).op::<T>()?;
    graph.only_user(value).is_some().then_some(producer)
}

/// The only element of a constant, as `f32`.
pub(super) fn scalar(graph: &Graph, value: ValueId) -> Option<f32> {
    graph
        .constant(value)
        .and_then(Tensor::to_f32)
        .filter(|v| v.len() == 1)
        .map(|v| v[0])
}

/// An activation's node with a constant and another operand in either order, as (other, constant).
pub(super) fn with_scalar(graph: &Graph, node: &Node) -> Option<(ValueId, f32)> {
    let (a, b) = (input(node, 0)?, input(node, 1)?);
    scalar(graph, b)
        .map(|s| (a, s))
        .or_else(|| scalar(graph, a).map(|s| (b, s)))
}
