use super::rewrite::{add, input, nodes_of, private_producer, substitute};
use crate::ir::{DType, Graph, Node, NodeId, OpError, Tensor, ValueId};
use crate::primitives::{Attention, Binary, BinaryOp, Cast, MatMul, Reshape, Select, Softmax, Transpose};
use runtime_core::function::AnyFunction;

/// A number that a softmax takes for minus infinity: added to a score it leaves nothing of it.
const CLOSED: f64 = -1e8;

/// Finds attention that exporters write in pieces: a product of queries and transposed keys, scaled before or after, an
/// optional mask, softmax, and the product with values. One operator keeps the scores of a few queries at a time.
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
    /// With its last two dimensions swapped.
    k: ValueId,
    v: ValueId,
    scale: f64,
    mask: Option<Mask>,
    absorbed: Vec<NodeId>,
}

/// What is added to scores.
#[derive(Clone, Copy)]
enum Mask {
    /// These numbers.
    Numbers(ValueId),
    /// The number where the condition is `closed`.
    Condition {
        condition: ValueId,
        closed: bool,
        number: f64,
    },
}

impl Mask {
    fn value(self) -> ValueId {
        match self {
            Self::Numbers(value) | Self::Condition { condition: value, .. } => value,
        }
    }
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
    let (k, factor) = scaled(graph, input(product, 1)?);
    scale *= factor;
    let perm = &graph.producer(k).op::<Transpose>()?.perm;
    let rank = perm.len();
    let shapes = [q, k, v].map(|value| &graph.ty(value).shape);
    let alike = shapes
        .iter()
        .all(|shape| shape.len() == ty.rank() && shape[..rank - 2] == ty.shape[..rank - 2]);
    alike.then_some(Found {
        q,
        k,
        v,
        scale,
        mask: mask.map(|(_, mask)| mask),
        absorbed,
    })
}

fn plain<'a>(node: &'a Node, op: &[BinaryOp]) -> Option<&'a Binary> {
    node.op::<Binary>()
        .filter(|binary| op.contains(&binary.op) && matches!(binary.activation, AnyFunction::Identity(_)))
}

/// The number that a constant of one element holds.
fn number(graph: &Graph, value: ValueId) -> Option<f64> {
    graph.constant(value).and_then(Tensor::scalar_f64)
}

/// What is multiplied or divided by a number to give `value`, and the factor; `value` itself and 1 otherwise.
fn scaled(graph: &Graph, value: ValueId) -> (ValueId, f64) {
    let find = || {
        let node = graph.producer(value);
        let binary = plain(node, &[BinaryOp::Mul, BinaryOp::Div])?;
        let (a, b) = (input(node, 0)?, input(node, 1)?);
        let (inner, factor) = match (binary.op, number(graph, a), number(graph, b)) {
            (BinaryOp::Mul, _, Some(factor)) => (a, factor),
            (BinaryOp::Mul, Some(factor), None) => (b, factor),
            (_, _, Some(divisor)) => (a, 1.0 / divisor),
            _ => return None,
        };
        (graph.ty(inner) == graph.ty(value) && factor.is_finite()).then_some((inner, factor))
    };
    find().unwrap_or((value, 1.0))
}

/// Scores without the mask that gives `value` from them.
fn masked(graph: &Graph, value: ValueId) -> Option<(ValueId, Mask)> {
    let (node, ty) = (graph.producer(value), graph.ty(value));
    if plain(node, &[BinaryOp::Add]).is_some() {
        let (a, b) = (input(node, 0)?, input(node, 1)?);
        let is_scores = |v: ValueId| {
            let (inner, _) = scaled(graph, v);
            graph.ty(v) == ty && graph.producer(inner).op::<MatMul>().is_some()
        };
        let (scores, mask) = if is_scores(a) { (a, b) } else { (b, a) };
        return is_scores(scores).then_some((scores, Mask::Numbers(mask)));
    }
    node.op::<Select>()?;
    let [condition, yes, no] = [input(node, 0)?, input(node, 1)?, input(node, 2)?];
    let (scores, closed, filler) = match (number(graph, yes), number(graph, no)) {
        (Some(filler), None) => (no, true, filler),
        (None, Some(filler)) => (yes, false, filler),
        _ => return None,
    };
    let mask = Mask::Condition {
        condition,
        closed,
        number: filler,
    };
    (graph.ty(scores) == ty && filler <= CLOSED).then_some((scores, mask))
}

fn fuse(graph: &mut Graph, id: NodeId, found: Found) -> Result<(), OpError> {
    let (ty, mask_rank) = (
        graph.ty(graph.node(id).outputs[0]).clone(),
        found.mask.map(|m| graph.ty(m.value()).rank()),
    );
    if mask_rank.is_some_and(|rank| rank > ty.rank()) {
        return Ok(());
    }
    let mut perm: Vec<usize> = (0..ty.rank()).collect();
    perm.swap(ty.rank() - 1, ty.rank() - 2);
    let k = add(graph, id, Transpose { perm }, &[found.k])?;
    let mut operands = vec![];
    for operand in [found.q, k, found.v] {
        // Heads without a batch, or one head.
        let shape = &graph.ty(operand).shape;
        let shape = [&vec![1; 4 - shape.len()], &shape[..]].concat();
        let operand = reshaped(graph, id, operand, shape)?;
        operands.push(Some(cast(graph, id, operand, DType::F32)?));
    }
    if let Some(mask) = found.mask {
        let mask = match mask {
            Mask::Numbers(mask) => mask,
            Mask::Condition {
                condition,
                closed,
                number,
            } => {
                let zero = graph.add_constant("open", Tensor::scalar(DType::F32, 0.0));
                let number = graph.add_constant("closed", Tensor::scalar(DType::F32, number));
                let (yes, no) = if closed { (number, zero) } else { (zero, number) };
                add(graph, id, Select, &[condition, yes, no])?
            }
        };
        operands.push(Some(cast(graph, id, mask, DType::F32)?));
    }
    let attention = Attention {
        scale: found.scale as f32,
        softcap: 0.0,
        first: None,
        last: None,
        tokens_first: [false; 4],
    };
    let (name, mut origin) = (graph.node(id).name.clone(), vec![]);
    for node in found.absorbed.iter().rev().chain([&id]) {
        origin.extend(
            graph
                .node(*node)
                .origin
                .iter()
                .filter(|o| !origin.contains(*o))
                .cloned()
                .collect::<Vec<_>>(),
        );
    }
    let attention = graph.add(name, attention, &operands, &origin)?;
    let y = graph.node(attention).outputs[0];
    let y = cast(graph, id, y, ty.dtype)?;
    let y = reshaped(graph, id, y, ty.shape)?;
    let product = graph.node(id).outputs[0];
    substitute(graph, id, product, y);
    Ok(())
}

fn reshaped(graph: &mut Graph, id: NodeId, value: ValueId, shape: Vec<usize>) -> Result<ValueId, OpError> {
    if graph.ty(value).shape == shape {
        Ok(value)
    } else {
        add(graph, id, Reshape { shape }, &[value])
    }
}

fn cast(graph: &mut Graph, id: NodeId, value: ValueId, to: DType) -> Result<ValueId, OpError> {
    if graph.ty(value).dtype == to {
        Ok(value)
    } else {
        add(graph, id, Cast { to }, &[value])
    }
}
