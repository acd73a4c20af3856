//! `DequantizeLinear` -> operator -> `QuantizeLinear` becomes the operator in integers. `docs/quantization.md` says
//! with which arithmetic, and how it relates to the floats that the graph describes.

mod affine;
mod carry;
mod empty;
mod finer;
mod hoist;
mod layer;
mod operands;
mod pools;
mod products;
mod requantized;
mod resize;
mod signed;
mod sink;
mod site;
mod softmax;
mod steps;
mod table;
mod unconverted;

use super::rewrite::{nodes_of, substitute};
use crate::ir::primitives::QuantizeLinear;
use crate::ir::{Graph, NodeId, OpError, ValueId};
use site::Site;
use std::collections::BTreeMap;

/// What a rule makes of the operator before a `QuantizeLinear`.
enum Outcome {
    /// The integers that `QuantizeLinear` would give.
    Integers(ValueId),
    /// The operator is another rule's.
    NotMine,
    /// The operator is this rule's, but stays as it is for this reason.
    Stays(String),
}

/// Looks at the operator of a site, and adds the one in integers.
type Rule = fn(&mut Graph, &Site) -> Result<Outcome, OpError>;

/// The rules, one for each family of operators. The last takes what the others do not know.
const RULES: &[Rule] = &[
    requantized::rule,
    layer::rule,
    affine::rule,
    products::rule,
    pools::rule,
    resize::rule,
    softmax::rule,
    table::rule,
];

/// Replaces operators between quantised tensors until none is left that a rule knows. Remarks on the graph tell what
/// stays in floats, and why.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    if nodes_of::<QuantizeLinear>(graph).is_empty() {
        return Ok(());
    }
    signed::run(graph)?;
    let mut reasons = BTreeMap::new();
    loop {
        let mut changed = sink::run(graph)?;
        changed |= hoist::run(graph)?;
        reasons.clear();
        for id in nodes_of::<QuantizeLinear>(graph) {
            changed |= convert(graph, id, &mut reasons)?;
        }
        super::unused::run(graph)?;
        if !changed {
            break;
        }
    }
    steps::note(graph);
    unconverted::remark(graph, &reasons);
    Ok(())
}

/// Tries the rules on what is quantised by node `id`.
fn convert(graph: &mut Graph, id: NodeId, reasons: &mut BTreeMap<NodeId, String>) -> Result<bool, OpError> {
    let Some(site) = Site::find(graph, id) else {
        return Ok(false);
    };
    for rule in RULES {
        match rule(graph, &site)? {
            Outcome::NotMine => {}
            Outcome::Stays(reason) => {
                reasons.insert(site.core, reason);
                return Ok(false);
            }
            Outcome::Integers(integers) => {
                let old = graph.node(id).outputs[0];
                if let Some(steps) = site.to.steps() {
                    graph.note_steps(integers, steps);
                }
                substitute(graph, id, old, integers);
                return Ok(true);
            }
        }
    }
    Ok(false)
}
