//! Reverse-mode differentiation of a graph.

use crate::Error;
use crate::error::OperatorProblem;
use crate::ir::primitives::{Binary, BinaryOp};
use crate::ir::{Gradient, Graph, NodeId, NodeKind, OpError, Tensor, ValueId};
use std::collections::{HashMap, HashSet};

/// Adds what computes the gradients of `loss`, a scalar, by `parameters`: one each, `None` where the loss does not
/// depend on it. Gradients that reach a value on several ways are added.
///
/// # Errors
/// All operators on the way whose gradient is not known.
pub fn differentiate(graph: &mut Graph, loss: ValueId, parameters: &[ValueId]) -> Result<Vec<Option<ValueId>>, Error> {
    let order = graph.order();
    let changing = changing(graph, &order, parameters);
    let one = Tensor::scalar(graph.ty(loss).dtype, 1.0).reshaped(&graph.ty(loss).shape);
    let one = graph.add_constant("loss_gradient", one);
    let mut gradients: HashMap<ValueId, ValueId> = HashMap::from([(loss, one)]);
    let mut problems = vec![];
    for id in order.into_iter().rev() {
        let node = graph.node(id);
        if !matches!(node.kind, NodeKind::Operator(_)) {
            continue;
        }
        let inputs = node.inputs.clone();
        let wanted: Vec<bool> = inputs
            .iter()
            .map(|v| v.is_some_and(|v| changing.contains(&v)))
            .collect();
        let of_outputs: Vec<_> = node
            .outputs
            .iter()
            .map(|output| gradients.get(output).copied())
            .collect();
        if of_outputs.iter().all(Option::is_none) || !wanted.contains(&true) {
            continue;
        }
        match through(graph, id, of_outputs, wanted) {
            Ok(given) => {
                let pairs = inputs
                    .iter()
                    .zip(given)
                    .filter_map(|(value, gradient)| Some(((*value)?, gradient?)));
                for (value, gradient) in pairs.filter(|(value, _)| changing.contains(value)) {
                    let sum = match gradients.get(&value) {
                        Some(other) => sum(graph, id, *other, gradient)?,
                        None => gradient,
                    };
                    gradients.insert(value, sum);
                }
            }
            Err(error) => problems.push(problem(graph, id, error)),
        }
    }
    if !problems.is_empty() {
        return Err(Error::Operators(problems));
    }
    Ok(parameters
        .iter()
        .map(|parameter| gradients.get(parameter).copied())
        .collect())
}

/// The values that are computed from parameters, these included.
fn changing(graph: &Graph, order: &[NodeId], parameters: &[ValueId]) -> HashSet<ValueId> {
    let mut changing: HashSet<ValueId> = parameters.iter().copied().collect();
    for id in order {
        let node = graph.node(*id);
        if node.inputs.iter().flatten().any(|value| changing.contains(value)) {
            let floats = node.outputs.iter().filter(|value| graph.ty(**value).dtype.is_float());
            changing.extend(floats);
        }
    }
    changing
}

/// The gradients of a node's operands.
fn through(
    graph: &mut Graph,
    id: NodeId,
    of_outputs: Vec<Option<ValueId>>,
    wanted: Vec<bool>,
) -> Result<Vec<Option<ValueId>>, OpError> {
    let Some(operator) = graph.node(id).operator().map(|operator| operator.boxed()) else {
        return Ok(vec![]);
    };
    let mut cx = Gradient::new(graph, id, of_outputs, wanted);
    operator.gradient(&mut cx)?;
    Ok(cx.finish())
}

fn sum(graph: &mut Graph, id: NodeId, a: ValueId, b: ValueId) -> Result<ValueId, Error> {
    let (name, origin) = (
        format!("{}_gradients", graph.node(id).name),
        graph.node(id).origin.clone(),
    );
    let sum = graph.add_op(name, Binary::from(BinaryOp::Add), &[a, b], &origin);
    sum.map_err(|error| Error::operator(graph.node(id), &error))
}

fn problem(graph: &Graph, id: NodeId, error: OpError) -> OperatorProblem {
    let node = graph.node(id);
    let help = "leave layers that come before it out of --trainable: only what comes after it can be trained";
    let error = OpError {
        message: format!(
            "{} cannot be trained through: {}",
            node.operator().map_or("", |o| o.name()),
            error.message
        ),
        help: Some(error.help.unwrap_or_else(|| help.to_owned())),
        bake: vec![],
    };
    OperatorProblem::of(node, &error)
}
