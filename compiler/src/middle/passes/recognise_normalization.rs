use super::rewrite::{between, either, input, origins, plain, reshaped, substitute};
use super::statistics::{divided_by_root, mean, reciprocal, root, squared, with_epsilon};
use crate::ir::primitives::{BinaryOp, LayerNormalization};
use crate::ir::{DType, Graph, Node, NodeId, OpError, Tensor, ValueId};

/// Finds layer and RMS normalisation in pieces: `(x - mean) / sqrt(variance + epsilon) * scale + bias`, or
/// `x * factor + (bias - mean * factor)` with `factor = scale / sqrt(variance + epsilon)`, and
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
    /// Numbers of each row that are part of it, in a form where they cannot be told from it.
    affine: Option<[ValueId; 2]>,
}

fn find(graph: &Graph, node: &Node) -> Option<Found> {
    let y = *node.outputs.first()?;
    if graph.ty(y).dtype != DType::F32 || graph.ty(y).is_empty() {
        return None;
    }
    if let Some(found) = shifted(graph, node) {
        return Some(found);
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
        affine: None,
    })
}

/// The normalisation that is `x * factor + (bias - mean * factor)`.
fn shifted(graph: &Graph, node: &Node) -> Option<Found> {
    let product = |value: ValueId| {
        let node = graph.producer(value);
        plain(node, BinaryOp::Mul)?;
        either(node)
    };
    plain(node, BinaryOp::Add)?;
    either(node)?.into_iter().find_map(|(scaled, shift)| {
        let shift = graph.producer(shift);
        plain(shift, BinaryOp::Sub)?;
        let (bias, moved) = (input(shift, 0)?, input(shift, 1)?);
        let moved = product(moved)?;
        let (x, factor, centre) = product(scaled)?.into_iter().find_map(|(x, factor)| {
            let (centre, _) = moved.into_iter().find(|(_, other)| *other == factor)?;
            Some((x, factor, centre)).filter(|_| mean(graph, centre).is_some_and(|(of, _)| of == x))
        })?;
        let (_, row) = mean(graph, centre)?;
        let (scale, epsilon) = product(factor)?.into_iter().find_map(|(scale, inverse)| {
            let (mean_square, epsilon) = with_epsilon(graph, root(graph, reciprocal(graph, inverse)?)?)?;
            let (square, count) = mean(graph, mean_square)?;
            let centred = graph.producer(squared(graph, square)?);
            plain(centred, BinaryOp::Sub)?;
            let fits = count == row && input(centred, 0) == Some(x) && input(centred, 1) == Some(centre);
            fits.then_some((scale, epsilon))
        })?;
        let ty = graph.ty(x);
        let fits = ty == graph.ty(node.outputs[0]) && [scale, bias].iter().all(|v| is_row(graph, *v, &ty.shape, row));
        fits.then_some(Found {
            x,
            row,
            epsilon,
            rms: false,
            affine: Some([scale, bias]),
        })
    })
}

/// Replaces a normalisation, together with a scale and a bias of its rows that follow.
fn fuse(graph: &mut Graph, id: NodeId, found: Found) -> Result<(), OpError> {
    let Found {
        x, row, epsilon, rms, ..
    } = found;
    let mut absorbed = between(graph, id, x);
    let mut last = id;
    let mut rows = vec![];
    for values in found.affine.into_iter().flatten() {
        rows.push(reshaped(graph, id, values, vec![row])?);
    }
    let affine = [("scale", BinaryOp::Mul, 1.0), ("bias", BinaryOp::Add, 0.0)];
    for (name, op, neutral) in affine.into_iter().take(if rms { 1 } else { 2 }).skip(rows.len()) {
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
    let ty = graph.ty(y);
    let whole = is_row(graph, values, &ty.shape, row) && graph.ty(graph.node(user).outputs[0]) == ty;
    whole.then_some((user, values))
}

/// Whether `values` are numbers of a row: they fill the last dimensions of `shape`, with ones before.
fn is_row(graph: &Graph, values: ValueId, shape: &[usize], row: usize) -> bool {
    let ty = graph.ty(values);
    let leading = ty.shape.iter().take_while(|dim| **dim == 1).count();
    ty.len() == row && shape.ends_with(&ty.shape[leading..])
}
