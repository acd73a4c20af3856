//! The graph without the channels that are not needed.

use super::along::Along;
use super::flow::Flow;
use super::layer::{Layer, tensor};
use crate::ir::linear::{Linear, WEIGHTS};
use crate::ir::primitives::{BIAS, MULTIPLIER, Reshape, Slice};
use crate::ir::{DType, Graph, Node, NodeId, OpError, Operator, Tensor, ValueId};
use std::collections::HashMap;

/// Puts operators on the needed channels in place of all that read or give others.
pub(super) fn apply(graph: &mut Graph, flow: &Flow) -> Result<(), OpError> {
    let order = graph.order();
    let mut new: HashMap<ValueId, ValueId> = HashMap::new();
    for id in order {
        let values = graph.node(id).inputs.iter().flatten().chain(&graph.node(id).outputs);
        if !values.clone().any(|value| kept(flow, *value).is_some()) {
            continue;
        }
        let (operator, inputs) = if let Some((_, layer)) = flow.layers.iter().find(|(layer, _)| *layer == id) {
            layer_of(graph, flow, id, layer)
        } else if let Some(along) = flow.between.get(&id) {
            between(graph, flow, id, along)
        } else {
            continue;
        };
        let inputs: Vec<_> = inputs
            .iter()
            .map(|v| v.map(|v| new.get(&v).copied().unwrap_or(v)))
            .collect();
        let (name, origin) = (graph.node(id).name.clone(), graph.node(id).origin.clone());
        let node = graph.add(name, operator, &inputs, &origin)?;
        let (old, result) = (graph.node(id).outputs[0], graph.node(node).outputs[0]);
        graph.rename(result, graph.value(old).name.clone());
        if kept(flow, old).is_some() {
            new.insert(old, result);
        } else {
            graph.replace_uses(old, result);
        }
    }
    super::super::unused::run(graph)
}

/// The needed channels of a value, if there are others.
fn kept(flow: &Flow, value: ValueId) -> Option<Vec<usize>> {
    let channels = flow.values.get(&value)?;
    let kept: Vec<usize> = (0..channels.count)
        .filter(|i| flow.is_needed(channels.first + i))
        .collect();
    (kept.len() < channels.count).then_some(kept)
}

type Operation = (Box<dyn Operator>, Vec<Option<ValueId>>);

/// The elements of a tensor at these places along an axis.
pub(super) fn taken(tensor: &Tensor, axis: usize, places: &[usize]) -> Tensor {
    let run = tensor.shape[axis + 1..].iter().product::<usize>() * tensor.dtype.size();
    let outer: usize = tensor.shape[..axis].iter().product();
    let mut bytes = vec![];
    for block in 0..outer {
        for place in places {
            let at = (block * tensor.shape[axis] + place) * run;
            bytes.extend_from_slice(&tensor.bytes[at..at + run]);
        }
    }
    let mut shape = tensor.shape.clone();
    shape[axis] = places.len();
    Tensor::new(tensor.dtype, shape, bytes)
}

/// Replaces a constant operand.
fn set(graph: &mut Graph, inputs: &mut [Option<ValueId>], index: usize, change: impl FnOnce(&Tensor) -> Tensor) {
    let Some(value) = inputs.get(index).copied().flatten() else {
        return;
    };
    if let Some(constant) = graph.constant(value) {
        let (name, constant) = (graph.value(value).name.clone(), change(constant));
        inputs[index] = Some(graph.add_constant(name, constant));
    }
}

fn layer_of(graph: &mut Graph, flow: &Flow, id: NodeId, layer: &Layer) -> Operation {
    let node = graph.node(id);
    let mut inputs = node.inputs.clone();
    let linear = Linear::of(node).expect("a layer");
    let outputs_axis = linear.places(graph).outputs_axis;
    let (x, y) = (kept(flow, linear.x()), kept(flow, node.outputs[0]));
    let operator = match y.as_ref().filter(|_| layer.depthwise) {
        Some(y) => linear.in_groups(y.len()),
        None => node.operator().expect("a layer").boxed(),
    };
    if let Some(x) = x.filter(|_| !layer.depthwise) {
        if layer.integers {
            let bias = with_constants(flow, node, layer, &x);
            set(graph, &mut inputs, BIAS, |_| bias);
        }
        set(graph, &mut inputs, WEIGHTS, |w| taken(w, 1 - outputs_axis, &x));
    }
    if let Some(y) = y {
        set(graph, &mut inputs, WEIGHTS, |w| taken(w, outputs_axis, &y));
        set(graph, &mut inputs, BIAS, |bias| taken(bias, 0, &y));
        if layer.integers {
            set(graph, &mut inputs, MULTIPLIER, |multiplier| taken(multiplier, 0, &y));
        }
    }
    (operator, inputs)
}

/// The bias of a layer of integers with what the inputs that are not kept add to every sum.
fn with_constants(flow: &Flow, node: &Node, layer: &Layer, kept: &[usize]) -> Tensor {
    let x = flow.values[&node.inputs[0].expect("an operand")];
    let gone: Vec<usize> = (0..layer.inputs).filter(|i| kept.binary_search(i).is_err()).collect();
    let term = |output: usize, i: usize| {
        let constant = flow.constants[x.first + i].filter(|_| !layer.vanishes(output, i))?;
        layer.term(output, i, constant)
    };
    let bias = |output: usize| layer.bias[output] + gone.iter().filter_map(|i| term(output, *i)).sum::<f64>();
    let bias: Vec<f64> = (0..layer.outputs).map(bias).collect();
    tensor(DType::I32, vec![layer.outputs], &bias)
}

fn between(graph: &mut Graph, flow: &Flow, id: NodeId, along: &Along) -> Operation {
    let node = graph.node(id);
    let mut inputs = node.inputs.clone();
    let mut operator = node.operator().expect("an operator").boxed();
    let Some(y) = kept(flow, node.outputs[0]) else {
        return (sliced(flow, node, along, None).unwrap_or(operator), inputs);
    };
    if let Some(changed) = sliced(flow, node, along, Some(&y)) {
        operator = changed;
    }
    for (index, axis) in &along.parameters {
        set(graph, &mut inputs, *index, |numbers| taken(numbers, *axis, &y));
    }
    (operator, inputs)
}

/// The operator for other channels, where its attributes tell of them; `y` are the channels of the result that are
/// kept.
fn sliced(flow: &Flow, node: &Node, along: &Along, y: Option<&[usize]>) -> Option<Box<dyn Operator>> {
    if let (Some(reshape), Some(y)) = (node.op::<Reshape>(), y) {
        let mut shape = reshape.shape.clone();
        shape[along.axis] = y.len();
        return Some(Reshape { shape }.into());
    }
    let slice = node.op::<Slice>()?;
    let x = flow.values[&node.inputs[0].expect("an operand")];
    let mut slice = slice.clone();
    let start = slice.starts[along.axis];
    slice.starts[along.axis] = (0..start).filter(|i| flow.is_needed(x.first + i)).count();
    if let Some(y) = y {
        slice.lens[along.axis] = y.len();
    }
    Some(slice.into())
}
