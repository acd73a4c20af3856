use super::rewrite::{add, input, nodes_of, replace};
use crate::ir::primitives::{Gemm, MatMul, Reshape};
use crate::ir::{DType, Graph, OpError};
use runtime_core::function::Identity;

/// Products with a constant matrix become `Gemm`, whose weights are packed at compile time.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in nodes_of::<MatMul>(graph) {
        let node = graph.node(id);
        let (Some(x), Some(w)) = (input(node, 0), input(node, 1)) else {
            continue;
        };
        let (x_ty, w_ty) = (graph.ty(x), graph.ty(w));
        let is_matrix = w_ty.rank() == 2 && w_ty.dtype == DType::F32 && graph.constant(w).is_some();
        if !is_matrix || x_ty.is_empty() {
            continue;
        }
        let gemm = Gemm {
            activation: Identity.into(),
        };
        if x_ty.rank() == 1 {
            let (row, shape) = (vec![1, x_ty.len()], graph.ty(node.outputs[0]).shape.clone());
            let x = add(graph, id, Reshape { shape: row }, &[x])?;
            let y = add(graph, id, gemm, &[x, w])?;
            replace(graph, id, Reshape { shape }, &[Some(y)], &[])?;
        } else {
            replace(graph, id, gemm, &[Some(x), Some(w)], &[])?;
        }
    }
    super::unused::run(graph)
}
