//! Which channels go together, for whoever chooses channels to do without.

use super::flow::Flow;
use super::layer::Layer;
use super::removable;
use crate::ir::{Graph, NodeId, OpError};
use serde::Serialize;
use std::collections::BTreeMap;

/// A layer whose weights are known.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GroupedLayer {
    /// Name of the node.
    pub name: String,
    /// Names of the ONNX nodes that it stands for.
    pub origin: Vec<String>,
    /// Channels that it reads; of a convolution of each channel with itself, one for each that it gives.
    pub inputs: usize,
    /// Channels that it gives.
    pub outputs: usize,
    /// Whether it computes each channel from one of its own.
    pub depthwise: bool,
    /// Multiply-accumulates.
    pub macs: u64,
}

/// Channels that stay or go together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelGroup {
    /// The layer and the channel of each that a layer gives.
    pub outputs: Vec<(usize, usize)>,
    /// The layer and the channel of each that a layer reads: they are dead once the weights of all of these are zero.
    pub inputs: Vec<(usize, usize)>,
    /// How many of them each value has: number of the value, and channels.
    pub values: Vec<(usize, usize)>,
    /// Whether they are dead as it is.
    pub dead: bool,
}

/// The channels of a graph in which they could be dead, as the pass `dead-channels` follows them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelGroups {
    /// The layers, in order.
    pub layers: Vec<GroupedLayer>,
    /// Groups that nothing else than layers reads.
    pub groups: Vec<ChannelGroup>,
    /// Of each value, how many channels it can do without.
    pub spare: Vec<usize>,
}

impl ChannelGroups {
    /// The groups of a graph that is what the pass takes.
    ///
    /// # Errors
    /// As that pass.
    pub fn of(graph: &Graph) -> Result<Self, OpError> {
        let mut flow = Flow::of(graph)?;
        let mut live = Flow::of(graph)?;
        removable::mark(graph, &mut live);
        for run in removable::summed_together(graph, &flow) {
            run.clone().skip(1).for_each(|channel| flow.join(run.start, channel));
        }
        let mut found = Self::default();
        let mut groups: BTreeMap<usize, ChannelGroup> = BTreeMap::new();
        for (index, (id, layer)) in flow.layers.iter().enumerate() {
            let node = graph.node(*id);
            let y = flow.values[&node.outputs[0]];
            for i in 0..y.count {
                let group = groups.entry(flow.class(y.first + i)).or_default();
                group.outputs.push((index, i));
            }
            if let Some(x) = flow.read_by(node, layer).filter(|_| !layer.depthwise) {
                for i in 0..x.count {
                    let group = groups.entry(flow.class(x.first + i)).or_default();
                    group.inputs.push((index, i));
                }
            }
            found.layers.push(of_layer(graph, *id, layer));
        }
        let mut values: Vec<_> = flow.values.iter().collect();
        values.sort_by_key(|(_, channels)| channels.first);
        for (number, (value, channels)) in values.into_iter().enumerate() {
            found
                .spare
                .push(channels.count.saturating_sub(removable::fewest(graph, *value)));
            for channel in channels.first..channels.first + channels.count {
                let group = groups.entry(flow.class(channel)).or_default();
                match group.values.last_mut().filter(|(value, _)| *value == number) {
                    Some((_, count)) => *count += 1,
                    None => group.values.push((number, 1)),
                }
                group.dead |= !live.is_needed(channel);
            }
        }
        let free = |(class, group): (usize, ChannelGroup)| {
            (!flow.is_needed(class) && !group.inputs.is_empty() && !group.outputs.is_empty()).then_some(group)
        };
        found.groups = groups.into_iter().filter_map(free).collect();
        Ok(found)
    }
}

fn of_layer(graph: &Graph, id: NodeId, layer: &Layer) -> GroupedLayer {
    let node = graph.node(id);
    let outputs: Vec<_> = node.outputs.iter().map(|v| graph.ty(*v)).collect();
    let macs = node.operator().map(|op| op.macs(&graph.types(&node.inputs), &outputs));
    GroupedLayer {
        name: node.name.clone(),
        origin: node.origin.clone(),
        inputs: layer.inputs,
        outputs: layer.outputs,
        depthwise: layer.depthwise,
        macs: macs.unwrap_or(0),
    }
}
