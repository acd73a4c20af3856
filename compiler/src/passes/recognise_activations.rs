use super::rewrite::{input, replace, with_scalar};
use crate::ir::{Graph, Node, OpError, ValueId};
use crate::primitives::{Binary, BinaryOp, Map};
use runtime_core::function::{AnyFunction, Gelu, HardSigmoid, HardSwish, Silu};

/// Finds activations that exporters write in pieces: `x * Sigmoid(x)`, `x * HardSigmoid(x)`, `x * Clip(x + 3, 0, 6) / 6`,
/// `x / 2 * (1 + Erf(x / sqrt(2)))`.
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
        .or_else(|| gelu(graph, node))
}

fn binary(node: &Node, op: BinaryOp) -> Option<()> {
    let binary = node.op::<Binary>()?;
    (binary.op == op && matches!(binary.activation, AnyFunction::Identity(_))).then_some(())
}

/// Both operands of a binary node, in either order.
fn either(node: &Node) -> Option<[(ValueId, ValueId); 2]> {
    let (a, b) = (input(node, 0)?, input(node, 1)?);
    Some([(a, b), (b, a)])
}

/// `x * gate(x)`.
fn gated(graph: &Graph, node: &Node) -> Option<(ValueId, AnyFunction)> {
    binary(node, BinaryOp::Mul)?;
    either(node)?.into_iter().find_map(|(x, gate)| {
        let gate = graph.producer(gate);
        if input(gate, 0)? != x {
            return None;
        }
        match gate.op::<Map>()?.function {
            AnyFunction::Sigmoid(_) => Some((x, Silu.into())),
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
        let divides = binary(node, BinaryOp::Div).is_some() && factor == 6.0 && input(node, 0)? == other;
        let multiplies = binary(node, BinaryOp::Mul).is_some() && is(factor, 1.0 / 6.0);
        (divides || multiplies).then_some(other)
    };
    let clipped = |v: ValueId| -> Option<ValueId> {
        let map = inner(v);
        match map.op::<Map>()?.function {
            AnyFunction::Clip(clip) if clip.min == 0.0 && clip.max == 6.0 => {}
            _ => return None,
        }
        let sum = inner(input(map, 0)?);
        binary(sum, BinaryOp::Add)?;
        with_scalar(graph, sum)
            .filter(|(_, three)| *three == 3.0)
            .map(|(x, _)| x)
    };
    if let Some(product) = sixth(node).map(inner) {
        binary(product, BinaryOp::Mul)?;
        return either(product)?
            .into_iter()
            .find(|(x, gate)| clipped(*gate) == Some(*x))
            .map(|(x, _)| (x, HardSwish.into()));
    }
    binary(node, BinaryOp::Mul)?;
    either(node)?.into_iter().find_map(|(x, gate)| {
        let gate = sixth(inner(gate))?;
        (clipped(gate) == Some(x)).then(|| (x, HardSwish.into()))
    })
}

/// `x * (1 + Erf(x / sqrt(2))) / 2`, the half on either factor or on the product.
fn gelu(graph: &Graph, node: &Node) -> Option<(ValueId, AnyFunction)> {
    binary(node, BinaryOp::Mul)?;
    let half = |v: ValueId| -> Option<ValueId> {
        let node = graph.producer(v);
        binary(node, BinaryOp::Mul)?;
        with_scalar(graph, node).filter(|(_, s)| *s == 0.5).map(|(x, _)| x)
    };
    let one_plus_erf = |v: ValueId| -> Option<ValueId> {
        let sum = graph.producer(v);
        binary(sum, BinaryOp::Add)?;
        let (erf, _) = with_scalar(graph, sum).filter(|(_, one)| *one == 1.0)?;
        let erf = graph.producer(erf);
        matches!(erf.op::<Map>()?.function, AnyFunction::Erf(_)).then_some(())?;
        let scaled = graph.producer(input(erf, 0)?);
        let (x, factor) = with_scalar(graph, scaled)?;
        let divides = binary(scaled, BinaryOp::Div).is_some() && is(factor, std::f32::consts::SQRT_2);
        let multiplies = binary(scaled, BinaryOp::Mul).is_some() && is(factor, std::f32::consts::FRAC_1_SQRT_2);
        (divides || multiplies).then_some(x)
    };
    let product = |node: &Node, halved: bool| -> Option<ValueId> {
        binary(node, BinaryOp::Mul)?;
        either(node)?.into_iter().find_map(|(a, b)| {
            let x = one_plus_erf(b)?;
            let factor = if halved { a } else { half(a)? };
            (factor == x).then_some(x)
        })
    };
    let outer_half = with_scalar(graph, node)
        .filter(|(_, s)| *s == 0.5)
        .map(|(p, _)| graph.producer(p));
    let found = product(node, false).or_else(|| outer_half.and_then(|p| product(p, true)));
    found.map(|x| (x, Gelu.into()))
}

/// Equal to within what a constant loses on its way through an exporter.
fn is(value: f32, expected: f32) -> bool {
    (value - expected).abs() <= 1e-6 * expected.abs()
}
