use super::rewrite::{nodes_of, substitute};
use crate::ir::primitives::DequantizeLinear;
use crate::ir::{Graph, OpError};
use crate::middle::fold;

/// Computes the numbers of quantised constants, for kernels that compute in floats.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in nodes_of::<DequantizeLinear>(graph) {
        let old = graph.node(id).outputs[0];
        if let Some(numbers) = fold::dequantised(graph, old) {
            let new = graph.add_constant(graph.value(old).name.clone(), numbers);
            substitute(graph, id, old, new);
        }
    }
    super::unused::run(graph)
}
