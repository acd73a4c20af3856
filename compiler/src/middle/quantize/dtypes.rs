use super::role::{Role, table};
use super::{Groups, Io, Layer, Scheme};
use crate::ir::primitives::Concat;
use crate::ir::{DType, Graph, NodeId, ValueId};

/// The integers of each group: of the scheme, but of 16 bits for what leads from the last layer to an output in floats, and
/// what they are where the graph has them already.
pub(super) fn dtypes(graph: &Graph, groups: &Groups, scheme: Scheme, io: Io) -> Vec<DType> {
    let all = if scheme == Scheme::Int16x8 {
        DType::I16
    } else {
        DType::I8
    };
    let mut dtypes = vec![all; groups.list.len()];
    if io == Io::Float {
        for (_, value) in graph.outputs() {
            for group in tail(graph, groups, *value).unwrap_or_default() {
                dtypes[group] = DType::I16;
            }
        }
    }
    for (dtype, group) in dtypes.iter_mut().zip(&groups.list) {
        *dtype = group.fixed.as_ref().map_or(*dtype, |fixed| fixed.dtype);
    }
    for cluster in clusters(graph, groups) {
        if cluster.iter().any(|group| dtypes[*group] == DType::I16) {
            cluster.iter().for_each(|group| dtypes[*group] = DType::I16);
        }
    }
    dtypes
}

/// Groups whose integers must be of one type, as the kernels that read or make them have it: both operands of a sum or
/// product, a function and its result, what is put one after another.
pub(super) fn clusters(graph: &Graph, groups: &Groups) -> Vec<Vec<usize>> {
    let mut clusters: Vec<Vec<usize>> = (0..groups.list.len()).map(|group| vec![group]).collect();
    let mut join = |a: usize, b: usize| {
        let find = |x| clusters.iter().position(|cluster| cluster.contains(&x)).unwrap_or(x);
        let (a, b) = (find(a), find(b));
        if a != b {
            let moved = std::mem::take(&mut clusters[b]);
            clusters[a].extend(moved);
        }
    };
    for id in graph.order() {
        let node = graph.node(id);
        let (Role::Computes(operands) | Role::Moves(operands)) = groups.role(id) else {
            continue;
        };
        let group = |i: &usize| groups.of.get(&node.inputs[*i]?).copied();
        let read: Vec<_> = operands.iter().filter_map(group).collect();
        read.windows(2).for_each(|pair| join(pair[0], pair[1]));
        let same = table(graph, node).is_some() || node.op::<Concat>().is_some();
        if let (true, Some(x), Some(y)) = (same, read.first(), written(graph, groups, id)) {
            join(*x, y);
        }
    }
    clusters.into_iter().filter(|cluster| !cluster.is_empty()).collect()
}

/// The group that a node's result is quantised in: behind its limits, or at the end of a chain of functions.
fn written(graph: &Graph, groups: &Groups, id: NodeId) -> Option<usize> {
    let mut value = graph.node(id).outputs[0];
    loop {
        if let Some(group) = groups.of.get(&value) {
            return Some(*group);
        }
        value = graph.node(graph.only_user(value)?).outputs[0];
    }
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
        let read = |v: ValueId| {
            graph
                .users(v)
                .iter()
                .any(|(user, _)| !leads(graph, groups, *user, &tail))
        };
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
    results
        .iter()
        .all(|v| groups.of.get(v).is_some_and(|group| tail.contains(group)))
}
