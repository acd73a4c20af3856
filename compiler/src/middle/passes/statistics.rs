//! Means, squares and roots: what normalisations are made of.

use super::rewrite::{either, input, plain, scalar};
use crate::ir::primitives::{BinaryOp, Map, Reduce, ReduceOp};
use crate::ir::{Graph, Node, ValueId};
use runtime_core::function::AnyFunction;

/// What `value` is a function of one operand of, and the function.
fn function_of(graph: &Graph, value: ValueId) -> Option<(AnyFunction, ValueId)> {
    let node = graph.producer(value);
    Some((node.op::<Map>()?.function, input(node, 0)?))
}

/// What `value` is the square root of.
pub(super) fn root(graph: &Graph, value: ValueId) -> Option<ValueId> {
    match function_of(graph, value)? {
        (AnyFunction::Sqrt(_), x) => Some(x),
        _ => None,
    }
}

/// What `value` is one divided by.
pub(super) fn reciprocal(graph: &Graph, value: ValueId) -> Option<ValueId> {
    if let Some((AnyFunction::Reciprocal(_), x)) = function_of(graph, value) {
        return Some(x);
    }
    let node = graph.producer(value);
    plain(node, BinaryOp::Div)?;
    (scalar(graph, input(node, 0)?)? == 1.0).then_some(input(node, 1)?)
}

/// `(a, b)` where the node is `a / sqrt(b)`, in one of the ways to write it.
pub(super) fn divided_by_root(graph: &Graph, node: &Node) -> Option<(ValueId, ValueId)> {
    if plain(node, BinaryOp::Div).is_some() {
        return Some((input(node, 0)?, root(graph, input(node, 1)?)?));
    }
    plain(node, BinaryOp::Mul)?;
    either(node)?
        .into_iter()
        .find_map(|(a, b)| Some((a, root(graph, reciprocal(graph, b)?)?)))
}

/// `(a, epsilon)` where `value` is `a + epsilon`.
pub(super) fn with_epsilon(graph: &Graph, value: ValueId) -> Option<(ValueId, f32)> {
    let node = graph.producer(value);
    plain(node, BinaryOp::Add)?;
    let found = either(node)?
        .into_iter()
        .find_map(|(a, b)| Some((a, scalar(graph, b)?)))?;
    (found.1 >= 0.0 && graph.ty(found.0) == graph.ty(value)).then_some(found)
}

/// What `value` is the mean of, and of how many elements of the last dimensions.
pub(super) fn mean(graph: &Graph, value: ValueId) -> Option<(ValueId, usize)> {
    let node = graph.producer(value);
    let (reduce, x) = (node.op::<Reduce>()?, input(node, 0)?);
    let shape = &graph.ty(x).shape;
    let first = shape.len() - reduce.axes.len();
    let last =
        reduce.op == ReduceOp::Mean && !reduce.axes.is_empty() && reduce.axes.iter().copied().eq(first..shape.len());
    last.then(|| (x, shape[first..].iter().product()))
}

/// What `value` is the square of.
pub(super) fn squared(graph: &Graph, value: ValueId) -> Option<ValueId> {
    let node = graph.producer(value);
    if let Some(map) = node.op::<Map>() {
        return input(node, 0).filter(|_| matches!(map.function, AnyFunction::Square(_)));
    }
    plain(node, BinaryOp::Mul)?;
    input(node, 0).filter(|x| input(node, 1) == Some(*x))
}
