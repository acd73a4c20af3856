use super::rewrite::{input, nodes_of};
use crate::ir::primitives::{Activation, Conv, ConvTranspose, Gemm, Layout};
use crate::ir::{DType, Graph, NodeId, OpError, Operator, Tensor};
use runtime_core::f16;

/// Weights of convolutions and products in `f32` become `f16`, where none of them overflows: the kernels widen them
/// again. It halves what they take, at the cost of digits.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    halve::<Conv>(graph, |conv| {
        conv.layout == Layout::ChannelsLast && matches!(conv.activation, Activation::Function(_))
    });
    halve::<ConvTranspose>(graph, |conv| {
        conv.layout == Layout::ChannelsLast && matches!(conv.activation, Activation::Function(_))
    });
    halve::<Gemm>(graph, |gemm| matches!(gemm.activation, Activation::Function(_)));
    super::unused::run(graph)
}

fn halve<T: Operator + 'static>(graph: &mut Graph, applies: impl Fn(&T) -> bool) {
    for id in nodes_of::<T>(graph) {
        if !graph.node(id).op::<T>().is_some_and(&applies) {
            continue;
        }
        if let Some((name, weights)) = halves(graph, id) {
            let halves = graph.add_constant(name, weights);
            graph.set_input(id, 1, halves);
        }
    }
}

/// The name of a node's weights, and the weights as `f16`.
fn halves(graph: &Graph, id: NodeId) -> Option<(String, Tensor)> {
    let value = input(graph.node(id), 1)?;
    let weights = graph.constant(value).filter(|w| w.dtype == DType::F32)?;
    let halves: Vec<f16> = weights.to_f32()?.into_iter().map(f16::from_f32).collect();
    let bytes = halves.iter().flat_map(|half| half.to_le_bytes()).collect();
    let finite = halves.iter().all(|half| half.is_finite());
    finite.then(|| {
        let name = graph.value(value).name.clone();
        (name, Tensor::new(DType::F16, weights.shape.clone(), bytes))
    })
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::ir::primitives::Gemm;
    use crate::ir::{DType, Graph, Tensor, TensorType};
    use runtime_core::function::Relu;

    /// Element type of a product's weights after the pass.
    fn after(weights: &[f32]) -> DType {
        let mut graph = Graph::new("model");
        let x = graph.add_input("x", TensorType::new(DType::F32, [1, 2]));
        let w = graph.add_constant("w", Tensor::f32(&[2, 1], weights));
        let gemm = Gemm {
            activation: Relu.into(),
        };
        let y = graph.add_op("product", gemm, &[x, w], &[]).unwrap();
        graph.add_output("y", y);
        run(&mut graph).unwrap();
        crate::ir::verify(&graph).unwrap();
        let product = graph.producer(y);
        graph.ty(product.inputs[1].unwrap()).dtype
    }

    #[test]
    fn weights_that_fit_are_halved() {
        assert_eq!(after(&[0.3, -60_000.0]), DType::F16);
        assert_eq!(after(&[0.3, -70_000.0]), DType::F32);
    }
}
