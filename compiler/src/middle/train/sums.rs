//! Gradients that are summed up over samples.

use crate::ir::primitives::BinaryOp;
use crate::ir::{Compose, DType, Graph, OpError, TensorType, ValueId};

/// Sums each gradient up in a state, and puts the mean of what was summed in its place. Gives the number of the state
/// that counts.
pub(super) fn mean(graph: &mut Graph, pairs: &mut [(usize, ValueId)]) -> Result<usize, OpError> {
    let number = TensorType::new(DType::F32, []);
    let count = graph.add_sum("accumulated", &number, |graph, count| {
        Compose::new(graph, "accumulated_next", vec![]).with_number(BinaryOp::Add, count, 1.0)
    })?;
    let index = graph.states().len() - 1;
    for (parameter, gradient) in pairs {
        let name = format!("{}_sum", graph.states()[*parameter].name);
        let ty = graph.ty(*gradient).clone();
        let sum = graph.add_sum(name.clone(), &ty, |graph, sum| {
            Compose::new(graph, format!("{name}_next"), vec![]).binary(BinaryOp::Add, sum, *gradient)
        })?;
        *gradient = Compose::new(graph, format!("{name}_mean"), vec![]).binary(BinaryOp::Div, sum, count)?;
    }
    Ok(index)
}
