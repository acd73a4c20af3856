use super::rewrite::{between, either, input, origins, plain, reshaped, scalar, substitute};
use crate::ir::{DType, Graph, Node, NodeId, OpError, Tensor, ValueId};
use crate::primitives::{BinaryOp, LayerNormalization, Map, Reduce, ReduceOp};
use runtime_core::function::AnyFunction;

/// Finds layer and RMS normalisation in pieces: `(x - mean) / sqrt(variance + epsilon) * scale + bias` and
/// `x / sqrt(mean of squares + epsilon) * scale`, over the last dimensions.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in graph.order() {
        if let Some(found) = graph.contains(id).then(|| find(graph, graph.node(id))).flatten() {
            fuse(graph, id, found)?;
        }
    }
    super::unused::run(graph)
}

/// A normalisation without scale and bias.
struct Found {
    x: ValueId,
    /// Elements that are normalised together.
    row: usize,
    epsilon: f32,
    rms: bool,
}

fn find(graph: &Graph, node: &Node) -> Option<Found> {
    let y = *node.outputs.first()?;
    if graph.ty(y).dtype != DType::F32 || graph.ty(y).is_empty() {
        return None;
    }
    let (numerator, variance) = divided_by_root(graph, node)?;
    let (mean_square, epsilon) = with_epsilon(graph, variance)?;
    let (square, row) = mean(graph, mean_square)?;
    if squared(graph, square)? != numerator || graph.ty(numerator) != graph.ty(y) {
        return None;
    }
    let centred = graph.producer(numerator);
    let centre = || {
        plain(centred, BinaryOp::Sub)?;
        let (x, centre) = (input(centred, 0)?, input(centred, 1)?);
        let found = mean(graph, centre)?;
        (found == (x, row) && graph.ty(x) == graph.ty(y)).then_some(x)
    };
    let found = centre();
    Some(Found {
        x: found.unwrap_or(numerator),
        row,
        epsilon,
        rms: found.is_none(),
    })
}

/// Replaces a normalisation, together with a scale and a bias of its rows that follow.
fn fuse(graph: &mut Graph, id: NodeId, found: Found) -> Result<(), OpError> {
    let Found { x, row, epsilon, rms } = found;
    let mut absorbed = between(graph, id, x);
    let mut last = id;
    let mut rows = vec![];
    let affine = [("scale", BinaryOp::Mul, 1.0), ("bias", BinaryOp::Add, 0.0)];
    for (name, op, neutral) in affine.into_iter().take(if rms { 1 } else { 2 }) {
        rows.push(match following(graph, last, op, row) {
            Some((user, values)) => {
                absorbed.push(user);
                last = user;
                reshaped(graph, id, values, vec![row])?
            }
            None => {
                let name = format!("{}_{name}", graph.node(id).name);
                graph.add_constant(name, Tensor::f32(&[row], &vec![neutral; row]))
            }
        });
    }
    let shape = graph.ty(x).shape.clone();
    // Several dimensions that are normalised together become one.
    let x = if shape.last() == Some(&row) {
        x
    } else {
        reshaped(graph, id, x, vec![graph.ty(x).len() / row, row])?
    };
    let operands: Vec<_> = [x].into_iter().chain(rows).map(Some).collect();
    let (name, origin) = (graph.node(last).name.clone(), origins(graph, &absorbed));
    let normalization = graph.add(name, LayerNormalization { epsilon, rms }, &operands, &origin)?;
    let y = graph.node(normalization).outputs[0];
    let y = reshaped(graph, id, y, shape)?;
    let old = graph.node(last).outputs[0];
    substitute(graph, last, old, y);
    Ok(())
}

/// The only user of a node's result, if it combines each row with the same numbers, and these numbers.
fn following(graph: &Graph, id: NodeId, op: BinaryOp, row: usize) -> Option<(NodeId, ValueId)> {
    let y = graph.node(id).outputs[0];
    let user = graph.only_user(y)?;
    plain(graph.node(user), op)?;
    let (_, values) = either(graph.node(user))?.into_iter().find(|(a, _)| *a == y)?;
    let (ty, values_ty) = (graph.ty(y), graph.ty(values));
    // The numbers fill the last dimensions, with ones before.
    let leading = values_ty.shape.iter().take_while(|dim| **dim == 1).count();
    let own = &values_ty.shape[leading..];
    let whole = values_ty.len() == row && ty.shape.ends_with(own) && graph.ty(graph.node(user).outputs[0]) == ty;
    whole.then_some((user, values))
}

/// `(a, b)` where the node is `a / sqrt(b)`, in one of the ways to write it.
fn divided_by_root(graph: &Graph, node: &Node) -> Option<(ValueId, ValueId)> {
    let function_of = |value: ValueId| {
        let node = graph.producer(value);
        Some((node.op::<Map>()?.function, input(node, 0)?))
    };
    let root = |value: ValueId| match function_of(value)? {
        (AnyFunction::Sqrt(_), x) => Some(x),
        _ => None,
    };
    let reciprocal = |value: ValueId| match function_of(value) {
        Some((AnyFunction::Reciprocal(_), x)) => Some(x),
        _ => {
            let node = graph.producer(value);
            plain(node, BinaryOp::Div)?;
            (scalar(graph, input(node, 0)?)? == 1.0).then_some(input(node, 1)?)
        }
    };
    if plain(node, BinaryOp::Div).is_some() {
        return Some((input(node, 0)?, root(input(node, 1)?)?));
    }
    plain(node, BinaryOp::Mul)?;
    either(node)?
        .into_iter()
        .find_map(|(a, b)| Some((a, root(reciprocal(b)?)?)))
}

/// `(a, epsilon)` where `value` is `a + epsilon`.
fn with_epsilon(graph: &Graph, value: ValueId) -> Option<(ValueId, f32)> {
    let node = graph.producer(value);
    plain(node, BinaryOp::Add)?;
    let found = either(node)?
        .into_iter()
        .find_map(|(a, b)| Some((a, scalar(graph, b)?)))?;
    (found.1 >= 0.0 && graph.ty(found.0) == graph.ty(value)).then_some(found)
}

/// What `value` is the mean of, and of how many elements of the last dimensions.
fn mean(graph: &Graph, value: ValueId) -> Option<(ValueId, usize)> {
    let node = graph.producer(value);
    let (reduce, x) = (node.op::<Reduce>()?, input(node, 0)?);
    let shape = &graph.ty(x).shape;
    let first = shape.len() - reduce.axes.len();
    let last =
        reduce.op == ReduceOp::Mean && !reduce.axes.is_empty() && reduce.axes.iter().copied().eq(first..shape.len());
    last.then(|| (x, shape[first..].iter().product()))
}

/// What `value` is the square of.
fn squared(graph: &Graph, value: ValueId) -> Option<ValueId> {
    let node = graph.producer(value);
    if let Some(map) = node.op::<Map>() {
        return input(node, 0).filter(|_| matches!(map.function, AnyFunction::Square(_)));
    }
    plain(node, BinaryOp::Mul)?;
    input(node, 0).filter(|x| input(node, 1) == Some(*x))
}
