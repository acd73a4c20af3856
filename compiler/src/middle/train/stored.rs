//! How parameters are stored.

use crate::ir::primitives::Transpose;
use crate::ir::{Graph, OpError, Tensor, op_error};
use crate::middle::fold;

/// Stores each parameter that is only read transposed, as the weights of a Gemm with `transB` are, in that order:
/// neither it nor its gradient is transposed in any run.
pub(super) fn as_they_are_read(graph: &mut Graph) -> Result<(), OpError> {
    for index in 0..graph.states().len() {
        let state = &graph.states()[index];
        let [(reader, _)] = graph.users(state.value)[..] else {
            continue;
        };
        let Some(transpose) = graph.node(reader).op::<Transpose>().filter(|_| state.trained) else {
            continue;
        };
        let initial = state
            .initial
            .as_ref()
            .map(|tensor| transposed(transpose, tensor))
            .transpose()?;
        let (stored, read) = (state.value, graph.node(reader).outputs[0]);
        graph.set_transposed(index, graph.ty(read).clone(), initial);
        graph.replace_uses(read, stored);
        graph.remove(reader);
    }
    Ok(())
}

fn transposed(transpose: &Transpose, tensor: &Tensor) -> Result<Tensor, OpError> {
    let results = fold::evaluate(transpose, std::slice::from_ref(tensor));
    let mut results = results.map_err(|error| op_error(error.to_string()))?;
    results.pop().ok_or_else(|| op_error("a transpose gives one tensor"))
}
