use super::rewrite::{input, scalar, substitute};
use crate::ir::primitives::{Binary, BinaryOp, Map, Reshape, Select, Slice, Transpose};
use crate::ir::{Graph, Node, OpError, ValueId};
use runtime_core::function::AnyFunction;

/// Removes operators that give their operand unchanged, and joins reshapes of reshapes.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    for id in graph.order() {
        let node = graph.node(id);
        if let Some(same) = unchanged(graph, node) {
            let output = node.outputs[0];
            if graph.ty(same) == graph.ty(output) {
                substitute(graph, id, output, same);
                continue;
            }
        }
        let node = graph.node(id);
        if node.op::<Reshape>().is_some() {
            let inner = graph.producer(node.inputs[0].expect("a reshape has an operand"));
            if let (Some(_), Some(source)) = (inner.op::<Reshape>(), input(inner, 0)) {
                graph.set_input(id, 0, source);
            }
        }
    }
    super::unused::run(graph)
}

/// The operand that the node passes on, if it does.
fn unchanged(graph: &Graph, node: &Node) -> Option<ValueId> {
    if node.op::<Select>().is_some() {
        return chosen(graph, node);
    }
    let x = input(node, 0)?;
    let ty = graph.ty(x);
    let is_no_op = if let Some(reshape) = node.op::<Reshape>() {
        reshape.shape == ty.shape
    } else if let Some(transpose) = node.op::<Transpose>() {
        transpose.perm.is_sorted()
    } else if let Some(map) = node.op::<Map>() {
        matches!(map.function, AnyFunction::Identity(_))
    } else if let Some(slice) = node.op::<Slice>() {
        slice.is_whole(&ty.shape)
    } else if let Some(binary) = node.op::<Binary>() {
        let plain = matches!(binary.activation, AnyFunction::Identity(_));
        let one = matches!(binary.op, BinaryOp::Mul | BinaryOp::Div) && scalar(graph, input(node, 1)?) == Some(1.0);
        plain && one
    } else {
        false
    };
    is_no_op.then_some(x)
}

/// The operand of a selection that its constant condition takes everywhere.
fn chosen(graph: &Graph, node: &Node) -> Option<ValueId> {
    let condition = graph.constant(input(node, 0)?)?;
    let first = *condition.bytes.first()? != 0;
    let uniform = condition.bytes.iter().all(|byte| (*byte != 0) == first);
    input(node, if first { 1 } else { 2 }).filter(|_| uniform)
}
