//! Weighted sums along one axis or two.

use super::super::rewrite::input;
use super::Outcome;
use super::operands::activation;
use super::site::Site;
use crate::ir::primitives::{QlinearResize, Resize, ResizedAxis};
use crate::ir::{Graph, NodeId, OpError};

/// Axes that one kernel resizes.
const MOST_AXES: usize = 2;

pub(super) fn rule(graph: &mut Graph, site: &Site) -> Result<Outcome, OpError> {
    if graph.node(site.core).op::<Resize>().is_none() {
        return Ok(Outcome::NotMine);
    }
    if !site.is_private(graph) {
        return Ok(Outcome::Stays("its result is read before it is quantised".into()));
    }
    let chain = chain(graph, site.core);
    let axis = |id: &NodeId| graph.node(*id).op::<Resize>().map(|resize| resize.axis);
    let twice = chain.windows(2).any(|pair| axis(&pair[0]) == axis(&pair[1]));
    if chain.len() > MOST_AXES || twice {
        return Ok(Outcome::Stays(format!(
            "it resizes more than {MOST_AXES} axes at once, or one twice: quantise between them"
        )));
    }
    let Some(x) = activation(graph, graph.node(chain[0]), 0) else {
        return Ok(Outcome::Stays(
            "its input is not quantised to 8 or 16 bits with one scale".into(),
        ));
    };
    let axes: Option<Vec<_>> = chain.iter().map(|id| resized(graph, *id)).collect();
    let operator = axes.and_then(|mut axes| {
        axes.sort_by_key(|axis| axis.axis);
        QlinearResize::new(&axes, &x.quantization, &site.to, Some(site.limits))
    });
    let Some((operator, tables)) = operator else {
        return Ok(Outcome::Stays("its sums do not fit the kernel".into()));
    };
    let nodes: Vec<_> = chain.iter().chain(&site.nodes[1..]).copied().collect();
    let name = graph.node(chain[0]).name.clone();
    let mut operands = vec![x.value];
    operands.extend(
        tables
            .into_iter()
            .map(|table| graph.add_constant(format!("{name}_taps"), table)),
    );
    site.put(graph, &nodes, operator, &operands).map(Outcome::Integers)
}

/// The operators that resize one axis after the other, of which `last` is the last.
fn chain(graph: &Graph, last: NodeId) -> Vec<NodeId> {
    let mut chain = vec![last];
    while let Some(x) = input(graph.node(chain[0]), 0) {
        let producer = graph.value(x).producer;
        if graph.node(producer).op::<Resize>().is_none() || graph.only_user(x).is_none() {
            break;
        }
        chain.insert(0, producer);
    }
    chain
}

fn resized(graph: &Graph, id: NodeId) -> Option<ResizedAxis<'_>> {
    let node = graph.node(id);
    let operand = |index| input(node, index).and_then(|value| graph.constant(value));
    Some(ResizedAxis {
        axis: node.op::<Resize>()?.axis,
        indices: operand(1)?,
        weights: operand(2)?,
    })
}
