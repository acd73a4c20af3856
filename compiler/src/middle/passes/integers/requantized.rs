//! Integers that are quantised again.

use super::Outcome;
use super::operands::{dequantised, is_activation};
use super::site::Site;
use crate::ir::primitives::{DequantizeLinear, Quantization, RequantizeLinear};
use crate::ir::{Graph, OpError};

pub(super) fn rule(graph: &mut Graph, site: &Site) -> Result<Outcome, OpError> {
    if graph.node(site.core).op::<DequantizeLinear>().is_none() {
        return Ok(Outcome::NotMine);
    }
    let Some(from) = dequantised(graph, site.value).filter(|from| is_activation(&from.quantization)) else {
        return Ok(Outcome::Stays("its integers do not share one scale".into()));
    };
    let unlimited = Quantization::range(site.to.dtype) == Some(site.limits);
    if from.quantization == site.to && unlimited {
        return Ok(Outcome::Integers(from.value));
    }
    let Some(operator) = RequantizeLinear::new(&from.quantization, &site.to, Some(site.limits)) else {
        return Ok(Outcome::Stays("its scales are too far apart".into()));
    };
    // Named after the limits, or after itself.
    let nodes = if site.nodes.len() > 1 {
        &site.nodes[1..]
    } else {
        &[site.quantize]
    };
    site.put(graph, nodes, operator, &[from.value]).map(Outcome::Integers)
}
