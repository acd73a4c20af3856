//! What is known of the channels of all values: which of them are one and the same, and which are constant.

use super::super::rewrite::input;
use super::along::Along;
use super::constants;
use super::layer::Layer;
use crate::ir::primitives::RESIDUAL;
use crate::ir::{Graph, Node, NodeId, NodeKind, OpError, ValueId};
use std::collections::HashMap;

/// Channels that are followed at most: concatenations of a few bytes can make as many as memory has room for.
const MOST_CHANNELS: usize = 1 << 22;

/// The channels of a value.
#[derive(Clone, Copy)]
pub(super) struct Channels {
    /// Their axis.
    pub(super) axis: usize,
    /// Number of the first.
    pub(super) first: usize,
    /// How many there are.
    pub(super) count: usize,
}

/// The channels of all values that begin in a layer whose weights are known, numbered throughout.
#[derive(Default)]
pub(super) struct Flow {
    /// Those of each value.
    pub(super) values: HashMap<ValueId, Channels>,
    /// The layers, in order.
    pub(super) layers: Vec<(NodeId, Layer)>,
    /// The operators between them.
    pub(super) between: HashMap<NodeId, Along>,
    /// What every element of a channel is, if that is known.
    pub(super) constants: Vec<Option<f64>>,
    /// A channel of the same class, or itself: channels of a class stay or go together.
    parents: Vec<usize>,
    /// By the class: whether something needs it.
    needed: Vec<bool>,
}

impl Flow {
    /// Follows the channels of a graph.
    pub(super) fn of(graph: &Graph) -> Result<Self, OpError> {
        let mut flow = Self::default();
        for id in graph.order() {
            let node = graph.node(id);
            if !matches!(node.kind, NodeKind::Operator(_)) {
                continue;
            }
            if let Some(layer) = Layer::of(graph, node) {
                flow.add_layer(graph, node, &layer)?;
                flow.layers.push((id, layer));
                continue;
            }
            let of = |v: &Option<ValueId>| v.and_then(|v| flow.values.get(&v)).map(|channels| channels.axis);
            let axes: Vec<_> = node.inputs.iter().map(of).collect();
            let room = MOST_CHANNELS.saturating_sub(flow.parents.len());
            let mut sizes = node.outputs.iter().flat_map(|y| &graph.ty(*y).shape);
            let followed = axes.iter().any(Option::is_some) && sizes.all(|size| *size <= room);
            match followed.then(|| Along::of(graph, node, &axes)).flatten() {
                Some(along) => {
                    flow.add_along(graph, node, &along)?;
                    flow.between.insert(id, along);
                }
                None => node.inputs.iter().flatten().for_each(|value| flow.need_all(*value)),
            }
        }
        graph.results().for_each(|value| flow.need_all(value));
        Ok(flow)
    }

    /// The channels that a layer reads, if it reads them as what they are.
    pub(super) fn read_by(&self, node: &Node, layer: &Layer) -> Option<Channels> {
        let x = self.values.get(&input(node, 0)?).copied()?;
        (x.axis == layer.axis).then_some(x)
    }

    /// The class of a channel.
    pub(super) fn class(&self, mut channel: usize) -> usize {
        while self.parents[channel] != channel {
            channel = self.parents[channel];
        }
        channel
    }

    /// Channels stay that are of the class of this one.
    pub(super) fn need(&mut self, channel: usize) {
        let class = self.class(channel);
        self.needed[class] = true;
    }

    /// Whether a channel must stay.
    pub(super) fn is_needed(&self, channel: usize) -> bool {
        self.needed[self.class(channel)]
    }

    fn need_all(&mut self, value: ValueId) {
        if let Some(channels) = self.values.get(&value).copied() {
            (0..channels.count).for_each(|i| self.need(channels.first + i));
        }
    }

    /// Makes two channels stay or go together.
    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.class(a), self.class(b));
        self.needed[a] |= self.needed[b];
        self.parents[b] = a;
    }

    fn add_value(&mut self, value: ValueId, axis: usize, constants: Vec<Option<f64>>) -> Channels {
        let (first, count) = (self.parents.len(), constants.len());
        self.parents.extend(first..first + count);
        self.needed.extend(vec![false; count]);
        self.constants.extend(constants);
        let channels = Channels { axis, first, count };
        self.values.insert(value, channels);
        channels
    }

    fn add_layer(&mut self, graph: &Graph, node: &Node, layer: &Layer) -> Result<(), OpError> {
        let x = self.read_by(node, layer);
        if x.is_none() {
            node.inputs.iter().flatten().for_each(|value| self.need_all(*value));
        }
        let constants = constants::of_layer(self, graph, node, layer, x)?;
        let y = self.add_value(node.outputs[0], layer.axis, constants);
        if layer.depthwise {
            self.join_all(x, y);
        }
        if layer.residual {
            let residual = input(node, RESIDUAL).and_then(|r| self.values.get(&r)).copied();
            self.join_all(residual.filter(|residual| residual.axis == y.axis), y);
            if residual.is_some_and(|residual| residual.axis != y.axis) {
                node.inputs[RESIDUAL].into_iter().for_each(|value| self.need_all(value));
            }
        }
        Ok(())
    }

    /// Makes the channels of two values the same; those of `y` are needed if nothing is known of the other.
    fn join_all(&mut self, x: Option<Channels>, y: Channels) {
        for i in 0..y.count {
            match x {
                Some(x) => self.join(x.first + i, y.first + i),
                None => self.need(y.first + i),
            }
        }
    }

    fn add_along(&mut self, graph: &Graph, node: &Node, along: &Along) -> Result<(), OpError> {
        let count = graph.ty(node.outputs[0]).shape[along.axis];
        let constants = constants::between(self, graph, node, along, count)?;
        let y = self.add_value(node.outputs[0], along.axis, constants);
        let mut known = vec![false; count];
        for (index, pairs) in &along.operands {
            let x = self.values[&node.inputs[*index].expect("an operand")];
            for (from, to) in pairs {
                self.join(x.first + from, y.first + to);
                known[*to] = true;
            }
        }
        for (i, _) in known.iter().enumerate().filter(|(_, known)| !**known) {
            self.need(y.first + i);
        }
        Ok(())
    }
}
