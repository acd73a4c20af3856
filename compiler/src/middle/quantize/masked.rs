use super::dtypes::WIDE_SCORES;
use super::role::Role;
use super::{Groups, Observed};
use crate::ir::linear::Linear;
use crate::ir::primitives::{Binary, BinaryOp, Select, Softmax};
use crate::ir::{Graph, NodeId, ValueId};
use std::collections::HashMap;

/// Softmax operators of masked scores, and what masks them: all stay in floats, for this reason each. A mask of -10000
/// would leave the scores one or two steps of 8 bits, and one of minus infinity has none.
pub(super) fn masked(graph: &Graph, groups: &Groups, observed: &Observed) -> HashMap<NodeId, String> {
    let mut floats = HashMap::new();
    for id in graph.order() {
        let node = graph.node(id);
        let probabilities = node.op::<Softmax>().is_some_and(|softmax| !softmax.log);
        let computes = matches!(groups.role(id), Role::Computes(_));
        let Some(x) = node.inputs[..]
            .first()
            .copied()
            .flatten()
            .filter(|_| probabilities && computes)
        else {
            continue;
        };
        let mut search = Search {
            graph,
            groups,
            observed,
            nodes: vec![],
            masks: false,
        };
        search.follow(x);
        if search.masks {
            let name = node.name.escape_debug();
            let why = format!("it masks what `{name}` takes powers of, by numbers far below the others");
            floats.extend(search.nodes.into_iter().map(|node| (node, why.clone())));
            let why = "its operand is masked by numbers far below the others".to_owned();
            floats.insert(id, why);
        }
    }
    floats
}

/// What makes the operand of a softmax reach far down.
struct Search<'a> {
    graph: &'a Graph,
    groups: &'a Groups,
    observed: &'a Observed,
    /// Operators in integers with such a result.
    nodes: Vec<NodeId>,
    /// Whether one of them puts numbers in the place of others, or adds them.
    masks: bool,
}

impl Search<'_> {
    /// Whether a value's range is much wider than a softmax can make use of.
    fn is_wide(&self, value: ValueId) -> bool {
        let of = |group: &usize| {
            let (least, most) = self.observed.groups[*group].extremes();
            self.observed.infinite.contains_key(group) || most - least > WIDE_SCORES
        };
        self.groups.of.get(&value).is_some_and(of)
    }

    /// Whether a layer's result is wide by its bias: a mask that was added to it, as passes put it there.
    fn is_mask_in_a_bias(&self, id: NodeId) -> bool {
        let layer = Linear::of(self.graph.node(id)).filter(|_| matches!(self.groups.role(id), Role::Computes(_)));
        let bias = layer.and_then(|layer| self.graph.constant(layer.bias()?)?.to_f32());
        let ends = bias.into_iter().flatten().map(f64::from);
        let (least, most) = ends.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), x| {
            (least.min(x), most.max(x))
        });
        most - least > WIDE_SCORES
    }

    fn follow(&mut self, value: ValueId) {
        if !self.is_wide(value) && self.groups.of.contains_key(&value) {
            return;
        }
        let id = self.graph.value(value).producer;
        let node = self.graph.node(id);
        if self.is_mask_in_a_bias(id) {
            // What it reads is no wider than other operands are.
            self.masks = true;
            self.nodes.push(id);
            return;
        }
        let elementwise = node.operator().is_some_and(|op| op.is_elementwise()) || node.op::<Select>().is_some();
        let moves = matches!(self.groups.role(id), Role::Moves(_) | Role::Joins(_));
        if self.nodes.contains(&id) || !(elementwise || moves) {
            return;
        }
        let sum = node.op::<Binary>();
        let sum = sum.is_some_and(|b| matches!(b.op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Min | BinaryOp::Max));
        self.masks |= sum || node.op::<Select>().is_some();
        if matches!(self.groups.role(id), Role::Computes(_) | Role::Limits) {
            self.nodes.push(id);
        }
        for operand in node.inputs.iter().flatten() {
            self.follow(*operand);
        }
    }
}
