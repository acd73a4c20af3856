use super::role::Role;
use super::{Groups, Io, Layer, Scheme};
use crate::ir::{DType, Graph, NodeId, ValueId};

/// The integers of each group: of the scheme, but of 16 bits for what leads from the last layer to an output in floats.
pub fn dtypes(graph: &Graph, groups: &Groups, scheme: Scheme, io: Io) -> Vec<DType> {
    let all = if scheme == Scheme::Int16x8 { DType::I16 } else { DType::I8 };
    let mut dtypes = vec![all; groups.list.len()];
    if io == Io::Float {
        for (_, value) in graph.outputs() {
            for group in tail(graph, groups, *value).unwrap_or_default() {
                dtypes[group] = DType::I16;
            }
        }
    }
    dtypes
}

/// The groups between the last layer and an output, if each step between them has one operand and nothing else reads what
/// is between.
fn tail(graph: &Graph, groups: &Groups, output: ValueId) -> Option<Vec<usize>> {
    let mut tail = vec![];
    let mut value = output;
    loop {
        let group = *groups.of.get(&value)?;
        if !tail.contains(&group) {
            tail.push(group);
        }
        let read = |v: ValueId| graph.users(v).iter().any(|(user, _)| !leads(graph, groups, *user, &tail));
        if groups.list[group].values.iter().any(|v| read(*v)) {
            return None;
        }
        let mut producer = graph.value(value).producer;
        if *groups.role(producer) == Role::Limits {
            producer = graph.value(graph.node(producer).inputs[0]?).producer;
        }
        if Layer::of(graph, producer).is_some() {
            return Some(tail);
        }
        match groups.role(producer) {
            Role::Computes(operands) | Role::Moves(operands) if operands.len() == 1 => {
                value = graph.node(producer).inputs[operands[0]]?;
            }
            _ => return None,
        }
    }
}

/// Whether the results of a node are in these groups.
fn leads(graph: &Graph, groups: &Groups, id: NodeId, tail: &[usize]) -> bool {
    let results = &graph.node(id).outputs;
    results.iter().all(|v| groups.of.get(v).is_some_and(|group| tail.contains(group)))
}
