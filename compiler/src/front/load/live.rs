//! Takes away what reaches no output, before anything is checked of it.

use std::collections::{HashMap, HashSet};

use crate::front::proto::{GraphProto, NodeProto, ValueInfoProto, type_proto};
use crate::words::nearest;

use super::order::reads;
use super::{Problem, names, tensor};

/// Makes `chosen`, names of any tensors of the outermost graph, the outputs of the model.
///
/// # Errors
/// A name that the graph does not have.
pub(super) fn choose_outputs(graph: &mut GraphProto, chosen: &[String]) -> Result<(), Problem> {
    let mut outputs = vec![];
    for name in chosen {
        if !tensors(graph).any(|tensor| tensor == name) {
            return Err(Problem::NoSuchTensor {
                tensor: name.clone(),
                nearest: nearest(name, tensors(graph)).map(str::to_owned),
                outputs: graph.output.iter().map(|output| output.name().to_owned()).collect(),
            });
        }
        let mut declared = graph.output.iter().chain(&graph.value_info).chain(&graph.input);
        let declared = declared.find(|info| info.name() == name).cloned();
        outputs.push(declared.unwrap_or_else(|| ValueInfoProto {
            name: Some(name.clone()),
            ..ValueInfoProto::default()
        }));
    }
    graph.output = outputs;
    Ok(())
}

/// Names of everything that a graph reads or computes.
fn tensors(graph: &GraphProto) -> impl Iterator<Item = &str> {
    let computed = graph.node.iter().flat_map(|node| &node.output).map(String::as_str);
    let given = graph.input.iter().map(|input| input.name());
    let stored = graph.initializer.iter().map(|stored| stored.name());
    computed.chain(given).chain(stored).filter(|name| !name.is_empty())
}

/// Drops nodes and stored tensors that reach no output, in the graphs inside it as well, and the names of outputs that
/// nothing reads. Inputs stay, as callers give them, except those that nothing reads where `inputs_too` says so or
/// where they are no tensors of numbers. A graph without outputs stays as it is: what is wrong with it is told.
pub(super) fn prune(graph: &mut GraphProto, inputs_too: bool) {
    if graph.output.is_empty() {
        return;
    }
    let live = prune_nodes(graph);
    let stored: HashSet<String> = graph.initializer.iter().map(|t| t.name().to_owned()).collect();
    graph.input.retain(|input| {
        let optional = inputs_too || stored.contains(input.name()) || !is_numbers(input);
        live.contains(input.name()) || input.name().is_empty() || !optional
    });
    drop_stored(graph, &live);
}

/// The names that are read in a graph or are its outputs, once its other nodes are gone.
fn prune_nodes(graph: &mut GraphProto) -> HashSet<String> {
    for inner in graph.node.iter_mut().flat_map(names::subgraphs_mut) {
        let live = prune_nodes(inner);
        drop_stored(inner, &live);
    }
    let (is_live, live) = live(graph);
    let mut is_live = is_live.into_iter();
    graph.node.retain(|_| is_live.next().unwrap_or(true));
    for name in graph.node.iter_mut().flat_map(|node| &mut node.output) {
        if !live.contains(name.as_str()) {
            name.clear();
        }
    }
    // Every turn drops an output at least; what only that was computed from goes too.
    if graph.node.iter_mut().map(drop_collected).max() == Some(true) {
        return prune_nodes(graph);
    }
    live
}

/// Drops what a `Loop` collects from its trips for nothing: the outputs behind its states without a reader, in the body
/// and outside. Whether there were any.
fn drop_collected(node: &mut NodeProto) -> bool {
    if node.op_type() != "Loop" || !matches!(node.domain(), "" | "ai.onnx") {
        return false;
    }
    let states = node.input.len().saturating_sub(2);
    let is_dead = |name: Option<&String>| name.is_none_or(String::is_empty);
    let mut outputs = std::mem::take(&mut node.output);
    let mut dropped = false;
    for body in names::subgraphs_mut(node) {
        // The body's first output is the condition.
        let dead = states..body.output.len().saturating_sub(1);
        let dead: Vec<_> = dead.filter(|index| is_dead(outputs.get(*index))).collect();
        for index in dead.into_iter().rev() {
            body.output.remove(1 + index);
            dropped = true;
            if index < outputs.len() {
                outputs.remove(index);
            }
        }
    }
    node.output = outputs;
    dropped
}

/// Which nodes reach an output, and the names that these and the outputs read.
fn live(graph: &GraphProto) -> (Vec<bool>, HashSet<String>) {
    let mut producers: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, node) in graph.node.iter().enumerate() {
        for name in node.output.iter().filter(|name| !name.is_empty()) {
            producers.entry(name).or_default().push(index);
        }
    }
    let mut is_live = vec![false; graph.node.len()];
    let mut live = HashSet::new();
    let mut open: Vec<&str> = graph.output.iter().map(|output| output.name()).collect();
    while let Some(name) = open.pop() {
        if !live.insert(name.to_owned()) {
            continue;
        }
        for index in producers.get(name).into_iter().flatten() {
            if !std::mem::replace(&mut is_live[*index], true) {
                open.extend(reads(&graph.node[*index]));
            }
        }
    }
    (is_live, live)
}

/// Drops the stored tensors that nothing reads. Those without a name stay, to be told of.
fn drop_stored(graph: &mut GraphProto, live: &HashSet<String>) {
    let reads = |name: &str| name.is_empty() || live.contains(name);
    graph.initializer.retain(|stored| reads(stored.name()));
    graph
        .sparse_initializer
        .retain(|sparse| reads(sparse.values.as_ref().map_or("", |values| values.name())));
}

fn is_numbers(input: &ValueInfoProto) -> bool {
    match input.r#type.as_ref().and_then(|ty| ty.value.as_ref()) {
        Some(type_proto::Value::TensorType(ty)) => tensor::dtype(ty.elem_type()).is_some(),
        _ => false,
    }
}
