//! Sums, differences and products of two quantised tensors.

use super::Outcome;
use super::operands::activation;
use super::site::{Site, is_clipped};
use crate::ir::primitives::{Binary, MatMul, QlinearBinary, QlinearMatMul};
use crate::ir::{Graph, OpError, Operator};

pub(super) fn rule(graph: &mut Graph, site: &Site) -> Result<Outcome, OpError> {
    let node = graph.node(site.core);
    let op = node.op::<Binary>().map(|binary| binary.op);
    if op.is_none() && node.op::<MatMul>().is_none() {
        return Ok(Outcome::NotMine);
    }
    let [Some(a), Some(b)] = [0, 1].map(|index| activation(graph, node, index)) else {
        // It may be a function of one operand and constants.
        return Ok(Outcome::NotMine);
    };
    if !site.is_private(graph) || !is_clipped(node) {
        return Ok(Outcome::NotMine);
    }
    if a.quantization.dtype != b.quantization.dtype {
        return Ok(Outcome::Stays("its operands are of different types".into()));
    }
    let (x, y, limits) = ([&a.quantization, &b.quantization], &site.to, Some(site.limits));
    let operator: Option<Box<dyn Operator>> = match op {
        None => {
            let depth = graph.ty(a.value).shape.last().copied().unwrap_or(1);
            QlinearMatMul::new(depth, x[0], x[1], y, limits).map(Into::into)
        }
        Some(op) => QlinearBinary::new(op, x[0], x[1], y, limits).map(Into::into),
    };
    match operator {
        Some(operator) => site
            .put(graph, &site.nodes, operator, &[a.value, b.value])
            .map(Outcome::Integers),
        None => Ok(Outcome::Stays(
            "there is no kernel in integers for its function, types or scales".into(),
        )),
    }
}
