use super::Layer;
use crate::ir::linear::Linear;
use crate::ir::primitives::{
    Binary, BinaryOp, Concat, DequantizeLinear, Expand, Gather, Map, MatMul, Pad, Pool, PoolKind, QuantizeLinear,
    Reduce, ReduceOp, Reshape, Resize, ScaleShift, Slice, Softmax, Tile, Transpose,
};
use crate::ir::{DType, Graph, Node, NodeId, ValueId};
use runtime_core::function::AnyFunction;

/// What a node is to quantization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Computes numbers from those of these operands: they and the result each have a quantization.
    Computes(Vec<usize>),
    /// Moves or chooses among the elements of these operands: they and the result share one quantization.
    Moves(Vec<usize>),
    /// Limits the result of the operator before it, which does so itself.
    Limits,
    /// Stays in floats, and why.
    Float(String),
    /// Does not compute floats.
    Other,
}

/// The role of a node.
pub fn role(graph: &Graph, id: NodeId) -> Role {
    let node = graph.node(id);
    let float = |v: &ValueId| graph.ty(*v).dtype == DType::F32;
    let Some(operator) = node.operator() else {
        return Role::Other;
    };
    let runtime = node
        .inputs
        .iter()
        .flatten()
        .any(|v| float(v) && graph.constant(*v).is_none());
    if !node.outputs.iter().any(float) && !runtime {
        return Role::Other;
    }
    if node.op::<QuantizeLinear>().is_some() || node.op::<DequantizeLinear>().is_some() {
        return Role::Other;
    }
    let reason = || Role::Float(format!("{} has no integer form", operator.name()));
    if !node.outputs.iter().all(float) {
        return reason();
    }
    if Linear::of(node).is_some() {
        return match Layer::of(graph, id) {
            Some(_) => Role::Computes(vec![0]),
            None => Role::Float("its weights are not known at compile time".into()),
        };
    }
    if let Some(x) = table(graph, node) {
        return if limits(graph, node) {
            Role::Limits
        } else {
            Role::Computes(vec![x])
        };
    }
    if let Some(op) = node.op::<Binary>() {
        return match op.op {
            BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul => Role::Computes(vec![0, 1]),
            _ => reason(),
        };
    }
    if let Some(op) = node.op::<Reduce>() {
        return match op.op {
            ReduceOp::Max | ReduceOp::Min => Role::Moves(vec![0]),
            ReduceOp::Mean | ReduceOp::Sum => Role::Computes(vec![0]),
            _ => reason(),
        };
    }
    if let Some(op) = node.op::<Pool>() {
        return match op.kind {
            PoolKind::Max => Role::Moves(vec![0]),
            PoolKind::Average { .. } => Role::Computes(vec![0]),
        };
    }
    if node.op::<MatMul>().is_some() {
        return Role::Computes(vec![0, 1]);
    }
    if node.op::<Resize>().is_some() {
        return Role::Computes(vec![0]);
    }
    if node.op::<Concat>().is_some() {
        return Role::Moves((0..node.inputs.len()).collect());
    }
    let moves = [
        node.op::<Transpose>().is_some(),
        node.op::<Reshape>().is_some(),
        node.op::<Slice>().is_some(),
        node.op::<Gather>().is_some(),
        node.op::<Expand>().is_some(),
        node.op::<Tile>().is_some(),
        node.op::<Pad>().is_some(),
    ];
    let computes = [node.op::<Softmax>().is_some(), node.op::<ScaleShift>().is_some()];
    if moves.contains(&true) {
        Role::Moves(vec![0])
    } else if computes.contains(&true) {
        Role::Computes(vec![0])
    } else {
        reason()
    }
}

/// The operand of which a node computes a function, element by element, if its other operands are single constants.
pub(super) fn table(graph: &Graph, node: &Node) -> Option<usize> {
    let fits = node.operator()?.is_elementwise() && node.outputs.len() == 1;
    let mut others = (0..node.inputs.len()).filter(|i| {
        let single = |v: ValueId| graph.constant(v).is_some_and(|tensor| tensor.len() == 1);
        !node.inputs[*i].is_some_and(single)
    });
    let x = others.next().filter(|_| fits)?;
    let value = node.inputs[x]?;
    let same = graph.ty(value) == graph.ty(node.outputs[0]) && graph.constant(value).is_none();
    (same && others.all(|i| node.inputs[i] == Some(value))).then_some(x)
}

/// Whether a function only limits what it is applied to, and that is the sum of a layer or of two values which nothing
/// else reads.
fn limits(graph: &Graph, node: &Node) -> bool {
    let limiting = node
        .op::<Map>()
        .is_some_and(|map| matches!(map.function, AnyFunction::Relu(_) | AnyFunction::Clip(_)));
    let Some(x) = node.inputs.first().copied().flatten().filter(|_| limiting) else {
        return false;
    };
    let producer = graph.value(x).producer;
    let sums = Layer::of(graph, producer).is_some()
        || graph.node(producer).op::<ScaleShift>().is_some()
        || graph
            .node(producer)
            .op::<Binary>()
            .is_some_and(|b| matches!(b.op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul));
    sums && graph.only_user(x).is_some()
}
