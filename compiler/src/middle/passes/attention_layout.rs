use super::rewrite::{input, nodes_of, replace, substitute};
use crate::ir::primitives::{Attention, MASK, OUTPUTS, Transpose};
use crate::ir::{Graph, NodeId, OpError, ValueId};

/// Heads and tokens swapped: what attention reads and writes as it is.
const SWAP: [usize; 4] = [0, 2, 1, 3];

/// Attention takes queries, keys and values, and gives its outputs, with heads and tokens in either order: transposes
/// that only swap these disappear.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in nodes_of::<Attention>(graph) {
        let node = graph.node(id);
        let Some(mut attention) = node.op::<Attention>().cloned() else {
            continue;
        };
        let mut inputs = node.inputs.clone();
        let operands = inputs.iter_mut().zip(&mut attention.tokens_first);
        for (operand, tokens_first) in operands.take(MASK) {
            if let Some(source) = operand.and_then(|value| swapped(graph, value)) {
                *operand = Some(source);
                *tokens_first = !*tokens_first;
            }
        }
        let y = node.outputs[0];
        let after = graph.only_user(y).filter(|user| is_swap(graph, *user));
        if let Some(transpose) = after {
            attention.tokens_first[OUTPUTS] = !attention.tokens_first[OUTPUTS];
            let (name, origin) = (node.name.clone(), node.origin.clone());
            let new = graph.add(name, attention, &inputs, &origin)?;
            let y = graph.node(new).outputs[0];
            let swapped = graph.node(transpose).outputs[0];
            substitute(graph, transpose, swapped, y);
        } else if inputs != node.inputs {
            replace(graph, id, attention, &inputs, &[])?;
        }
    }
    super::unused::run(graph)
}

fn is_swap(graph: &Graph, id: NodeId) -> bool {
    graph
        .node(id)
        .op::<Transpose>()
        .is_some_and(|transpose| transpose.perm == SWAP)
}

/// What a swap makes `value` of.
fn swapped(graph: &Graph, value: ValueId) -> Option<ValueId> {
    let producer = graph.value(value).producer;
    input(graph.node(producer), 0).filter(|_| is_swap(graph, producer))
}
