use crate::ir::linear::{Linear, WEIGHTS};
use crate::ir::primitives::{Layout, RECURRENT_WEIGHTS, Recurrence};
use crate::ir::{DType, Graph, NodeId, OpError, Tensor, ValueId};
use runtime_core::f16;

/// Weights of convolutions, products and recurrent layers in `f32` become `f16`, where none of them overflows: the kernels widen them
/// again. It halves what they take, at the cost of digits.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    halve(graph, |_, half| half.is_finite())
}

/// The same where no weight of a layer loses a digit, as those that the model stores in `f16`.
pub(super) fn exact(graph: &mut Graph) -> Result<(), OpError> {
    halve(graph, |weight, half| half.is_finite() && half.to_f32() == weight)
}

fn halve(graph: &mut Graph, fits: impl Fn(f32, f16) -> bool) -> Result<(), OpError> {
    for id in graph.order() {
        for (index, value) in widened(graph, id) {
            if let Some((name, weights)) = halves(graph, value, &fits) {
                let halves = graph.add_constant(name, weights);
                graph.set_input(id, index, halves);
            }
        }
    }
    super::unused::run(graph)
}

/// The weights of a node that its kernel widens as it reads them, with their places among its operands.
fn widened(graph: &Graph, id: NodeId) -> Vec<(usize, ValueId)> {
    let node = graph.node(id);
    if node.op::<Recurrence>().is_some() {
        let operands = node.inputs.iter().copied().enumerate();
        let weights = operands.skip(RECURRENT_WEIGHTS);
        return weights.filter_map(|(index, value)| Some((index, value?))).collect();
    }
    let layer = Linear::of(node);
    let widens = |layer: &Linear<'_>| layer.function().is_some() && layer.layout() != Some(Layout::ChannelsFirst);
    let weights = layer.filter(widens).map(|layer| (WEIGHTS, layer.weights()));
    weights.into_iter().collect()
}

/// The name of weights, and the weights as `f16`, if they fit.
fn halves(graph: &Graph, value: ValueId, fits: &impl Fn(f32, f16) -> bool) -> Option<(String, Tensor)> {
    let weights = graph.constant(value).filter(|w| w.dtype == DType::F32)?;
    let floats = weights.to_f32()?;
    let halves: Vec<f16> = floats.iter().copied().map(f16::from_f32).collect();
    let bytes = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    let fit = floats.iter().zip(&halves).all(|(weight, half)| fits(*weight, *half));
    fit.then(|| {
        let name = graph.value(value).name.clone();
        (name, Tensor::new(DType::F16, weights.shape.clone(), bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::{exact, run};
    use crate::ir::primitives::Gemm;
    use crate::ir::{DType, Graph, OpError, Tensor, TensorType};
    use runtime_core::function::Relu;

    /// Element type of a product's weights after the pass.
    fn after(pass: fn(&mut Graph) -> Result<(), OpError>, weights: &[f32]) -> DType {
        let mut graph = Graph::new("model");
        let x = graph.add_input("x", TensorType::new(DType::F32, [1, 2]));
        let w = graph.add_constant("w", Tensor::f32(&[2, 1], weights));
        let gemm = Gemm {
            activation: Relu.into(),
        };
        let y = graph.add_op("product", gemm, &[x, w], &[]).unwrap();
        graph.add_output("y", y);
        pass(&mut graph).unwrap();
        crate::ir::verify(&graph).unwrap();
        let product = graph.producer(y);
        graph.ty(product.inputs[1].unwrap()).dtype
    }

    #[test]
    fn weights_that_fit_are_halved() {
        assert_eq!(after(run, &[0.3, -60_000.0]), DType::F16);
        assert_eq!(after(run, &[0.3, -70_000.0]), DType::F32);
    }

    #[test]
    fn weights_that_are_halves_stay_halves() {
        assert_eq!(after(exact, &[0.25, -60_000.0]), DType::F16);
        assert_eq!(after(exact, &[0.3, -60_000.0]), DType::F32);
        assert_eq!(after(exact, &[0.25, -70_000.0]), DType::F32);
    }
}
