use crate::ir::primitives::{DequantizeLinear, QuantizeLinear};
use crate::ir::{Graph, NodeId, OpError};

/// Notes what the integers of the model's inputs and outputs stand for, before operators in integers take the
/// conversions that tell it. The graph stays as it is.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for (index, value) in graph.inputs().to_vec().into_iter().enumerate() {
        let from = |id: NodeId| graph.node(id).op::<DequantizeLinear>().and_then(|op| op.from.steps());
        let readers: Vec<_> = graph.users(value).into_iter().map(|(id, _)| from(id)).collect();
        if let Some(Some(first)) = readers.first().copied()
            && readers.iter().all(|other| *other == Some(first))
        {
            graph.port_steps.inputs.insert(index, first);
            graph.note_steps(value, first);
        }
    }
    for (index, (_, value)) in graph.outputs().to_vec().into_iter().enumerate() {
        let to = graph.producer(value).op::<QuantizeLinear>();
        if let Some(steps) = to.and_then(|op| op.to.steps()) {
            graph.port_steps.outputs.insert(index, steps);
        }
    }
    Ok(())
}
