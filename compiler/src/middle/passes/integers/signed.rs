//! Unsigned integers become signed ones, which kernels take: the same bits but the first, which is flipped.

use super::super::rewrite::{add, input, replace};
use super::carry::{carried, carry, operand};
use crate::ir::primitives::{Binary, BinaryOp, BitCast, DequantizeLinear, Quantization, QuantizeLinear};
use crate::ir::{DType, Graph, NodeId, OpError, ValueId};
use std::collections::HashMap;

/// Replaces `u8` by `i8` and `u16` by `i16`, from each `QuantizeLinear` to each `DequantizeLinear`; where others read
/// or give the integers, they are converted.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    let mut signed = HashMap::new();
    let mut replaced = vec![];
    for id in graph.order() {
        let node = graph.node(id);
        let Some(x) = input(node, 0) else { continue };
        if let Some(to) = node.op::<QuantizeLinear>().and_then(|op| signed_form(&op.to)) {
            let old = node.outputs[0];
            signed.insert(old, add(graph, id, QuantizeLinear { to }, &[x])?);
            replaced.push((id, old));
        } else if let Some(from) = node.op::<DequantizeLinear>().and_then(|op| signed_form(&op.from)) {
            let x = as_signed(graph, id, x, &signed)?;
            replace(graph, id, DequantizeLinear { from }, &[Some(x)], &[])?;
        } else if let Some(indices) = carried(node) {
            let values: Vec<_> = indices
                .iter()
                .filter_map(|i| Some((*i, operand(graph, id, *i)?)))
                .collect();
            if !values.iter().any(|(_, value)| signed.contains_key(value)) {
                continue;
            }
            let mut operands = vec![];
            for (index, value) in values {
                operands.push((index, as_signed(graph, id, value, &signed)?));
            }
            let new = carry(graph, id, &operands)?;
            for (old, new) in graph
                .node(id)
                .outputs
                .clone()
                .into_iter()
                .zip(graph.node(new).outputs.clone())
            {
                signed.insert(old, new);
                replaced.push((id, old));
            }
        }
    }
    for (id, old) in replaced {
        if !graph.users(old).is_empty() || graph.is_output(old) {
            let back = flipped(graph, id, signed[&old], graph.ty(old).dtype)?;
            graph.replace_uses(old, back);
        }
    }
    super::super::unused::run(graph)
}

fn signed_form(quantization: &Quantization) -> Option<Quantization> {
    let (dtype, offset) = match quantization.dtype {
        DType::U8 => (DType::I8, 1 << 7),
        DType::U16 => (DType::I16, 1 << 15),
        _ => return None,
    };
    Some(Quantization {
        dtype,
        zeros: quantization.zeros.iter().map(|zero| zero - offset).collect(),
        ..quantization.clone()
    })
}

fn as_signed(
    graph: &mut Graph,
    id: NodeId,
    value: ValueId,
    signed: &HashMap<ValueId, ValueId>,
) -> Result<ValueId, OpError> {
    if let Some(value) = signed.get(&value) {
        return Ok(*value);
    }
    let to = match graph.ty(value).dtype {
        DType::U8 => DType::I8,
        _ => DType::I16,
    };
    flipped(graph, id, value, to)
}

/// The integers with their first bit flipped, as elements of another type of their size.
fn flipped(graph: &mut Graph, id: NodeId, value: ValueId, to: DType) -> Result<ValueId, OpError> {
    let first = match graph.ty(value).dtype.size() {
        1 => (DType::U8, f64::from(1 << 7)),
        _ => (DType::U16, f64::from(1 << 15)),
    };
    let bits = cast(graph, id, value, first.0)?;
    let name = format!("{}_first_bit", graph.node(id).name);
    let first = graph.add_constant(name, crate::ir::Tensor::scalar(first.0, first.1));
    let flipped = add(graph, id, Binary::from(BinaryOp::Xor), &[bits, first])?;
    cast(graph, id, flipped, to)
}

fn cast(graph: &mut Graph, id: NodeId, value: ValueId, to: DType) -> Result<ValueId, OpError> {
    if graph.ty(value).dtype == to {
        return Ok(value);
    }
    add(graph, id, BitCast { to }, &[value])
}
