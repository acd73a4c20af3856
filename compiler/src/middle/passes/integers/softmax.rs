//! Softmax and its logarithm.

use super::Outcome;
use super::operands::activation;
use super::site::Site;
use crate::ir::primitives::{QlinearSoftmax, Softmax};
use crate::ir::{Graph, OpError};

pub(super) fn rule(graph: &mut Graph, site: &Site) -> Result<Outcome, OpError> {
    let node = graph.node(site.core);
    let Some(softmax) = node.op::<Softmax>() else {
        return Ok(Outcome::NotMine);
    };
    if !site.is_private(graph) || site.nodes.len() > 1 {
        return Ok(Outcome::Stays("its result is read before it is quantised".into()));
    }
    let Some(x) = activation(graph, node, 0) else {
        return Ok(Outcome::Stays(
            "its input is not quantised to 8 or 16 bits with one scale".into(),
        ));
    };
    let Some(operator) = QlinearSoftmax::new(softmax.axis, softmax.log, &x.quantization, &site.to) else {
        return Ok(Outcome::Stays("its scales do not fit the kernel".into()));
    };
    site.put(graph, &site.nodes, operator, &[x.value])
        .map(Outcome::Integers)
}
