//! What a model would be without its smallest channels.

use super::flow::Flow;
use super::slices;
use crate::ir::{Graph, OpError};
use std::collections::BTreeMap;

/// Removes a share of the channels of each layer, those whose weights are smallest (the sum of their magnitudes), as
/// pruning in training would: what the model computes changes, what it costs is what it would cost then. Layers whose
/// channels are combined with each other lose the same channels, and the model's outputs keep theirs.
///
/// # Errors
/// Never for a verified graph: what is left of each operator fits the others.
pub fn remove_smallest(graph: &mut Graph, share: f64) -> Result<(), OpError> {
    let mut flow = Flow::of(graph)?;
    // By the class of a channel: the layers that compute it, and its size in all of them.
    let mut makers: BTreeMap<usize, (Vec<usize>, f64)> = BTreeMap::new();
    for (index, (id, layer)) in flow.layers.iter().enumerate() {
        let y = flow.values[&graph.node(*id).outputs[0]];
        for output in 0..y.count {
            let (layers, size) = makers.entry(flow.class(y.first + output)).or_default();
            layers.push(index);
            *size += layer.size(output);
        }
    }
    // Channels that the same layers compute compete with each other.
    let mut rivals: BTreeMap<Vec<usize>, Vec<(f64, usize)>> = BTreeMap::new();
    for (class, (layers, size)) in makers {
        rivals.entry(layers).or_default().push((size, class));
    }
    for mut classes in rivals.into_values() {
        classes.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let count = ((classes.len() as f64 * share) as usize).min(classes.len() - 1);
        classes[count..].iter().for_each(|(_, class)| flow.need(*class));
    }
    slices::apply(graph, &flow)
}
