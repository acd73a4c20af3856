use super::rewrite::{between, either, input, plain, replace};
use crate::ir::primitives::{BinaryOp, Map, Reduce, ReduceOp, Softmax};
use crate::ir::{DType, Graph, Node, OpError, ValueId};
use runtime_core::function::AnyFunction;

/// Finds a softmax in pieces: exponentials, of differences from the greatest element or not, divided by their sum.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in graph.order() {
        if let Some((x, axis)) = find(graph, graph.node(id)) {
            let absorbed = between(graph, id, x);
            replace(graph, id, Softmax { axis, log: false }, &[Some(x)], &absorbed)?;
        }
    }
    super::unused::run(graph)
}

/// What the node is the softmax of, and along which axis.
fn find(graph: &Graph, node: &Node) -> Option<(ValueId, usize)> {
    let (powers, sum) = quotient(graph, node)?;
    let AnyFunction::Exp(_) = graph.producer(powers).op::<Map>()?.function else {
        return None;
    };
    let axis = reduction(graph, sum, powers, ReduceOp::Sum)?;
    // The exponentials must not be wanted elsewhere.
    if graph.users(powers).len() != 2 || graph.is_output(powers) || graph.ty(powers).dtype == DType::F64 {
        return None;
    }
    let x = input(graph.producer(powers), 0)?;
    let shifted = graph.producer(x);
    let source = || {
        plain(shifted, BinaryOp::Sub)?;
        let (source, greatest) = (input(shifted, 0)?, input(shifted, 1)?);
        (reduction(graph, greatest, source, ReduceOp::Max)? == axis).then_some(source)
    };
    Some((source().unwrap_or(x), axis))
}

/// The operands of a division, or of a product with a reciprocal.
fn quotient(graph: &Graph, node: &Node) -> Option<(ValueId, ValueId)> {
    if plain(node, BinaryOp::Div).is_some() {
        return Some((input(node, 0)?, input(node, 1)?));
    }
    plain(node, BinaryOp::Mul)?;
    either(node)?.into_iter().find_map(|(a, b)| {
        let reciprocal = graph.producer(b);
        let is_reciprocal = matches!(reciprocal.op::<Map>()?.function, AnyFunction::Reciprocal(_));
        Some((a, input(reciprocal, 0)?)).filter(|_| is_reciprocal)
    })
}

/// The axis along which `value` reduces `x`, if it does and keeps the dimension.
fn reduction(graph: &Graph, value: ValueId, x: ValueId, op: ReduceOp) -> Option<usize> {
    let node = graph.producer(value);
    let reduce = node.op::<Reduce>()?;
    match reduce.axes[..] {
        [axis] if reduce.op == op && input(node, 0) == Some(x) => Some(axis),
        _ => None,
    }
}
