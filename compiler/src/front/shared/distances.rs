//! Distances of rows that models compute one point at a time.

use crate::front::node::NodeContext;
use crate::front::proto::{AttributeProto, GraphProto, NodeProto};
use crate::ir::primitives::{SquaredDistances, Transpose};
use crate::ir::{DType, OpError, ValueId};

/// The attribute of a node.
fn attribute<'a>(node: &'a NodeProto, name: &str) -> Option<&'a AttributeProto> {
    node.attribute.iter().find(|attribute| attribute.name() == name)
}

/// The tensor that a chain of `Identity` in `graph` begins with.
fn source<'a>(graph: &'a GraphProto, mut name: &'a str) -> &'a str {
    for node in graph.node.iter().rev().filter(|node| node.op_type() == "Identity") {
        if let (Some(input), true) = (
            node.input.first(),
            node.output.first().is_some_and(|output| output == name),
        ) {
            name = input;
        }
    }
    name
}

/// The node that computes a tensor, if it is of this operator.
fn computed<'a>(graph: &'a GraphProto, name: &str, op: &str) -> Option<&'a NodeProto> {
    let is_it = |node: &&NodeProto| node.op_type() == op && node.output.first().is_some_and(|output| output == name);
    graph.node.iter().find(is_it)
}

/// Whether a body of `Scan` gives, for a state that stays and a point, the squared distances of the state's rows to the
/// point: what scikit-learn's converter writes for nearest neighbours and Gaussian processes.
fn is_distance(cx: &NodeContext<'_>, graph: &GraphProto) -> Option<bool> {
    let ([state, point], [kept, distance]) = (&graph.input[..], &graph.output[..]) else {
        return None;
    };
    let sums = computed(graph, source(graph, distance.name()), "ReduceSumSquare")?;
    let difference = computed(graph, source(graph, sums.input.first()?), "Sub")?;
    let axes = match sums.input.get(1) {
        Some(name) => cx.stored_ints(graph, name)?,
        None => attribute(sums, "axes")?.ints.clone(),
    };
    let drops_axis = attribute(sums, "keepdims").is_some_and(|keep| keep.i() == 0);
    let mut operands: Vec<&str> = difference.input.iter().map(|name| source(graph, name)).collect();
    operands.sort_unstable();
    let mut expected = [state.name(), point.name()];
    expected.sort_unstable();
    let others = graph.node.iter().filter(|node| node.op_type() != "Identity").count();
    let stays = source(graph, kept.name()) == state.name();
    Some(stays && others == 2 && drops_axis && axes == [1] && operands == expected && expected[0] != expected[1])
}

/// The distances that `Scan` gives over the rows of `points`, `[points, rows]`, if its body is about nothing else.
pub(in crate::front) fn scanned(
    cx: &mut NodeContext<'_>,
    rows: ValueId,
    points: ValueId,
) -> Result<Option<ValueId>, OpError> {
    let graph = cx.attributes.graph("body")?;
    let (rows_ty, points_ty) = (cx.value_ty(rows), cx.value_ty(points));
    let fits = rows_ty.dtype == points_ty.dtype
        && matches!(rows_ty.dtype, DType::F32 | DType::F64)
        && matches!((&rows_ty.shape[..], &points_ty.shape[..]), ([_, k], [_, n]) if k == n && *k > 0)
        && !points_ty.is_empty();
    if !fits || is_distance(cx, graph) != Some(true) {
        return Ok(None);
    }
    let distances = cx.add(SquaredDistances, &[rows, points])?;
    cx.add(Transpose { perm: vec![1, 0] }, &[distances]).map(Some)
}
