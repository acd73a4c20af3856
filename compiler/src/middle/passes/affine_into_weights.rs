use super::rewrite::{input, replace};
use crate::ir::linear::Linear;
use crate::ir::primitives::{Binary, BinaryOp, ScaleShift};
use crate::ir::{Graph, NodeId, OpError, Tensor, ValueId};
use runtime_core::function::AnyFunction;

/// Factors and offsets that are constant for each channel move into the weights and the bias of the convolution or
/// product that they follow: BatchNormalization, and Add, Sub, Mul and Div with a constant.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in graph.order() {
        if let Some((producer, affine)) = find(graph, id) {
            fold(graph, id, producer, &affine)?;
        }
    }
    super::unused::run(graph)
}

/// `y = x * scale[c] + shift[c]`.
struct Affine {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

/// The affine function that node `id` applies to the only use of a convolution or product.
fn find(graph: &Graph, id: NodeId) -> Option<(NodeId, Affine)> {
    if !graph.contains(id) {
        return None;
    }
    let node = graph.node(id);
    if let Some(op) = node.op::<ScaleShift>() {
        let (producer, axis, channels) = linear(graph, input(node, 0)?)?;
        let constant = |i: usize| graph.constant(input(node, i)?).and_then(Tensor::to_f32);
        let plain = matches!(op.activation, AnyFunction::Identity(_));
        let (scale, shift) = (constant(1)?, constant(2)?);
        let fits = plain && op.axis == axis && scale.len() == channels && shift.len() == channels;
        return fits.then_some((producer, Affine { scale, shift }));
    }
    let op = node.op::<Binary>()?;
    if !matches!(op.activation, AnyFunction::Identity(_)) {
        return None;
    }
    let operands = [(input(node, 0)?, input(node, 1)?), (input(node, 1)?, input(node, 0)?)];
    operands.into_iter().enumerate().find_map(|(swapped, (x, constant))| {
        let (producer, axis, channels) = linear(graph, x)?;
        if graph.ty(x).shape != graph.ty(node.outputs[0]).shape {
            return None;
        }
        let values = by_channel(graph, constant, graph.ty(x).rank(), axis, channels)?;
        let (ones, zeros) = (vec![1.0; channels], vec![0.0; channels]);
        let negated = || values.iter().map(|v| -v).collect();
        let affine = match (op.op, swapped == 1) {
            (BinaryOp::Add, _) => Affine {
                scale: ones,
                shift: values,
            },
            (BinaryOp::Mul, _) => Affine {
                scale: values,
                shift: zeros,
            },
            (BinaryOp::Sub, false) => Affine {
                scale: ones,
                shift: negated(),
            },
            (BinaryOp::Sub, true) => Affine {
                scale: vec![-1.0; channels],
                shift: values,
            },
            (BinaryOp::Div, false) => Affine {
                scale: values.iter().map(|v| 1.0 / v).collect(),
                shift: zeros,
            },
            _ => return None,
        };
        Some((producer, affine))
    })
}

/// If `value` is read once and comes from a convolution or product without activation or residual: its node, the axis
/// of its channels and their number.
fn linear(graph: &Graph, value: ValueId) -> Option<(NodeId, usize, usize)> {
    let (id, layer) = Linear::before(graph, value)?;
    let is_known = |value: ValueId| graph.constant(value).and_then(Tensor::to_f32).is_some();
    let fits = layer.activation().is_identity()
        && layer.residual().is_none()
        && is_known(layer.weights())
        && layer.bias().is_none_or(is_known);
    let axis = layer.axis(graph);
    fits.then(|| (id, axis, graph.ty(value).shape[axis]))
}

/// A constant that varies along `axis` at most, as one number per channel.
fn by_channel(graph: &Graph, value: ValueId, rank: usize, axis: usize, channels: usize) -> Option<Vec<f32>> {
    let tensor = graph.constant(value)?;
    let values = tensor.to_f32()?;
    if values.len() == 1 {
        return Some(vec![values[0]; channels]);
    }
    let from_end = rank - axis;
    let along = tensor.shape.len().checked_sub(from_end)?;
    (values.len() == channels && tensor.shape[along] == channels).then_some(values)
}

fn fold(graph: &mut Graph, id: NodeId, producer: NodeId, affine: &Affine) -> Result<(), OpError> {
    let layer = Linear::of(graph.node(producer)).expect("a layer");
    let (x, w, old_bias) = (layer.x(), layer.weights(), layer.bias());
    let places = layer.places(graph);
    let weights = graph.constant(w).expect("checked constant").clone();
    let mut values = weights.to_f32().expect("checked float32");
    let channels = affine.scale.len();
    for (index, value) in values.iter_mut().enumerate() {
        *value *= affine.scale[places.output(index)];
    }
    let bias = old_bias.and_then(|b| graph.constant(b)).and_then(Tensor::to_f32);
    let bias = bias.unwrap_or_else(|| vec![0.0; channels]);
    let bias: Vec<f32> = (0..channels)
        .map(|c| bias[c] * affine.scale[c] + affine.shift[c])
        .collect();
    if values.iter().chain(&bias).any(|v| !v.is_finite()) {
        return Ok(());
    }
    let operator = graph.node(producer).operator().expect("an operator").boxed();
    let w_name = graph.value(w).name.clone();
    let bias_name = old_bias.map_or_else(
        || format!("{}_bias", graph.node(producer).name),
        |b| graph.value(b).name.clone(),
    );
    let w = graph.add_constant(w_name, Tensor::f32(&weights.shape, &values));
    let bias = graph.add_constant(bias_name, Tensor::f32(&[channels], &bias));
    let name = graph.node(producer).name.clone();
    let new = replace(graph, id, operator, &[Some(x), Some(w), Some(bias)], &[producer])?;
    let new_node = graph.value(new).producer;
    graph.node_mut(new_node).name = name;
    Ok(())
}
