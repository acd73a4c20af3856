use super::Layer;
use crate::ir::{Graph, OpError, Tensor};

/// Gives every layer a bias, zeros where it has none, so that what quantization adds has a place.
///
/// # Errors
/// None of a sound graph.
pub(super) fn add_biases(graph: &mut Graph) -> Result<(), OpError> {
    for layer in Layer::all(graph).into_iter().filter(|layer| layer.bias.is_none()) {
        let node = graph.node(layer.node);
        let (name, origin) = (node.name.clone(), node.origin.clone());
        let operator = node.operator().map(|op| op.boxed());
        let value = graph.value(layer.y).name.clone();
        let bias = graph.add_constant(
            format!("{name}_bias"),
            Tensor::f32(&[layer.channels], &vec![0.0; layer.channels]),
        );
        let operands = [Some(layer.x), Some(layer.w), Some(bias)];
        if let Some(operator) = operator {
            let id = graph.add(name, operator, &operands, &origin)?;
            let y = graph.node(id).outputs[0];
            graph.rename(y, value);
            graph.replace_uses(layer.y, y);
            graph.remove(layer.node);
        }
    }
    Ok(())
}
