use super::{Groups, Io, Layer, Weights};
use crate::ir::linear::WEIGHTS;
use crate::ir::primitives::{BIAS, DequantizeLinear, Quantization, QuantizeLinear};
use crate::ir::{DType, Graph, OpError, Operator, Tensor, ValueId};
use std::collections::HashMap;

/// Everything that makes a float graph a quantised one.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The quantization of each group.
    pub groups: Vec<Quantization>,
    /// The weights of each layer, in their order.
    pub weights: Vec<Weights>,
}

/// A copy of a float graph with `QuantizeLinear` and `DequantizeLinear` after every value of a group, and weights and
/// biases of layers as integers; `io` is what `run` takes and gives. Nodes and values of the graph keep their names in
/// the copy. Layers have a bias.
///
/// # Errors
/// Operands that do not fit: a fault of the settings.
pub fn insert(graph: &Graph, groups: &Groups, layers: &[Layer], settings: &Settings, io: Io) -> Result<Graph, OpError> {
    let mut copy = graph.clone();
    let mut integers = HashMap::new();
    for (group, to) in groups.list.iter().zip(&settings.groups) {
        for value in &group.values {
            let quantised = quantise(&mut copy, groups, *value, to, io)?;
            integers.insert(*value, quantised);
        }
    }
    for (layer, weights) in layers.iter().zip(&settings.weights) {
        let (x, _) = settings.groups[groups.of[&layer.x]].single().unwrap_or((1.0, 0));
        let origin = copy.node(layer.node).origin.clone();
        let shape = copy.ty(layer.w).shape.clone();
        let (bias, steps) = weights.bias(layer, x);
        for (operand, tensor, from) in [
            (WEIGHTS, weights.tensor(&shape), weights.quantization.clone()),
            (BIAS, bias, steps),
        ] {
            let value = copy.node(layer.node).inputs[operand].expect("layers have weights and a bias");
            let name = copy.value(value).name.clone();
            let constant = copy.add_constant(name.clone(), tensor);
            let floats = copy.add_op(
                format!("{name}_dequantized"),
                DequantizeLinear { from },
                &[constant],
                &origin,
            )?;
            copy.set_input(layer.node, operand, floats);
        }
    }
    if io == Io::Int8 {
        for (index, (_, value)) in graph.outputs().iter().enumerate() {
            if let Some(integers) = integers.get(value).filter(|_| groups.makes(*value)) {
                copy.set_output(index, *integers);
            }
        }
    }
    Ok(copy)
}

/// Puts a quantization after a value. Gives the integers.
fn quantise(graph: &mut Graph, groups: &Groups, value: ValueId, to: &Quantization, io: Io) -> Result<ValueId, OpError> {
    let producer = graph.value(value).producer;
    let (name, origin) = (graph.value(value).name.clone(), graph.node(producer).origin.clone());
    let users = graph.users(value);
    let reading: Vec<_> = users
        .iter()
        .copied()
        .filter(|user| groups.reads(graph, *user))
        .collect();
    let is_input = graph.inputs().contains(&value);
    let integers = if let Some(tensor) = graph.constant(value) {
        let tensor = quantised(tensor, to);
        graph.add_constant(format!("{name}_quantized"), tensor)
    } else if is_input && io == Io::Int8 {
        graph.set_input_type(value, to.dtype);
        value
    } else {
        add(
            graph,
            format!("{name}_quantized"),
            QuantizeLinear { to: to.clone() },
            value,
            &origin,
        )?
    };
    let floats = DequantizeLinear { from: to.clone() };
    let floats = add(graph, format!("{name}_dequantized"), floats, integers, &origin)?;
    if groups.makes(value) {
        for (user, operand) in users {
            graph.set_input(user, operand, floats);
        }
        for (index, (_, output)) in graph.outputs().to_vec().into_iter().enumerate() {
            if output == value {
                graph.set_output(index, floats);
            }
        }
    } else {
        for (user, operand) in reading {
            graph.set_input(user, operand, floats);
        }
    }
    Ok(integers)
}

fn add(
    graph: &mut Graph,
    name: String,
    operator: impl Operator + 'static,
    value: ValueId,
    origin: &[String],
) -> Result<ValueId, OpError> {
    graph.add_op(name, operator, &[value], origin)
}

/// The integers that stand for a constant, rounded half to even.
fn quantised(tensor: &Tensor, to: &Quantization) -> Tensor {
    let (scale, zero) = to.single().unwrap_or((1.0, 0));
    let (min, max) = Quantization::range(to.dtype).unwrap_or((0, 0));
    let values = tensor.to_f32().unwrap_or_default();
    let integers = values.iter().map(|v| {
        let steps = (v / scale).round_ties_even() as i64 + i64::from(zero);
        steps.clamp(min.into(), max.into())
    });
    let bytes = if to.dtype == DType::I16 {
        integers.flat_map(|v| (v as i16).to_le_bytes()).collect()
    } else {
        integers.map(|v| v as i8 as u8).collect()
    };
    Tensor::new(to.dtype, tensor.shape.clone(), bytes)
}
