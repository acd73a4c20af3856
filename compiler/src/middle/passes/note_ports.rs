use crate::ir::primitives::{DequantizeLinear, Quantization, QuantizeLinear};
use crate::ir::{Graph, NodeId, OpError, Steps};

/// Notes what the integers of the model's inputs and outputs stand for, before operators in integers take the conversions
/// that tell it. The graph stays as it is.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    let steps = |quantization: &Quantization| quantization.single().map(|(scale, zero)| Steps { scale, zero });
    for (index, value) in graph.inputs().to_vec().into_iter().enumerate() {
        let from = |id: NodeId| graph.node(id).op::<DequantizeLinear>().and_then(|op| steps(&op.from));
        let readers: Vec<_> = graph.users(value).into_iter().map(|(id, _)| from(id)).collect();
        if let Some(Some(first)) = readers.first().copied()
            && readers.iter().all(|other| *other == Some(first))
        {
            graph.port_steps.inputs.insert(index, first);
        }
    }
    for (index, (_, value)) in graph.outputs().to_vec().into_iter().enumerate() {
        let to = graph.producer(value).op::<QuantizeLinear>();
        if let Some(steps) = to.and_then(|op| steps(&op.to)) {
            graph.port_steps.outputs.insert(index, steps);
        }
    }
    Ok(())
}
