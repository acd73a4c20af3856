use super::gelu;
use super::polynomial::{agree, polynomial};
use super::rewrite::{either, input, is, plain, replace, with_scalar};
use crate::ir::primitives::{BinaryOp, Map};
use crate::ir::{Graph, Node, OpError, ValueId};
use runtime_core::function::{AnyFunction, HardSigmoid, HardSwish, Silu, Swish};

/// Finds activations that exporters write in pieces: `x * Sigmoid(alpha * x)`, `x * HardSigmoid(x)`,
/// `x * Clip(x + 3, 0, 6) / 6`, and both forms of GELU.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in graph.order() {
        let node = graph.node(id);
        // A scalar constant of more dimensions gives the result its own.
        let found = recognise(graph, node).filter(|(x, _)| graph.ty(*x) == graph.ty(node.outputs[0]));
        if let Some((x, function)) = found {
            replace(graph, id, Map { function }, &[Some(x)], &[])?;
        }
    }
    super::unused::run(graph)
}

fn recognise(graph: &Graph, node: &Node) -> Option<(ValueId, AnyFunction)> {
    gated(graph, node)
        .or_else(|| hard_swish_in_pieces(graph, node))
        .or_else(|| gelu::find(graph, node))
}

/// `x * gate(x)`.
fn gated(graph: &Graph, node: &Node) -> Option<(ValueId, AnyFunction)> {
    plain(node, BinaryOp::Mul)?;
    either(node)?.into_iter().find_map(|(x, gate)| {
        let gate = graph.producer(gate);
        let function = gate.op::<Map>()?.function;
        let [_, slope, ..] = polynomial(graph, input(gate, 0)?, x).filter(|p| agree(*p, [0.0, p[1], 0.0, 0.0]))?;
        match function {
            AnyFunction::Sigmoid(_) if slope == 1.0 => Some((x, Silu.into())),
            AnyFunction::Sigmoid(_) => Some((x, Swish { alpha: slope as f32 }.into())),
            _ if slope != 1.0 => None,
            AnyFunction::HardSigmoid(HardSigmoid { alpha, beta }) if is(alpha, 1.0 / 6.0) && beta == 0.5 => {
                Some((x, HardSwish.into()))
            }
            _ => None,
        }
    })
}

/// `x * Clip(x + 3, 0, 6) / 6`, the division anywhere outside the clip.
fn hard_swish_in_pieces(graph: &Graph, node: &Node) -> Option<(ValueId, AnyFunction)> {
    let inner = |v: ValueId| graph.producer(v);
    let sixth = |node: &Node| -> Option<ValueId> {
        let (other, factor) = with_scalar(graph, node)?;
        let divides = plain(node, BinaryOp::Div).is_some() && factor == 6.0 && input(node, 0)? == other;
        let multiplies = plain(node, BinaryOp::Mul).is_some() && is(factor, 1.0 / 6.0);
        (divides || multiplies).then_some(other)
    };
    let clipped = |v: ValueId| -> Option<ValueId> {
        let map = inner(v);
        match map.op::<Map>()?.function {
            AnyFunction::Clip(clip) if clip.min == 0.0 && clip.max == 6.0 => {}
            _ => return None,
        }
        let sum = inner(input(map, 0)?);
        plain(sum, BinaryOp::Add)?;
        with_scalar(graph, sum)
            .filter(|(_, three)| *three == 3.0)
            .map(|(x, _)| x)
    };
    if let Some(product) = sixth(node).map(inner) {
        plain(product, BinaryOp::Mul)?;
        return either(product)?
            .into_iter()
            .find(|(x, gate)| clipped(*gate) == Some(*x))
            .map(|(x, _)| (x, HardSwish.into()));
    }
    plain(node, BinaryOp::Mul)?;
    either(node)?.into_iter().find_map(|(x, gate)| {
        let gate = sixth(inner(gate))?;
        (clipped(gate) == Some(x)).then(|| (x, HardSwish.into()))
    })
}
