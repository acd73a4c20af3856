use super::role::Role;
use super::{Groups, Layer};
use crate::ir::{Graph, NodeId, ValueId};

/// The groups between layers and `value`, which is an output or is read where small differences count, if nothing else
/// computes with what is between. Floats may be joined on the way; of their operands those count that fit.
pub(super) fn tail(graph: &Graph, groups: &Groups, value: ValueId) -> Option<Vec<usize>> {
    let mut tail = vec![];
    follow(graph, groups, value, &mut tail).then_some(tail)
}

/// Adds the groups up to the last layer before `value`; tells whether there is one.
fn follow(graph: &Graph, groups: &Groups, value: ValueId, tail: &mut Vec<usize>) -> bool {
    let before = tail.len();
    if let Some(group) = groups.of.get(&value)
        && !tail.contains(group)
    {
        tail.push(*group);
    }
    let fits = leads(graph, groups, value, tail) && operands(graph, groups, value, tail);
    if !fits {
        tail.truncate(before);
    }
    fits
}

/// Whether what gives `value` is a layer, or is reached from one.
fn operands(graph: &Graph, groups: &Groups, value: ValueId, tail: &mut Vec<usize>) -> bool {
    let mut producer = graph.value(value).producer;
    if *groups.role(producer) == Role::Limits {
        let Some(limited) = graph.node(producer).inputs[0] else {
            return false;
        };
        producer = graph.value(limited).producer;
    }
    if Layer::of(graph, producer).is_some() {
        return true;
    }
    let node = graph.node(producer);
    match groups.role(producer) {
        Role::Computes(of) | Role::Moves(of) if of.len() == 1 => {
            node.inputs[of[0]].is_some_and(|x| follow(graph, groups, x, tail))
        }
        Role::Joins(of) => {
            let joined: Vec<_> = of.iter().filter_map(|i| node.inputs[*i]).collect();
            // All of one group have its type.
            let apart = |x: &ValueId| groups.of.get(x) != groups.of.get(&value);
            let (others, same): (Vec<_>, Vec<_>) = joined.into_iter().partition(apart);
            let same = same.into_iter().all(|x| follow(graph, groups, x, tail));
            let others = others.into_iter().map(|x| follow(graph, groups, x, tail));
            let found = others.fold(false, |any, fits| any | fits);
            same && (found || groups.of.contains_key(&value))
        }
        _ => false,
    }
}

/// Whether all that reads the values of the last group of a tail leads on to it, or out of the model.
fn leads(graph: &Graph, groups: &Groups, value: ValueId, tail: &[usize]) -> bool {
    let alone = [value];
    let values = match groups.of.get(&value) {
        Some(group) => &groups.list[*group].values[..],
        None => &alone,
    };
    let users = values.iter().flat_map(|v| graph.users(*v));
    users.into_iter().all(|(user, _)| leads_on(graph, groups, user, tail))
}

/// Whether the results of a node are in these groups, or are moved and joined floats that only leave the model, or it
/// computes in floats.
fn leads_on(graph: &Graph, groups: &Groups, id: NodeId, tail: &[usize]) -> bool {
    let moves = matches!(groups.role(id), Role::Moves(_) | Role::Joins(_));
    let floats = |v: &ValueId| {
        let users = graph.users(*v);
        moves && users.iter().all(|(user, _)| leads_on(graph, groups, *user, tail))
    };
    let chooses = graph.node(id).outputs.iter().any(|v| !graph.ty(*v).dtype.is_float());
    let results = &graph.node(id).outputs;
    let stays = matches!(groups.role(id), Role::Float(_));
    chooses
        || stays
        || results
            .iter()
            .all(|v| groups.of.get(v).map_or_else(|| floats(v), |group| tail.contains(group)))
}
