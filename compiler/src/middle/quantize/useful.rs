use crate::ir::primitives::{Binary, BinaryOp, Map};
use crate::ir::{DType, Graph, Node, NodeId, Tensor, ValueId};
use runtime_core::function::AnyFunction;
use std::collections::HashMap;

/// Numbers from the first to the second.
type Range = (f64, f64);

const ALL: Range = (f64::NEG_INFINITY, f64::INFINITY);

/// For each value the range outside of which nothing that reads it tells its numbers apart: each may as well be the
/// nearest end. What is clipped, or goes into a function that saturates, needs no steps for the rest.
pub(super) fn useful(graph: &Graph) -> HashMap<ValueId, Range> {
    let mut useful = HashMap::new();
    // What reads a value comes after it.
    for id in graph.order().into_iter().rev() {
        for value in &graph.node(id).outputs {
            let users = graph.users(*value);
            let reads = users
                .into_iter()
                .map(|(user, index)| reads(graph, &useful, user, index));
            let range = reads.reduce(hull).filter(|_| !graph.is_output(*value));
            useful.insert(*value, range.unwrap_or(ALL));
        }
    }
    useful
}

fn hull(a: Range, b: Range) -> Range {
    (a.0.min(b.0), a.1.max(b.1))
}

/// What a node tells apart of its operand `index`; `useful` are the ranges of its results.
fn reads(graph: &Graph, useful: &HashMap<ValueId, Range>, id: NodeId, index: usize) -> Range {
    let node = graph.node(id);
    if let Some(map) = node.op::<Map>() {
        return saturates(map.function);
    }
    let results = node.outputs.iter().map(|v| useful[v]).reduce(hull).unwrap_or(ALL);
    if let Some(range) = shifted(graph, node, index, results) {
        return range;
    }
    let moves = node.operator().and_then(|op| op.movement(node.inputs.len()));
    let moves = moves.is_some_and(|movement| movement.elements.contains(&index));
    let floats = node.outputs.iter().all(|v| graph.ty(*v).dtype == DType::F32);
    if moves && floats { results } else { ALL }
}

/// What is told apart before a product by a constant, or a sum with one, where that of its result is given.
fn shifted(graph: &Graph, node: &Node, index: usize, (least, most): Range) -> Option<Range> {
    let op = node.op::<Binary>()?.op;
    let other = node.inputs.iter().enumerate().find(|(at, _)| *at != index)?;
    let number = graph.constant((*other.1)?).and_then(Tensor::scalar_f64);
    let number = number.filter(|number| number.is_finite())?;
    let (a, b) = match (op, index) {
        (BinaryOp::Add, _) => (least - number, most - number),
        (BinaryOp::Sub, 0) => (least + number, most + number),
        (BinaryOp::Sub, _) => (number - most, number - least),
        (BinaryOp::Mul, _) if number != 0.0 => (least / number, most / number),
        (BinaryOp::Div, 0) if number != 0.0 => (least * number, most * number),
        (BinaryOp::Min, _) => (least, most.min(number)),
        (BinaryOp::Max, _) => (least.max(number), most),
        _ => return None,
    };
    Some((a.min(b), a.max(b)))
}

/// Where a function is as good as constant, or gives the same as at the end: by less than a millionth.
fn saturates(function: AnyFunction) -> Range {
    match function {
        AnyFunction::Clip(clip) => (clip.min.into(), clip.max.into()),
        AnyFunction::Relu(_) => (0.0, f64::INFINITY),
        AnyFunction::HardSwish(_) => (-3.0, f64::INFINITY),
        AnyFunction::Erf(_) => (-4.0, 4.0),
        AnyFunction::Gelu(_) => (-6.0, f64::INFINITY),
        AnyFunction::Tanh(_) => (-8.0, 8.0),
        AnyFunction::Sigmoid(_) => (-16.0, 16.0),
        _ => ALL,
    }
}
