//! GELU as exporters write it.

use super::polynomial::{agree, polynomial};
use super::rewrite::{either, input, plain, with_scalar};
use crate::ir::primitives::{BinaryOp, Map};
use crate::ir::{Graph, Node, ValueId};
use runtime_core::function::{AnyFunction, Gelu, GeluTanh};
use std::f64::consts::FRAC_1_SQRT_2;

/// `sqrt(2 / pi)`, the slope of the approximation with a hyperbolic tangent.
const SLOPE: f64 = 0.797_884_560_802_865_4;
/// The share of the cube in it.
const CUBE: f64 = 0.044_715;

/// What `node` is GELU of, and in which form: `x * (1 + Erf(x / sqrt(2))) / 2` or
/// `x * (1 + Tanh(sqrt(2 / pi) * (x + 0.044715 * x^3))) / 2`, the half on either factor or on the product.
pub(super) fn find(graph: &Graph, node: &Node) -> Option<(ValueId, AnyFunction)> {
    plain(node, BinaryOp::Mul)?;
    if let Some(product) = half_of(graph, node) {
        let product = graph.producer(product);
        plain(product, BinaryOp::Mul)?;
        return either(product)?
            .into_iter()
            .find_map(|(x, gate)| gate_of(graph, gate, x).map(|function| (x, function)));
    }
    either(node)?.into_iter().find_map(|(a, b)| {
        let halved = |value: ValueId| half_of(graph, graph.producer(value));
        let (x, gate) = match (halved(a), halved(b)) {
            (Some(x), _) if gate_of(graph, b, x).is_some() => (x, b),
            (_, Some(gate)) => (a, gate),
            _ => return None,
        };
        gate_of(graph, gate, x).map(|function| (x, function))
    })
}

/// What a node takes half of.
fn half_of(graph: &Graph, node: &Node) -> Option<ValueId> {
    plain(node, BinaryOp::Mul)?;
    with_scalar(graph, node).filter(|(_, s)| *s == 0.5).map(|(x, _)| x)
}

/// The form of GELU whose gate, without the factor of a half, is `value`.
fn gate_of(graph: &Graph, value: ValueId, x: ValueId) -> Option<AnyFunction> {
    let sum = graph.producer(value);
    plain(sum, BinaryOp::Add)?;
    let (curve, _) = with_scalar(graph, sum).filter(|(_, one)| *one == 1.0)?;
    let curve = graph.producer(curve);
    let argument = polynomial(graph, input(curve, 0)?, x)?;
    match curve.op::<Map>()?.function {
        AnyFunction::Erf(_) if agree(argument, [0.0, FRAC_1_SQRT_2, 0.0, 0.0]) => Some(Gelu.into()),
        AnyFunction::Tanh(_) if agree(argument, [0.0, SLOPE, 0.0, SLOPE * CUBE]) => Some(GeluTanh.into()),
        _ => None,
    }
}
