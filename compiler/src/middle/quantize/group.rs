use super::Groups;
use super::role::{Role, pads_numbers};
use crate::ir::primitives::{DequantizeLinear, Gather, Map, Quantization, QuantizeLinear, Softmax};
use crate::ir::{DType, Graph, NodeId, ValueId};
use runtime_core::function::AnyFunction;

/// Values that share one quantization: what is moved or chosen from a value has that of the value.
#[derive(Clone, Debug, Default)]
pub struct Group {
    /// The values, each after those it is made of.
    pub values: Vec<ValueId>,
    /// Those that the others are made of.
    pub sources: Vec<ValueId>,
    /// Those that something reads but to move or choose from them: their range is that of the group.
    pub read: Vec<ValueId>,
    /// What is joined to give values of it, in its range or in another.
    pub parts: Vec<ValueId>,
    /// The range if it is known without samples.
    pub range: Option<(f64, f64)>,
    /// The limits of the functions that give values, whatever the samples are.
    pub bounds: Option<(f64, f64)>,
    /// The quantization if the graph has one already.
    pub fixed: Option<Quantization>,
    /// Whether something takes 16 bits of a value.
    pub wide: bool,
}

impl Group {
    /// The group of number `index`, whose values are given.
    pub(super) fn new(graph: &Graph, groups: &Groups, index: usize, values: Vec<ValueId>) -> Self {
        let here = |v: &ValueId| groups.of.get(v) == Some(&index);
        let from_here = |v: &ValueId| {
            let moved = groups.moved(graph, graph.value(*v).producer);
            moved.iter().any(|x| here(x) && groups.makes(*x))
        };
        let sources: Vec<_> = values.iter().copied().filter(|v| !from_here(v)).collect();
        // What a table holds and where an index points may differ from what the samples show.
        let any_of_it = |v: &ValueId| {
            let chosen = |id: NodeId| {
                let node = graph.node(id);
                let index = node.inputs.get(1).copied().flatten();
                node.op::<Gather>().is_some() && index.is_none_or(|index| graph.constant(index).is_none())
            };
            graph.constant(*v).is_some() || graph.users(*v).iter().any(|(id, _)| chosen(*id))
        };
        let moves_on =
            |id: NodeId| matches!(groups.role(id), Role::Moves(_) | Role::Joins(_)) && here(&graph.node(id).outputs[0]);
        let read_outside = |v: &ValueId| {
            let users = graph.users(*v);
            graph.is_output(*v) || users.is_empty() || users.iter().any(|(id, _)| !moves_on(*id))
        };
        let read: Vec<_> = values
            .iter()
            .copied()
            .filter(|v| any_of_it(v) || read_outside(v))
            .collect();
        let joins = values.iter().map(|v| graph.value(*v).producer);
        let joins = joins.filter(|id| matches!(groups.role(*id), Role::Joins(_)));
        let mut parts: Vec<_> = joins.flat_map(|id| groups.moved(graph, id)).collect();
        parts.retain(|v| graph.constant(*v).is_none());
        let given = |v: &ValueId| graph.producer(*v).op::<DequantizeLinear>().map(|op| op.from.clone());
        let wanted = wanted(graph, &read);
        let activation = |q: &Quantization| matches!(q.dtype, DType::I8 | DType::I16) && q.single().is_some();
        let fixed = sources.iter().find_map(given).or(wanted.only).filter(activation);
        let softmax = |v: &ValueId| graph.producer(*v).op::<Softmax>().is_some_and(|softmax| !softmax.log);
        // Nothing else reaches a value, such as a constant, an input in floats or what is padded with.
        let of_here = |v: &ValueId| {
            let id = graph.value(*v).producer;
            let moved = groups.moved(graph, id);
            moved.iter().all(|x| here(x) && groups.makes(*x)) && !pads_numbers(graph, graph.node(id))
        };
        let probabilities = sources.iter().all(softmax) && values.iter().all(of_here);
        let function = |v: &ValueId| graph.producer(*v).op::<Map>().and_then(|map| bounds(map.function));
        let limits = sources.iter().filter_map(function);
        Self {
            range: probabilities.then_some((0.0, 1.0)),
            bounds: limits.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1))),
            wide: fixed.is_none() && wanted.wide,
            values,
            sources,
            read,
            parts,
            fixed,
        }
    }
}

/// What readers quantise values to.
struct Wanted {
    /// The quantization, where nothing else reads them.
    only: Option<Quantization>,
    /// Whether one is of 16 bits.
    wide: bool,
}

fn wanted(graph: &Graph, read: &[ValueId]) -> Wanted {
    let to = |(id, _): (NodeId, usize)| graph.node(id).op::<QuantizeLinear>().map(|op| op.to.clone());
    let all: Vec<_> = read.iter().flat_map(|v| graph.users(*v)).map(to).collect();
    let alike = all.windows(2).all(|pair| pair[0] == pair[1]) && !read.iter().any(|v| graph.is_output(*v));
    Wanted {
        wide: all.iter().flatten().any(|q| q.dtype == DType::I16),
        only: all.into_iter().next().flatten().filter(|_| alike),
    }
}

/// The limits of a bounded function.
fn bounds(function: AnyFunction) -> Option<(f64, f64)> {
    match function {
        AnyFunction::Sigmoid(_) => Some((0.0, 1.0)),
        AnyFunction::Tanh(_) | AnyFunction::Softsign(_) | AnyFunction::Erf(_) => Some((-1.0, 1.0)),
        _ => None,
    }
}
