use super::rewrite::{add, input, nodes_of, origins, plain, private_producer, reshaped, substitute};
use crate::ir::primitives::{Attention, BinaryOp, Cast, MatMul, Softmax, Transpose};
use crate::ir::{DType, Graph, NodeId, OpError, Tensor, ValueId};
use std::collections::HashSet;

/// Finds attention that exporters write in pieces: a product of queries and transposed keys, scaled before or after, an
/// optional mask, softmax, and the product with values. One operator keeps the scores of a few queries at a time.
///
/// The mask must be added: a number put in the place of scores forgets them, which added to them it does not wherever a
/// whole row is masked. A mask of minus infinity must leave something of each row, since the operator gives zeros for a
/// query that attends nothing, where the pieces give no numbers.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in nodes_of::<MatMul>(graph) {
        if let Some(found) = find(graph, id) {
            fuse(graph, id, found)?;
        }
    }
    super::unused::run(graph)
}

/// What the parts of attention are.
struct Found {
    q: ValueId,
    /// With its dimensions in another order.
    k: ValueId,
    k_perm: Vec<usize>,
    v: ValueId,
    scale: f64,
    /// What is added to the scores.
    mask: Option<ValueId>,
    absorbed: Vec<NodeId>,
}

fn find(graph: &Graph, id: NodeId) -> Option<Found> {
    let node = graph.node(id);
    let (probabilities, v) = (input(node, 0)?, input(node, 1)?);
    let ty = graph.ty(probabilities);
    let softmax = private_producer::<Softmax>(graph, probabilities)?;
    let Softmax { axis, log } = *graph.node(softmax).op()?;
    let fits = (2..=4).contains(&ty.rank()) && ty.dtype.is_float() && ty.dtype != DType::F64;
    if log || axis + 1 != ty.rank() || !fits || ty.is_empty() {
        return None;
    }
    let mut absorbed = vec![softmax];
    let mut scores = input(graph.node(softmax), 0)?;
    let mut private = |value: ValueId| {
        graph.only_user(value)?;
        absorbed.push(graph.value(value).producer);
        Some(())
    };
    let mask = masked(graph, scores);
    if let Some((inner, _)) = mask {
        private(scores)?;
        scores = inner;
    }
    let (inner, mut scale) = scaled(graph, scores);
    if inner != scores {
        private(scores)?;
        scores = inner;
    }
    private(scores)?;
    let product = graph.producer(scores);
    product.op::<MatMul>()?;
    let (q, factor) = scaled(graph, input(product, 0)?);
    scale *= factor;
    let (transposed, factor) = scaled(graph, input(product, 1)?);
    scale *= factor;
    let rank = ty.rank();
    let shapes = [q, transposed, v].map(|value| &graph.ty(value).shape);
    if shapes
        .iter()
        .any(|shape| shape.len() != rank || shape[..rank - 2] != ty.shape[..rank - 2])
    {
        return None;
    }
    let transpose = graph.producer(transposed);
    let mut k_perm = transpose.op::<Transpose>()?.perm.clone();
    k_perm.swap(rank - 1, rank - 2);
    let (k, factor) = scaled(graph, input(transpose, 0)?);
    scale *= factor;
    Some(Found {
        q,
        k,
        k_perm,
        v,
        scale,
        mask: mask.map(|(_, mask)| mask),
        absorbed,
    })
}

/// The number that a constant of one element holds.
fn number(graph: &Graph, value: ValueId) -> Option<f64> {
    graph.constant(value).and_then(Tensor::scalar_f64)
}

/// What is multiplied or divided by a number to give `value`, and the factor; `value` itself and 1 otherwise.
fn scaled(graph: &Graph, value: ValueId) -> (ValueId, f64) {
    let find = || {
        let node = graph.producer(value);
        let divides = plain(node, BinaryOp::Div).is_some();
        if !divides {
            plain(node, BinaryOp::Mul)?;
        }
        let (a, b) = (input(node, 0)?, input(node, 1)?);
        let (inner, factor) = match (number(graph, a), number(graph, b)) {
            (_, Some(divisor)) if divides => (a, 1.0 / divisor),
            (_, Some(factor)) => (a, factor),
            (Some(factor), None) if !divides => (b, factor),
            _ => return None,
        };
        (graph.ty(inner) == graph.ty(value) && factor.is_finite()).then_some((inner, factor))
    };
    find().unwrap_or((value, 1.0))
}

