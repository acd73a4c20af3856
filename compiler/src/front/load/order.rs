//! Puts the nodes of every graph after those whose outputs they read.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use crate::front::proto::{GraphProto, NodeProto};

use super::{LoadError, Model, Problem, names};

/// The model with its nodes in order; a graph that is in order stays as it is.
pub(super) fn sorted(mut model: Model) -> Result<Model, LoadError> {
    let mut problems = Vec::new();
    sort(&mut model.graph, &mut problems);
    LoadError::unless_empty(problems)?;
    Ok(model)
}

fn sort(graph: &mut GraphProto, problems: &mut Vec<Problem>) {
    let needs = needs(&graph.node);
    match order(&needs) {
        Ok(order) => {
            let mut nodes: Vec<Option<NodeProto>> = std::mem::take(&mut graph.node).into_iter().map(Some).collect();
            graph.node = order.into_iter().filter_map(|index| nodes[index].take()).collect();
        }
        Err(stuck) => {
            let name = |index: &usize| graph.node[*index].name().to_owned();
            problems.push(Problem::Cycle {
                cycle: cycle(&needs, &stuck).iter().map(name).collect(),
            });
        }
    }
    for node in &mut graph.node {
        names::subgraphs_mut(node).for_each(|inner| sort(inner, problems));
    }
}

/// For each node, the nodes of the same graph that it waits for.
fn needs(nodes: &[NodeProto]) -> Vec<Vec<usize>> {
    let mut producer = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        producer.extend(
            node.output
                .iter()
                .filter(|name| !name.is_empty())
                .map(|name| (name.as_str(), index)),
        );
    }
    let waits = |node| {
        let mut waits: Vec<usize> = reads(node)
            .into_iter()
            .filter_map(|name| producer.get(name).copied())
            .collect();
        waits.sort_unstable();
        waits.dedup();
        waits
    };
    nodes.iter().map(waits).collect()
}

/// What a node reads of its graph and those around it: its inputs and whatever its subgraphs do not produce themselves.
pub(super) fn reads(node: &NodeProto) -> Vec<&str> {
    let mut reads: Vec<&str> = node.input.iter().map(String::as_str).collect();
    for graph in names::subgraphs(node) {
        let mut own: HashSet<&str> = graph.input.iter().map(|input| input.name()).collect();
        own.extend(graph.initializer.iter().map(|initializer| initializer.name()));
        own.extend(graph.node.iter().flat_map(|node| &node.output).map(String::as_str));
        let inner = graph.node.iter().flat_map(self::reads);
        reads.extend(
            inner
                .chain(graph.output.iter().map(|output| output.name()))
                .filter(|name| !own.contains(name)),
        );
    }
    reads
}

/// An order in which every node follows those it waits for, of all such the one closest to the given order; or the
/// nodes that cannot be placed.
fn order(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    let mut missing: Vec<usize> = needs.iter().map(Vec::len).collect();
    let mut waiting = vec![Vec::new(); needs.len()];
    for (index, needs) in needs.iter().enumerate() {
        needs.iter().for_each(|&need| waiting[need].push(index));
    }
    let mut ready: BinaryHeap<_> = (0..needs.len())
        .filter(|&index| missing[index] == 0)
        .map(Reverse)
        .collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(Reverse(index)) = ready.pop() {
        order.push(index);
        for &next in &waiting[index] {
            missing[next] -= 1;
            if missing[next] == 0 {
                ready.push(Reverse(next));
            }
        }
    }
    if order.len() == needs.len() {
        Ok(order)
    } else {
        Err((0..needs.len()).filter(|&i| missing[i] > 0).collect())
    }
}

/// A cycle among nodes that each wait for another one of them, in the direction data would flow.
fn cycle(needs: &[Vec<usize>], stuck: &[usize]) -> Vec<usize> {
    let is_stuck: HashSet<usize> = stuck.iter().copied().collect();
    let mut position = HashMap::new();
    let mut path = Vec::new();
    let mut next = stuck.first().copied();
    while let Some(index) = next {
        path.push(index);
        if let Some(start) = position.insert(index, path.len() - 1) {
            path.drain(..start);
            break;
        }
        next = needs[index].iter().copied().find(|need| is_stuck.contains(need));
    }
    path.reverse();
    path
}
