use super::rewrite::{add, input, nodes_of, replace};
use crate::ir::primitives::{Gemm, Reshape, Transpose};
use crate::ir::{Graph, MAX_RANK, OpError};

/// A transpose whose result is flattened and multiplied by constant weights moves into the order of their rows.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in nodes_of::<Gemm>(graph) {
        let node = graph.node(id);
        let (Some(x), Some(w)) = (input(node, 0), input(node, 1)) else {
            continue;
        };
        let flatten = graph.producer(x);
        let (Some(_), Some(image)) = (flatten.op::<Reshape>(), input(flatten, 0)) else {
            continue;
        };
        let (Some(transpose), Some(source)) =
            (graph.producer(image).op::<Transpose>(), input(graph.producer(image), 0))
        else {
            continue;
        };
        let (rows, columns) = (graph.ty(x).shape.clone(), graph.ty(w).shape[1]);
        let k = graph.ty(w).shape[0];
        // Only what is flattened into the rows of the weights may move.
        let mut image_shape = graph.ty(image).shape.clone();
        let mut kept = 0;
        while image_shape[kept..].iter().product::<usize>() > k && transpose.perm[kept] == kept {
            kept += 1;
        }
        if image_shape[kept..].iter().product::<usize>() != k || transpose.perm[..kept] != (0..kept).collect::<Vec<_>>()
        {
            continue;
        }
        if image_shape.len() - kept >= MAX_RANK {
            continue;
        }
        let inverse: Vec<usize> = transpose.inverse()[kept..].iter().map(|p| p - kept).collect();
        let mut perm = inverse;
        perm.push(perm.len());
        let mut inputs = node.inputs.clone();
        image_shape.drain(..kept);
        image_shape.push(columns);
        let w = add(graph, id, Reshape { shape: image_shape }, &[w])?;
        let w = add(graph, id, Transpose { perm }, &[w])?;
        let w = add(
            graph,
            id,
            Reshape {
                shape: vec![k, columns],
            },
            &[w],
        )?;
        let x = add(graph, id, Reshape { shape: rows }, &[source])?;
        inputs[0] = Some(x);
        inputs[1] = Some(w);
        let operator = graph.node(id).operator().expect("an operator").boxed();
        replace(graph, id, operator, &inputs, &[])?;
    }
    super::unused::run(graph)
}
