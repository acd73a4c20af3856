use super::rewrite::{add, input, replace};
use crate::ir::primitives::{Reshape, ReshapeBefore, Transpose, reshape_before};
use crate::ir::{Graph, NodeId, OpError, ValueId};

/// Moves transposes towards the outputs, through operators whose axes can be renamed; two that meet become one, and one
/// that moves no element becomes a reshape.
pub(super) fn run(graph: &mut Graph) -> Result<(), OpError> {
    loop {
        let mut changed = false;
        for id in graph.order() {
            if graph.contains(id) && graph.node(id).operator().is_some() {
                changed |= simplify(graph, id)? || sink(graph, id)?;
            }
        }
        super::unused::run(graph)?;
        if !changed {
            return Ok(());
        }
    }
}

/// The transpose that gives `value`, and its operand.
fn transposed(graph: &Graph, value: ValueId) -> Option<(&Transpose, ValueId)> {
    let producer = graph.producer(value);
    Some((producer.op::<Transpose>()?, input(producer, 0)?))
}

/// Joins a transpose with the one before it; turns one without effect into a reshape; sinks one through a reshape.
fn simplify(graph: &mut Graph, id: NodeId) -> Result<bool, OpError> {
    let node = graph.node(id);
    let Some(x) = input(node, 0) else { return Ok(false) };
    if let Some(outer) = node.op::<Transpose>() {
        if outer.is_view(&graph.ty(x).shape) {
            let shape = graph.ty(node.outputs[0]).shape.clone();
            replace(graph, id, Reshape { shape }, &[Some(x)], &[])?;
            return Ok(true);
        }
        if let Some((inner, source)) = transposed(graph, x) {
            let perm = outer.perm.iter().map(|p| inner.perm[*p]).collect();
            replace(graph, id, Transpose { perm }, &[Some(source)], &[])?;
            return Ok(true);
        }
        return Ok(false);
    }
    let Some(reshape) = node.op::<Reshape>() else {
        return Ok(false);
    };
    if let (Some(_), Some(source)) = (graph.producer(x).op::<Reshape>(), input(graph.producer(x), 0)) {
        let shape = reshape.shape.clone();
        replace(graph, id, Reshape { shape }, &[Some(source)], &[])?;
        return Ok(true);
    }
    let Some((transpose, source)) = transposed(graph, x) else {
        return Ok(false);
    };
    let Some(ReshapeBefore { inner, shape, outer }) =
        reshape_before(&graph.ty(source).shape, &transpose.perm, &reshape.shape)
    else {
        return Ok(false);
    };
    let source = if inner.is_sorted() {
        source
    } else {
        add(graph, id, Transpose { perm: inner }, &[source])?
    };
    let reshaped = add(graph, id, Reshape { shape }, &[source])?;
    replace(graph, id, Transpose { perm: outer }, &[Some(reshaped)], &[])?;
    Ok(true)
}

/// Moves the transposes of a node's operands behind it, if they are alike and all other operands can be transposed for
/// nothing: constants, and tensors whose elements would keep their order.
fn sink(graph: &mut Graph, id: NodeId) -> Result<bool, OpError> {
    let node = graph.node(id);
    if node.outputs.len() != 1 || node.op::<Transpose>().is_some() || node.op::<Reshape>().is_some() {
        return Ok(false);
    }
    let Some(perm) = node
        .inputs
        .iter()
        .flatten()
        .find_map(|v| transposed(graph, *v))
        .map(|(t, _)| t.perm.clone())
    else {
        return Ok(false);
    };
    align(graph, id, perm.len())?;
    let node = graph.node(id);
    let inverse = Transpose { perm: perm.clone() }.inverse();
    let types = graph.types(&node.inputs);
    let Some(permuted) = node.operator().and_then(|op| op.permute(&inverse, &types)) else {
        return Ok(false);
    };
    let mut sources = vec![];
    for (value, moves) in node.inputs.iter().zip(&permuted.transposed) {
        match value {
            Some(value) if *moves => match transposed(graph, *value) {
                Some((t, source)) if t.perm == perm => sources.push(Source::Untransposed(source)),
                _ if graph.constant(*value).is_some() => sources.push(Source::Constant(*value)),
                _ if is_view(graph, *value, &inverse) => sources.push(Source::View(*value)),
                _ => return Ok(false),
            },
            value => sources.push(Source::Kept(*value)),
        }
    }
    let mut inputs = vec![];
    for source in sources {
        inputs.push(match source {
            Source::Untransposed(value) => Some(value),
            Source::Constant(value) => Some(add(graph, id, Transpose { perm: inverse.clone() }, &[value])?),
            Source::View(value) => {
                let shape = inverse.iter().map(|p| graph.ty(value).shape[*p]).collect();
                Some(add(graph, id, Reshape { shape }, &[value])?)
            }
            Source::Kept(value) => value,
        });
    }
    let (name, origin) = (graph.node(id).name.clone(), graph.node(id).origin.clone());
    let new = graph.add(name, permuted.operator, &inputs, &origin)?;
    let y = graph.node(new).outputs[0];
    replace(graph, id, Transpose { perm }, &[Some(y)], &[])?;
    Ok(true)
}

/// Whether a transpose of `value` moves no element.
fn is_view(graph: &Graph, value: ValueId, perm: &[usize]) -> bool {
    let shape = &graph.ty(value).shape;
    shape.len() == perm.len() && Transpose { perm: perm.to_vec() }.is_view(shape)
}

/// Where the operand of a permuted operator comes from.
enum Source {
    Untransposed(ValueId),
    Constant(ValueId),
    View(ValueId),
    Kept(Option<ValueId>),
}

/// Gives the operands of an elementwise operator the rank of its result, as broadcasting would.
fn align(graph: &mut Graph, id: NodeId, rank: usize) -> Result<(), OpError> {
    let node = graph.node(id);
    if !node.operator().is_some_and(|op| op.is_elementwise()) || graph.ty(node.outputs[0]).rank() != rank {
        return Ok(());
    }
    for (index, value) in node.inputs.clone().into_iter().enumerate() {
        let Some(value) = value.filter(|v| graph.ty(*v).rank() < rank) else {
            continue;
        };
        let mut shape = vec![1; rank - graph.ty(value).rank()];
        shape.extend(&graph.ty(value).shape);
        let aligned = add(graph, id, Reshape { shape }, &[value])?;
        graph.set_input(id, index, aligned);
    }
    Ok(())
}
