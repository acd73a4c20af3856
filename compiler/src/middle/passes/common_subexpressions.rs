use crate::ir::{Graph, NodeId, NodeKind, OpError, Tensor, ValueId};
use std::collections::HashMap;

/// Computes what is computed twice once: operators with the same attributes and operands, and equal constants, unless
/// others that differ can take their place.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    let mut operators: HashMap<(&'static str, Vec<Option<ValueId>>), Vec<NodeId>> = HashMap::new();
    let mut constants: HashMap<Tensor, ValueId> = HashMap::new();
    for id in graph.order() {
        let node = graph.node(id);
        match &node.kind {
            NodeKind::Input | NodeKind::State => {}
            NodeKind::Constant(_) if graph.replaceable_constants => {}
            NodeKind::Constant(tensor) => {
                let value = node.outputs[0];
                let first = *constants.entry(tensor.clone()).or_insert(value);
                if first != value {
                    graph.replace_uses(value, first);
                }
            }
            NodeKind::Operator(op) => {
                let key = (op.name(), node.inputs.clone());
                let alike = operators.entry(key).or_default();
                let same = |other: &&NodeId| graph.node(**other).operator().is_some_and(|o| o.same(op.as_ref()));
                match alike.iter().find(same).copied() {
                    Some(first) => {
                        let outputs = graph
                            .node(id)
                            .outputs
                            .clone()
                            .into_iter()
                            .zip(graph.node(first).outputs.clone());
                        for (old, new) in outputs.collect::<Vec<_>>() {
                            graph.replace_uses(old, new);
                        }
                    }
                    None => alike.push(id),
                }
            }
        }
    }
    super::unused::run(graph)
}
