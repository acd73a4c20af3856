use super::role::{Role, table};
use super::tail::tail;
use super::{Groups, Io, Observed, QuantizeOptions, Scheme};
use crate::ir::primitives::{ArgReduce, Cast, Map, Recurrence, Softmax, TopK};
use crate::ir::{DType, Graph, NodeId};
use runtime_core::function::AnyFunction;
use std::collections::BTreeMap;

/// Part of a group's range that a value must reach for 8 bits to tell its numbers apart: this many steps.
const FEWEST_STEPS: f64 = 16.0;

/// Width of the range of a softmax's operand from which on a step of 8 bits changes probabilities by an eighth.
pub(super) const WIDE_SCORES: f64 = 32.0;

/// The integers of each group.
pub(super) struct Types {
    /// By group.
    pub(super) of: Vec<DType>,
    /// Why some have 16 bits that the scheme does not give them.
    pub(super) notes: Vec<String>,
}

/// The integers of each group: of the scheme, but of 16 bits for what leads from the last layer to an output in floats
/// or to a choice, and where 8 bits tell too little apart; and what they are where the graph has them already.
pub(super) fn dtypes(graph: &Graph, groups: &Groups, observed: &Observed, options: &QuantizeOptions) -> Types {
    let QuantizeOptions {
        scheme, io, is_part, ..
    } = *options;
    let all = if scheme == Scheme::Int16x8 {
        DType::I16
    } else {
        DType::I8
    };
    let mut dtypes = vec![all; groups.list.len()];
    if io == Io::Float && !is_part {
        for (_, value) in graph.outputs() {
            for group in tail(graph, groups, *value).unwrap_or_default() {
                dtypes[group] = DType::I16;
            }
        }
    }
    // A recurrent layer in floats repeats the noise of what it reads at each step.
    for id in graph.order() {
        let node = graph.node(id);
        let reads = node.inputs.first().copied().flatten();
        let gates = reads.filter(|_| node.op::<Recurrence>().is_some());
        for group in gates.and_then(|x| tail(graph, groups, x)).unwrap_or_default() {
            dtypes[group] = DType::I16;
        }
    }
    for (dtype, group) in dtypes.iter_mut().zip(&groups.list) {
        if group.wide {
            *dtype = DType::I16;
        }
        *dtype = group.fixed.as_ref().map_or(*dtype, |fixed| fixed.dtype);
    }
    let clusters = clusters(graph, groups);
    spread(&clusters, &mut dtypes);
    let mut notes = vec![];
    let ports = ports(graph, groups, io);
    for (group, why) in fine(graph, groups, observed) {
        let cluster = clusters.iter().find(|cluster| cluster.contains(&group));
        let free = cluster.is_some_and(|cluster| !cluster.iter().any(|group| ports.contains(group)));
        if free && dtypes[group] == DType::I8 {
            dtypes[group] = DType::I16;
            notes.push(why);
        }
    }
    spread(&clusters, &mut dtypes);
    Types { of: dtypes, notes }
}

/// Makes groups 16 bits that must be of one type with such.
fn spread(clusters: &[Vec<usize>], dtypes: &mut [DType]) {
    for cluster in clusters {
        if cluster.iter().any(|group| dtypes[*group] == DType::I16) {
            cluster.iter().for_each(|group| dtypes[*group] = DType::I16);
        }
    }
}

/// The groups of what `run` takes and gives as integers, whose type is what was asked for.
pub(super) fn ports(graph: &Graph, groups: &Groups, io: Io) -> Vec<usize> {
    let outputs = graph.outputs().iter().map(|(_, v)| v);
    let values = graph.inputs().iter().chain(outputs).filter(|_| io == Io::Int8);
    values.filter_map(|v| groups.of.get(v).copied()).collect()
}

/// Groups that need 16 bits, and why.
fn fine(graph: &Graph, groups: &Groups, observed: &Observed) -> BTreeMap<usize, String> {
    let mut found = BTreeMap::new();
    let name = |id: NodeId| graph.node(id).name.escape_debug().to_string();
    for id in graph.order() {
        let node = graph.node(id);
        let Some(x) = node.inputs.first().copied().flatten() else {
            continue;
        };
        let whole = node.op::<Cast>().is_some_and(|cast| !cast.to.is_float());
        let jumps = node.op::<Map>().is_some_and(|map| jumps(map.function));
        if node.op::<ArgReduce>().is_some() || node.op::<TopK>().is_some() || whole || jumps {
            let before = tail(graph, groups, x).or_else(|| groups.of.get(&x).map(|group| vec![*group]));
            for group in before.unwrap_or_default() {
                let value = label(graph, groups, group);
                let why = format!(
                    "16 bits for `{value}`: `{}` decides by small differences of it",
                    name(id)
                );
                found.insert(group, why);
            }
        }
        let softmax = node.op::<Softmax>().is_some() && matches!(groups.role(id), Role::Computes(_));
        if let Some(group) = groups.of.get(&x).filter(|_| softmax) {
            let (least, most) = observed.groups[*group].extremes();
            if most - least > WIDE_SCORES {
                let value = label(graph, groups, *group);
                let why = format!(
                    "16 bits for `{value}`: it reaches from {least:.4} to {most:.4}, and `{}` takes powers of it",
                    name(id)
                );
                found.entry(*group).or_insert(why);
            }
        }
    }
    for (index, group) in groups
        .list
        .iter()
        .enumerate()
        .filter(|(_, group)| group.fixed.is_none())
    {
        let magnitude = |(least, most): (f64, f64)| most.max(-least);
        let whole = magnitude(observed.groups[index].extremes());
        let small = group.read.iter().chain(&group.parts).find(|v| {
            let part = observed.extremes.get(v).map_or(whole, |extremes| magnitude(*extremes));
            part > 0.0 && part * FEWEST_STEPS < whole
        });
        if let Some(small) = small {
            let (value, small) = (label(graph, groups, index), graph.value(*small).name.escape_debug());
            let why = format!("16 bits for `{value}`: `{small}` is a small part of its range");
            found.entry(index).or_insert(why);
        }
    }
    found
}

/// Whether a function jumps between whole numbers, where a step of 8 bits decides on which side.
fn jumps(function: AnyFunction) -> bool {
    use AnyFunction::{Ceil, Floor, Round, Sign};
    matches!(function, Ceil(_) | Floor(_) | Round(_) | Sign(_))
}

/// The name of a group's first value.
fn label(graph: &Graph, groups: &Groups, group: usize) -> String {
    graph
        .value(groups.list[group].sources[0])
        .name
        .escape_debug()
        .to_string()
}

/// Groups whose integers must be of one type, as the kernels that read or make them have it: both operands of a sum or
/// product, a function and its result.
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
        let Role::Computes(operands) = groups.role(id) else {
            continue;
        };
        let group = |i: &usize| groups.of.get(&node.inputs[*i]?).copied();
        let read: Vec<_> = operands.iter().filter_map(group).collect();
        read.windows(2).for_each(|pair| join(pair[0], pair[1]));
        let same = table(graph, node).is_some();
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
