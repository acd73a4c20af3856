//! Which channels no output of the model would miss.

use super::super::rewrite::input;
use super::flow::{Channels, Flow};
use super::layer::Layer;
use super::order::sum_order;
use crate::ir::primitives::Reshape;
use crate::ir::{DType, Graph, ValueId};
use std::ops::Range;

/// Marks the channels that are needed: those whose removal would change a sum, or the order of one in floats. Gives
/// whether others are left.
pub(super) fn mark(graph: &Graph, flow: &mut Flow) -> bool {
    for index in 0..flow.layers.len() {
        let (id, layer) = &flow.layers[index];
        let x = flow.read_by(graph.node(*id), layer);
        if let Some(x) = x.filter(|_| !layer.depthwise) {
            let read = missed(flow, layer, x);
            read.into_iter().for_each(|i| flow.need(x.first + i));
        }
    }
    let mut values: Vec<(ValueId, Channels)> = flow
        .values
        .iter()
        .map(|(value, channels)| (*value, *channels))
        .collect();
    values.sort_by_key(|(_, channels)| channels.first);
    // What is kept to keep an order may be more than another layer asked for.
    while keep_counts(graph, flow, &values) || keep_orders(graph, flow) {}
    (0..flow.constants.len()).any(|channel| !flow.is_needed(channel))
}

/// The input channels that a layer's sums depend on, or that are not the same everywhere.
fn missed(flow: &Flow, layer: &Layer, x: Channels) -> Vec<usize> {
    let constant = |i: usize| flow.constants[x.first + i];
    let term = |output, i| match layer.vanishes(output, i) {
        true => Some(0.0),
        false => layer.term(output, i, constant(i)?),
    };
    // Biases that some of the constants are added to must stay within their type.
    let fits = !layer.integers
        || (0..layer.outputs).all(|output| {
            let terms = (0..layer.inputs).filter_map(|i| term(output, i));
            layer.bias[output].abs() + terms.map(f64::abs).sum::<f64>() <= f64::from(i32::MAX)
        });
    let nothing = |term: Option<f64>| term.is_some_and(|term| fits || term == 0.0);
    (0..layer.inputs)
        .filter(|i| !(0..layer.outputs).all(|output| nothing(term(output, *i))))
        .collect()
}

/// The channels that a value keeps at least.
pub(super) fn fewest(graph: &Graph, value: ValueId) -> usize {
    // Reductions of floats treat a single channel in their own way.
    if graph.ty(value).dtype == DType::F32 { 2 } else { 1 }
}

/// Keeps at least one channel of each value, of floats two. Gives whether that changed anything.
fn keep_counts(graph: &Graph, flow: &mut Flow, values: &[(ValueId, Channels)]) -> bool {
    let mut changed = false;
    for (value, channels) in values {
        let least = fewest(graph, *value);
        let all = channels.first..channels.first + channels.count;
        while all.clone().filter(|channel| flow.is_needed(*channel)).count() < least {
            let Some(spare) = all.clone().find(|channel| !flow.is_needed(*channel)) else {
                break;
            };
            flow.need(spare);
            changed = true;
        }
    }
    changed
}

/// Keeps neighbours of needed channels that are summed together with them. Gives whether that changed anything.
fn keep_orders(graph: &Graph, flow: &mut Flow) -> bool {
    let mut kept = vec![];
    for group in summed_together(graph, flow) {
        if group.clone().any(|channel| flow.is_needed(channel)) {
            kept.extend(group.filter(|channel| !flow.is_needed(*channel)));
        }
    }
    kept.iter().for_each(|channel| flow.need(*channel));
    !kept.is_empty()
}

/// The runs of channels that layers of floats sum in an order of their own, so that all of a run go or none.
pub(super) fn summed_together(graph: &Graph, flow: &Flow) -> Vec<Range<usize>> {
    let mut runs = vec![];
    for (id, layer) in flow
        .layers
        .iter()
        .filter(|(_, layer)| !layer.integers && !layer.depthwise)
    {
        let node = graph.node(*id);
        let x = flow.read_by(node, layer).and(input(node, 0));
        let Some((x, joined)) = x.and_then(|x| unjoined(graph, flow, x)) else {
            continue;
        };
        let group = sum_order(graph, node, layer).inputs();
        // The order of joined dimensions is that of the layout, which is not decided yet.
        let group = group.filter(|group| !joined || x.count.is_multiple_of(*group));
        let group = group.unwrap_or(x.count).max(1);
        let starts = (0..x.count).step_by(group);
        runs.extend(starts.map(|first| x.first + first..x.first + x.count.min(first + group)));
    }
    runs
}

/// The channels of a value or of what it is a reshape of, and whether that joined them with other dimensions.
fn unjoined(graph: &Graph, flow: &Flow, value: ValueId) -> Option<(Channels, bool)> {
    let channels = *flow.values.get(&value)?;
    let producer = graph.producer(value);
    let source = producer
        .op::<Reshape>()
        .and_then(|_| unjoined(graph, flow, input(producer, 0)?));
    let joins = |(source, joined): (Channels, bool)| (source, joined || source.count != channels.count);
    Some(source.map_or((channels, false), joins))
}