/// Scores without the mask that gives `value` from them, and the mask.
fn masked(graph: &Graph, value: ValueId) -> Option<(ValueId, ValueId)> {
    let (node, ty) = (graph.producer(value), graph.ty(value));
    plain(node, BinaryOp::Add)?;
    let (a, b) = (input(node, 0)?, input(node, 1)?);
    let is_scores = |v: ValueId| {
        let (inner, _) = scaled(graph, v);
        graph.ty(v) == ty && graph.producer(inner).op::<MatMul>().is_some()
    };
    let (scores, mask) = if is_scores(a) { (a, b) } else { (b, a) };
    (is_scores(scores) && !may_close_rows(graph, mask)).then_some((scores, mask))
}

/// Whether a mask may be minus infinity for all keys of a query: one that is computed with that number, or a constant
/// with such a row.
fn may_close_rows(graph: &Graph, mask: ValueId) -> bool {
    let infinite = |v: f64| v == f64::NEG_INFINITY;
    if let Some(tensor) = graph.constant(mask) {
        let width = tensor.shape.last().copied().unwrap_or(1).max(1);
        return tensor
            .to_f64()
            .chunks(width)
            .any(|row| row.iter().all(|v| infinite(*v)));
    }
    let (mut open, mut seen) = (vec![mask], HashSet::new());
    while let Some(value) = open.pop() {
        let closed = graph
            .constant(value)
            .is_some_and(|tensor| tensor.to_f64().into_iter().any(infinite));
        if closed {
            return true;
        }
        if seen.insert(value) {
            open.extend(graph.producer(value).inputs.iter().flatten());
        }
    }
    false
}

fn fuse(graph: &mut Graph, id: NodeId, found: Found) -> Result<(), OpError> {
    let (ty, mask_rank) = (
        graph.ty(graph.node(id).outputs[0]).clone(),
        found.mask.map(|mask| graph.ty(mask).rank()),
    );
    if mask_rank.is_some_and(|rank| rank > ty.rank()) {
        return Ok(());
    }
    let mut k = found.k;
    if !found.k_perm.is_sorted() {
        k = add(graph, id, Transpose { perm: found.k_perm }, &[k])?;
    }
    let mut operands = vec![];
    for operand in [found.q, k, found.v] {
        // Heads without a batch, or one head.
        let shape = &graph.ty(operand).shape;
        let shape = [&vec![1; 4 - shape.len()], &shape[..]].concat();
        let operand = reshaped(graph, id, operand, shape)?;
        operands.push(Some(cast(graph, id, operand, DType::F32)?));
    }
    if let Some(mask) = found.mask {
        operands.push(Some(cast(graph, id, mask, DType::F32)?));
    }
    let attention = Attention {
        scale: found.scale as f32,
        softcap: 0.0,
        first: None,
        last: None,
        tokens_first: [false; 4],
    };
    let name = graph.node(id).name.clone();
    let mut parts = found.absorbed;
    parts.reverse();
    parts.push(id);
    let origin = origins(graph, &parts);
    let attention = graph.add(name, attention, &operands, &origin)?;
    let y = graph.node(attention).outputs[0];
    let y = cast(graph, id, y, ty.dtype)?;
    let y = reshaped(graph, id, y, ty.shape)?;
    let product = graph.node(id).outputs[0];
    substitute(graph, id, product, y);
    Ok(())
}

fn cast(graph: &mut Graph, id: NodeId, value: ValueId, to: DType) -> Result<ValueId, OpError> {
    if graph.ty(value).dtype == to {
        Ok(value)
    } else {
        add(graph, id, Cast { to }, &[value])
    }
}
