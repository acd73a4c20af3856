use super::rewrite::{input, nodes_of, replace};
use crate::ir::linear::Linear;
use crate::ir::primitives::{Binary, Map, ScaleShift};
use crate::ir::{DType, Graph, Node, OpError, Operator};
use runtime_core::function::AnyFunction;

/// A function of a result that nothing else reads is applied by the operator that makes the result.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in nodes_of::<Map>(graph) {
        let node = graph.node(id);
        let (Some(map), Some(x)) = (node.op::<Map>(), input(node, 0)) else {
            continue;
        };
        if graph.ty(x).dtype != DType::F32 || graph.only_user(x) != Some(id) {
            continue;
        }
        let producer = graph.value(x).producer;
        let Some(fused) = with_activation(graph.node(producer), map.function) else {
            continue;
        };
        let inputs = graph.node(producer).inputs.clone();
        let name = graph.node(producer).name.clone();
        let new = replace(graph, id, fused, &inputs, &[producer])?;
        let new = graph.value(new).producer;
        graph.node_mut(new).name = name;
    }
    super::unused::run(graph)
}

fn with_activation(node: &Node, activation: AnyFunction) -> Option<Box<dyn Operator>> {
    let free = |current: &AnyFunction| matches!(current, AnyFunction::Identity(_));
    if let Some(layer) = Linear::of(node) {
        let is_free = layer.activation().is_identity();
        return is_free.then(|| layer.with_activation(activation.into()));
    }
    if let Some(op) = node.op::<ScaleShift>().filter(|op| free(&op.activation)) {
        return Some(
            ScaleShift {
                activation,
                ..op.clone()
            }
            .into(),
        );
    }
    let op = node
        .op::<Binary>()
        .filter(|op| free(&op.activation) && !op.op.is_predicate())?;
    Some(
        Binary {
            activation,
            ..op.clone()
        }
        .into(),
    )
}
