//! Convolutions and products with constant weights.

use super::super::rewrite::{either, input};
use super::operands::{Weights, activation, numbers};
use super::site::{Site, is_clipped};
use super::{Outcome, empty, site};
use crate::ir::primitives::{
    BIAS, Binary, BinaryOp, Conv, ConvTranspose, Gemm, Layout, MatMul, QuantisedLayer, has_packed_kernel,
};
use crate::ir::{DType, Graph, NodeId, OpError, Operator, Tensor, TensorType, ValueId};
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
        let by_weights = node.op::<Conv>().is_some() || node.op::<ConvTranspose>().is_some();
        let product = node.op::<MatMul>().is_some() && input(node, 1).is_some_and(|w| is_constant(graph, w));
        by_weights || node.op::<Gemm>().is_some() || product
    };
    let own = |id: NodeId| input(graph.node(id), BIAS);
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

/// What tells a kind of layer from others.
struct Kind {
    /// Output channels.
    channels: usize,
    /// The axis of the output channels in the weights.
    axis: usize,
    /// Groups of output channels along that axis.
    groups: usize,
    /// The axis of the output channels in the result, counted from the end.
    from_end: usize,
}

fn build(graph: &Graph, site: &Site, found: &Found) -> Result<Layer, String> {
    let node = graph.node(found.node);
    let missing = || "it has no weights".to_owned();
    let w = input(node, 1).ok_or_else(missing)?;
    let shape = &graph.ty(w).shape;
    let rank = graph.ty(node.outputs[0]).rank();
    let image = |layout: Layout| if layout == Layout::ChannelsFirst { rank - 1 } else { 1 };
    let window = node.op::<Conv>().map(|conv| &conv.window);
    if let Some(window) = window.or(node.op::<ConvTranspose>().map(|conv| &conv.window))
        && !has_packed_kernel(window, &weights_ty(graph, w), true)
    {
        return Err(format!(
            "there is no kernel in integers for {} spatial axes",
            window.rank()
        ));
    }
    let kind = if let Some(conv) = node.op::<Conv>() {
        let (channels, from_end) = (shape[0], image(conv.layout));
        Kind {
            channels,
            axis: 0,
            groups: 1,
            from_end,
        }
    } else if let Some(conv) = node.op::<ConvTranspose>() {
        let (channels, from_end) = (shape[1] * conv.groups, image(conv.layout));
        Kind {
            channels,
            axis: 1,
            groups: conv.groups,
            from_end,
        }
    } else if let [_, n] = shape[..] {
        Kind {
            channels: n,
            axis: 1,
            groups: 1,
            from_end: 1,
        }
    } else {
        return Err("its weights are not one matrix".into());
    };
    let x = activation(graph, node, 0).ok_or("its input is not quantised to 8 or 16 bits with one scale")?;
    let x_scale = f64::from(x.quantization.scales[0]);
    let mut weights = Weights::read(graph, w, kind.axis)?;
    let own = weights.per_channel(kind.channels / kind.groups.max(1));
    let own = own.ok_or("the scales of its weights do not lie along the output channels")?;
    let mut scales: Vec<f32> = (0..kind.channels).map(|c| own[c % own.len()]).collect();
    let inner: usize = shape[kind.axis + 1..].iter().product();
    let (along, outer) = (shape[kind.axis], shape[..kind.axis].iter().product::<usize>());
    let channel = |index: usize| {
        let group = index / (inner * along) * kind.groups / outer.max(1);
        group * along + index / inner % along
    };
    let mut bias = vec![0.0; kind.channels];
    for value in &found.biases {
        let numbers = by_channel(graph, *value, &kind).ok_or("its bias is not one number a channel")?;
        bias.iter_mut().zip(numbers).for_each(|(bias, number)| *bias += number);
    }
    let through = (&x.quantization, &site.to);
    empty::clear(through, &mut weights.integers, channel, &mut scales, &bias);
    let units = bias.iter().zip(&scales);
    let units: Vec<f64> = units.map(|(bias, w)| bias / (x_scale * f64::from(*w))).collect();
    let layer = QuantisedLayer::new(through, &weights.integers, channel, &scales, &units, site.limits);
    let layer = layer.ok_or(
        "its sums do not fit the kernels: scales, bias or depth are too large, or its bias lies between its steps",
    )?;
    let activation = layer.activation;
    let operator: Box<dyn Operator> = if let Some(conv) = node.op::<Conv>() {
        Conv {
            activation,
            ..conv.clone()
        }
        .into()
    } else if let Some(conv) = node.op::<ConvTranspose>() {
        ConvTranspose {
            activation,
            ..conv.clone()
        }
        .into()
    } else {
        Gemm { activation }.into()
    };
    Ok(Layer {
        operator,
        x: x.value,
        weights: weights.tensor(),
        layer,
    })
}

fn weights_ty(graph: &Graph, w: ValueId) -> TensorType {
    TensorType::new(DType::I8, graph.ty(w).shape.clone())
}

/// A constant that varies along the channels at most.
fn by_channel(graph: &Graph, value: ValueId, kind: &Kind) -> Option<Vec<f64>> {
    let (numbers, shape) = (numbers(graph, value)?, &graph.ty(value).shape);
    if numbers.len() == 1 {
        return Some(vec![numbers[0]; kind.channels]);
    }
    // The operand of a layer is a vector; what is added broadcasts against the result.
    let along = if shape.len() == 1 {
        Some(0)
    } else {
        shape.len().checked_sub(kind.from_end)
    };
    (numbers.len() == kind.channels && shape[along?] == kind.channels).then_some(numbers)
}
