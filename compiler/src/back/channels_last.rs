use super::Add;
use crate::ir::linear::Linear;
use crate::ir::primitives::{Layout, Pool, QlinearAveragePool, RESIDUAL, Transpose};
use crate::ir::rewrite::{input, replace};
use crate::ir::{Graph, NodeId, OpError, Operator};

/// Puts image operators between transposes, so that they work channels-last as their fast kernels do. `add` adds the
/// transposes before them, and may compute those of constants.
pub(crate) fn channels_last(graph: &mut Graph, add: Add) -> Result<(), OpError> {
    for id in graph.order() {
        let Some(operator) = in_channels_last(graph, id) else {
            continue;
        };
        let node = graph.node(id);
        let mut inputs = node.inputs.clone();
        let has_residual = Linear::of(node).is_some_and(|layer| layer.residual().is_some());
        let rank = graph.ty(node.outputs[0]).rank();
        let last = Transpose { perm: last_perm(rank) };
        let first = Transpose { perm: last.inverse() };
        for index in [0, RESIDUAL] {
            if let Some(value) = input(graph.node(id), index).filter(|_| index == 0 || has_residual) {
                inputs[index] = Some(add(graph, id, last.clone().into(), &[value])?);
            }
        }
        let name = graph.node(id).name.clone();
        let origin = graph.node(id).origin.clone();
        let new = graph.add(name, operator, &inputs, &origin)?;
        let y = graph.node(new).outputs[0];
        replace(graph, id, first, &[Some(y)], &[])?;
    }
    Ok(())
}

/// Batch, spatial axes, channels.
fn last_perm(rank: usize) -> Vec<usize> {
    let mut perm: Vec<usize> = (0..rank).collect();
    perm[1..].rotate_left(1);
    perm
}

/// The channels-last form of a node's operator, if there is one and it is not in that form already.
fn in_channels_last(graph: &Graph, id: NodeId) -> Option<Box<dyn Operator>> {
    let node = graph.node(id);
    let layout = Layout::ChannelsLast;
    if let Some(layer) = Linear::of(node) {
        let weights = graph.constant(layer.weights());
        let packed = weights.is_some_and(|w| layer.has_packed_kernel(graph, w.dtype));
        return layer
            .in_layout(layout)
            .filter(|_| packed && layer.layout() != Some(layout));
    }
    if let Some(op) = node.op::<QlinearAveragePool>().filter(|op| op.layout() != layout) {
        return Some(op.in_layout(layout).into());
    }
    let op = node.op::<Pool>().filter(|op| op.layout != layout)?;
    Some(Pool { layout, ..op.clone() }.into())
}
