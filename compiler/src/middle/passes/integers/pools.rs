//! Means and sums.

use super::Outcome;
use super::operands::activation;
use super::site::Site;
use crate::ir::primitives::{Pool, QlinearAveragePool, QlinearReduce, Reduce, ReduceOp};
use crate::ir::{Graph, OpError, Operator};

pub(super) fn rule(graph: &mut Graph, site: &Site) -> Result<Outcome, OpError> {
    let node = graph.node(site.core);
    let (pool, reduce) = (node.op::<Pool>(), node.op::<Reduce>());
    if pool.is_none() && !reduce.is_some_and(|reduce| matches!(reduce.op, ReduceOp::Mean | ReduceOp::Sum)) {
        return Ok(Outcome::NotMine);
    }
    if !site.is_private(graph) {
        return Ok(Outcome::Stays("its result is read before it is quantised".into()));
    }
    let Some(x) = activation(graph, node, 0) else {
        return Ok(Outcome::Stays(
            "its input is not quantised to 8 or 16 bits with one scale".into(),
        ));
    };
    let (from, to, limits) = (&x.quantization, &site.to, Some(site.limits));
    let shape = &graph.ty(x.value).shape;
    let operator: Option<Box<dyn Operator>> = match (pool, reduce) {
        (Some(pool), _) => QlinearAveragePool::new(pool, from, to, limits).map(Into::into),
        (_, Some(reduce)) => QlinearReduce::new(reduce.op, &reduce.axes, shape, from, to, limits).map(Into::into),
        _ => None,
    };
    match operator {
        Some(operator) => site
            .put(graph, &site.nodes, operator, &[x.value])
            .map(Outcome::Integers),
        None => Ok(Outcome::Stays("its sums do not fit the kernels".into())),
    }
}
