use crate::ir::{Graph, NodeId, NodeKind, OpError, Tensor, ValueId};
use std::collections::{BTreeMap, HashMap};

/// Operators with the same operands that one is compared with at most: the thousands of parts that one tensor may be
/// split into all differ.
const MOST_ALIKE: usize = 1 << 9;

/// Computes what is computed twice once: operators with the same attributes and operands, and equal constants, unless
/// others that differ can take their place.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    let mut operators: HashMap<(&'static str, Vec<Option<ValueId>>), Vec<NodeId>> = HashMap::new();
    let mut constants: HashMap<Tensor, ValueId> = HashMap::new();
    // Values that are computed again, each with the one that takes its place.
    let mut again: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    for id in graph.order() {
        let node = graph.node(id);
        match &node.kind {
            NodeKind::Input | NodeKind::State => {}
            NodeKind::Constant(_) if graph.replaceable_constants => {}
            NodeKind::Constant(tensor) => {
                let value = node.outputs[0];
                let first = *constants.entry(tensor.clone()).or_insert(value);
                if first != value {
                    again.insert(value, first);
                }
            }
            NodeKind::Operator(op) => {
                let first = |value: &ValueId| *again.get(value).unwrap_or(value);
                let operands = node.inputs.iter().map(|value| value.as_ref().map(first));
                let alike = operators.entry((op.name(), operands.collect())).or_default();
                let same = |other: &&NodeId| graph.node(**other).operator().is_some_and(|o| o.same(op.as_ref()));
                match alike.iter().take(MOST_ALIKE).find(same) {
                    Some(first) => again.extend(node.outputs.iter().copied().zip(graph.node(*first).outputs.clone())),
                    None => alike.push(id),
                }
            }
        }
    }
    if !again.is_empty() {
        graph.replace_all_uses(&again);
    }
    super::unused::run(graph)
}
