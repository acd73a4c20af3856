//! The verbs that rewrites of a graph are written in.

use crate::ir::primitives::{Binary, BinaryOp};
use crate::ir::{Graph, Node, NodeId, OpError, Operator, Tensor, ValueId};
use runtime_core::function::AnyFunction;

/// Puts `operator` in place of `node`, which has one output. The ONNX nodes of `absorbed`, which come before it, count
/// as its own.
pub(crate) fn replace(
    graph: &mut Graph,
    node: NodeId,
    operator: impl Into<Box<dyn Operator>>,
    inputs: &[Option<ValueId>],
    absorbed: &[NodeId],
) -> Result<ValueId, OpError> {
    let origin = origins(graph, &[absorbed, &[node]].concat());
    let name = graph.node(node).name.clone();
    let id = graph.add(name, operator.into(), inputs, &origin)?;
    let (old, new) = (graph.node(node).outputs[0], graph.node(id).outputs[0]);
    substitute(graph, node, old, new);
    Ok(new)
}

/// The ONNX nodes that these nodes stand for.
pub(crate) fn origins(graph: &Graph, nodes: &[NodeId]) -> Vec<String> {
    let mut origin: Vec<String> = vec![];
    for name in nodes.iter().flat_map(|node| &graph.node(*node).origin) {
        if !origin.contains(name) {
            origin.push(name.clone());
        }
    }
    origin
}

/// The operators that compute the result of `last` from `source`, itself included, in order.
pub(crate) fn between(graph: &Graph, last: NodeId, source: ValueId) -> Vec<NodeId> {
    let mut found = vec![];
    let mut open = vec![last];
    while let Some(id) = open.pop() {
        if graph.node(id).operator().is_some() && !found.contains(&id) {
            found.push(id);
            let inputs = graph.node(id).inputs.iter().flatten().filter(|value| **value != source);
            open.extend(inputs.map(|value| graph.value(*value).producer));
        }
    }
    found.reverse();
    found
}

/// Makes readers of `old`, an output of `node`, read `new`, and removes the node.
pub(crate) fn substitute(graph: &mut Graph, node: NodeId, old: ValueId, new: ValueId) {
    graph.replace_uses(old, new);
    graph.remove(node);
}

/// Nodes whose operator is a `T`, in order.
pub(crate) fn nodes_of<T: Operator + 'static>(graph: &Graph) -> Vec<NodeId> {
    graph
        .order()
        .into_iter()
        .filter(|id| graph.node(*id).op::<T>().is_some())
        .collect()
}

/// Operand `index` of a node.
pub(crate) fn input(node: &Node, index: usize) -> Option<ValueId> {
    node.inputs.get(index).copied().flatten()
}

/// The node that gives `value`, if its operator is a `T` and nothing else reads the value.
pub(crate) fn private_producer<T: Operator + 'static>(graph: &Graph, value: ValueId) -> Option<NodeId> {
    let producer = graph.value(value).producer;
    graph.node(producer).op::<T>()?;
    graph.only_user(value).is_some().then_some(producer)
}

/// The only element of a constant, as `f32`.
pub(crate) fn scalar(graph: &Graph, value: ValueId) -> Option<f32> {
    graph
        .constant(value)
        .and_then(Tensor::to_f32)
        .filter(|v| v.len() == 1)
        .map(|v| v[0])
}

/// An activation's node with a constant and another operand in either order, as (other, constant).
pub(crate) fn with_scalar(graph: &Graph, node: &Node) -> Option<(ValueId, f32)> {
    let (a, b) = (input(node, 0)?, input(node, 1)?);
    scalar(graph, b)
        .map(|s| (a, s))
        .or_else(|| scalar(graph, a).map(|s| (b, s)))
}

/// `Some` if the node is this function of two operands without an activation.
pub(crate) fn plain(node: &Node, op: BinaryOp) -> Option<()> {
    let binary = node.op::<Binary>()?;
    (binary.op == op && matches!(binary.activation, AnyFunction::Identity(_))).then_some(())
}

/// Both operands of a binary node, in either order.
pub(crate) fn either(node: &Node) -> Option<[(ValueId, ValueId); 2]> {
    let (a, b) = (input(node, 0)?, input(node, 1)?);
    Some([(a, b), (b, a)])
}

/// Equal to within what a constant loses on its way through an exporter.
pub(crate) fn is(value: f32, expected: f32) -> bool {
    (value - expected).abs() <= 1e-6 * expected.abs()
}
