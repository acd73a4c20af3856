//! What stays in floats, for the user to see.

use crate::ir::primitives::{DequantizeLinear, QuantizeLinear};
use crate::ir::{Graph, NodeId, Remark, RemarkKind};
use std::collections::BTreeMap;

/// Adds a remark for each operator in floats that reads or gives what is quantised.
pub(super) fn remark(graph: &mut Graph, reasons: &BTreeMap<NodeId, String>) {
    let mut remarks = vec![];
    // A step of training is in floats, as its gradients are.
    let results = graph
        .training()
        .map_or(graph.outputs().len(), |training| training.outputs);
    let of_inference = graph.ancestors(graph.outputs()[..results].iter().map(|(_, value)| *value));
    for id in graph.order() {
        let node = graph.node(id);
        let Some(operator) = node.operator() else { continue };
        let converts = node.op::<DequantizeLinear>().is_some() || node.op::<QuantizeLinear>().is_some();
        if converts || !of_inference.contains(&id) {
            continue;
        }
        let dequantised = |value| graph.producer(value).op::<DequantizeLinear>().is_some();
        let reads = node.inputs.iter().flatten().any(|value| dequantised(*value));
        let quantised = |value| {
            let mut users = graph.users(value).into_iter();
            users.any(|(user, _)| graph.node(user).op::<QuantizeLinear>().is_some())
        };
        let gives = node.outputs.iter().any(|value| quantised(*value));
        let reason = match (reasons.get(&id), reads, gives) {
            (Some(reason), ..) => reason,
            (None, true, false) => "its result is not quantised",
            (None, false, true) => "its operands are not quantised",
            (None, true, true) => "there is no kernel in integers for it",
            (None, false, false) => continue,
        };
        let reason = format!("({}) stays in floats: {reason}", operator.name());
        remarks.push(Remark::on(RemarkKind::StaysInFloats, &node.name, reason));
    }
    graph.set_remarks(RemarkKind::StaysInFloats, remarks);
}
