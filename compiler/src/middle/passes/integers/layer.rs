//! Convolutions and products with constant weights.

use super::super::rewrite::{either, input};
use super::operands::{Weights, activation, numbers};
use super::site::{Site, is_clipped};
use super::{Outcome, empty, finer, site};
use crate::ir::linear::Linear;
use crate::ir::primitives::{Binary, BinaryOp, MatMul, QuantisedLayer};
use crate::ir::{DType, Graph, NodeId, OpError, Operator, Tensor, ValueId};
use runtime_core::function::Identity;

/// A layer, and what is added to each of its channels.
struct Found {
    node: NodeId,
    biases: Vec<ValueId>,
    /// Nodes that it stands for, in order.
    nodes: Vec<NodeId>,
}

pub(super) fn rule(graph: &mut Graph, site: &Site) -> Result<Outcome, OpError> {
    let Some(found) = find(graph, site) else {
        return Ok(Outcome::NotMine);
    };
    if !site.is_private(graph) || !is_clipped(graph.node(site.core)) {
        return Ok(Outcome::Stays("its result is read before it is quantised".into()));
    }
    match build(graph, site, &found) {
        Ok(layer) => layer.add(graph, site, &found).map(Outcome::Integers),
        Err(reason) => Ok(Outcome::Stays(reason)),
    }
}

fn find(graph: &Graph, site: &Site) -> Option<Found> {
    let is_layer = |id: NodeId| {
        let node = graph.node(id);
        let product = node.op::<MatMul>().is_some() && input(node, 1).is_some_and(|w| is_constant(graph, w));
        product || Linear::of(node).is_some()
    };
    let own = |id: NodeId| Linear::of(graph.node(id)).and_then(|layer| layer.bias());
    if is_layer(site.core) {
        return Some(Found {
            node: site.core,
            biases: own(site.core).into_iter().collect(),
            nodes: site.nodes.clone(),
        });
    }
    let core = graph.node(site.core);
    let is_sum = core.op::<Binary>().is_some_and(|binary| binary.op == BinaryOp::Add);
    (is_sum && is_clipped(core)).then_some(())?;
    either(core)?.into_iter().find_map(|(value, bias)| {
        let node = graph.value(value).producer;
        let fits = is_layer(node) && site::fused(graph.node(node)).is_none_or(|function| function == Identity.into());
        (fits && graph.only_user(value).is_some() && is_constant(graph, bias)).then(|| Found {
            node,
            biases: own(node).into_iter().chain([bias]).collect(),
            nodes: [&[node], &site.nodes[..]].concat(),
        })
    })
}

fn is_constant(graph: &Graph, value: ValueId) -> bool {
    numbers(graph, value).is_some()
}

/// The operator in integers with its constant operands.
struct Layer {
    operator: Box<dyn Operator>,
    x: ValueId,
    weights: Tensor,
    layer: QuantisedLayer,
}

impl Layer {
    fn add(self, graph: &mut Graph, site: &Site, found: &Found) -> Result<ValueId, OpError> {
        let name = graph.node(found.node).name.clone();
        let constants = [
            ("weights", self.weights),
            ("bias", self.layer.bias),
            ("multipliers", self.layer.multiplier),
        ];
        let constants = constants.map(|(what, tensor)| graph.add_constant(format!("{name}_{what}"), tensor));
        let operands = [&[self.x], &constants[..]].concat();
        site.put(graph, &found.nodes, self.operator, &operands)
    }
}

fn build(graph: &Graph, site: &Site, found: &Found) -> Result<Layer, String> {
    let node = graph.node(found.node);
    let linear = Linear::or_product(graph, node).ok_or("its weights are not one matrix")?;
    if let Some(window) = linear.window().filter(|_| !linear.has_packed_kernel(graph, DType::I8)) {
        return Err(format!(
            "there is no kernel in integers for {} spatial axes",
            window.rank()
        ));
    }
    let (w, places) = (linear.weights(), linear.places(graph));
    // The axis of the channels in the result, counted from the end.
    let from_end = graph.ty(node.outputs[0]).rank() - linear.axis(graph);
    let x = activation(graph, node, 0).ok_or("its input is not quantised to 8 or 16 bits with one scale")?;
    let x_scale = f64::from(x.quantization.scales[0]);
    let mut weights = Weights::read(graph, w, places.outputs_axis)?;
    let own = weights.per_channel(places.along());
    let own = own.ok_or("the scales of its weights do not lie along the output channels")?;
    let mut scales: Vec<f32> = (0..places.outputs()).map(|c| own[c % own.len()]).collect();
    let channel = |index: usize| places.output(index);
    let mut bias = vec![0.0; places.outputs()];
    for value in &found.biases {
        let numbers = by_channel(graph, *value, places.outputs(), from_end);
        let numbers = numbers.ok_or("its bias is not one number per channel")?;
        bias.iter_mut().zip(numbers).for_each(|(bias, number)| *bias += number);
    }
    let through = (&x.quantization, &site.to);
    empty::clear(through, &mut weights.integers, channel, &mut scales, &bias);
    let units = bias.iter().zip(&scales);
    let units: Vec<f64> = units.map(|(bias, w)| bias / (x_scale * f64::from(*w))).collect();
    let layer = finer::layer(through, &mut weights.integers, channel, &scales, &units, site.limits);
    let layer = layer.ok_or(
        "its sums do not fit the kernels: scales, bias or depth are too large, or its bias lies between its steps",
    )?;
    Ok(Layer {
        operator: linear.with_activation(layer.activation),
        x: x.value,
        weights: weights.tensor(),
        layer,
    })
}

/// A constant that varies along the channels at most.
fn by_channel(graph: &Graph, value: ValueId, channels: usize, from_end: usize) -> Option<Vec<f64>> {
    let (numbers, shape) = (numbers(graph, value)?, &graph.ty(value).shape);
    if numbers.len() == 1 {
        return Some(vec![numbers[0]; channels]);
    }
    // The operand of a layer is a vector; what is added broadcasts against the result.
    let along = if shape.len() == 1 {
        Some(0)
    } else {
        shape.len().checked_sub(from_end)
    };
    (numbers.len() == channels && shape[along?] == channels).then_some(numbers)
}
