use super::Layer;
use crate::ir::linear::Linear;
use crate::ir::primitives::{
    Binary, BinaryOp, Concat, DequantizeLinear, Map, MatMul, Pad, PadMode, Pool, QuantizeLinear, Reduce, ReduceOp,
    Resize, ScaleShift, Softmax,
};
use crate::ir::{DType, Graph, Node, NodeId, Tensor, ValueId};
use runtime_core::function::AnyFunction;

/// What a node is to quantization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// Computes numbers from those of these operands: they and the result each have a quantization.
    Computes(Vec<usize>),
    /// Moves or chooses among the elements of these operands: they and the result share one quantization.
    Moves(Vec<usize>),
    /// Puts the elements of these operands together, or beside others: the result has a quantization that covers them
    /// all.
    Joins(Vec<usize>),
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
    if let Some(movement) = operator.movement(node.inputs.len()) {
        return if node.op::<Concat>().is_some() || pads_numbers(graph, node) {
            Role::Joins(movement.elements)
        } else {
            Role::Moves(movement.elements)
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
    if node.op::<MatMul>().is_some() {
        return Role::Computes(vec![0, 1]);
    }
    let sums = |reduce: &Reduce| matches!(reduce.op, ReduceOp::Mean | ReduceOp::Sum);
    let computes = node.op::<Reduce>().is_some_and(sums)
        || node.op::<Pool>().is_some()
        || node.op::<Resize>().is_some()
        || node.op::<Softmax>().is_some()
        || node.op::<ScaleShift>().is_some();
    if computes { Role::Computes(vec![0]) } else { reason() }
}

/// Whether a node pads with numbers but zeros, which every quantization has.
pub(super) fn pads_numbers(graph: &Graph, node: &Node) -> bool {
    let element = node.inputs.get(1).copied().flatten().and_then(|v| graph.constant(v));
    let pads = node.op::<Pad>().is_some_and(|pad| pad.mode == PadMode::Constant);
    pads && element.and_then(Tensor::scalar_f64) != Some(0.0)
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
