use super::rewrite::{input, nodes_of, replace};
use crate::ir::linear::Linear;
use crate::ir::primitives::{BIAS, Binary, BinaryOp, RESIDUAL};
use crate::ir::{DType, Graph, NodeId, OpError, Operator, ValueId};
use runtime_core::function::AnyFunction;
use std::collections::HashMap;

/// `activation(conv(x) + other)` becomes one convolution that adds `other` before its activation, and so for products:
/// one pass less over the output.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    let order = graph.order();
    let mut positions: HashMap<ValueId, usize> = HashMap::new();
    for (position, id) in order.into_iter().enumerate() {
        positions.extend(graph.node(id).outputs.iter().map(|v| (*v, position)));
    }
    for id in nodes_of::<Binary>(graph) {
        let node = graph.node(id);
        let (Some(op), Some(a), Some(b)) = (node.op::<Binary>(), input(node, 0), input(node, 1)) else {
            continue;
        };
        let same = graph.ty(a) == graph.ty(b);
        if op.op != BinaryOp::Add || graph.ty(a).dtype != DType::F32 || !same || a == b {
            continue;
        }
        let activation = op.activation;
        // The later of the two, so that the other is there when it runs.
        let candidates = if positions[&a] > positions[&b] {
            [(a, b), (b, a)]
        } else {
            [(b, a), (a, b)]
        };
        let found = candidates.into_iter().find_map(|(y, other)| {
            let (producer, fused) = with_activation(graph, y, activation)?;
            Some((producer, fused, other))
        });
        let Some((producer, fused, other)) = found else {
            continue;
        };
        let mut inputs = graph.node(producer).inputs.clone();
        inputs.resize(BIAS + 1, None);
        inputs.push(Some(other));
        debug_assert_eq!(inputs.len(), RESIDUAL + 1);
        let name = graph.node(producer).name.clone();
        let position = positions[&graph.node(id).outputs[0]];
        let new = replace(graph, id, fused, &inputs, &[producer])?;
        positions.insert(new, position);
        let new = graph.value(new).producer;
        graph.node_mut(new).name = name;
    }
    super::unused::run(graph)
}

/// The operator that gives `value`, with `activation`, if it can take a residual.
fn with_activation(graph: &Graph, value: ValueId, activation: AnyFunction) -> Option<(NodeId, Box<dyn Operator>)> {
    let (id, layer) = Linear::before(graph, value)?;
    let fits = layer.takes_residual() && layer.activation().is_identity();
    fits.then(|| (id, layer.with_activation(activation.into())))
}
