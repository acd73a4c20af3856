//! Who reads what. The edges of petgraph say which operator reads which; to find the readers of one output among them
//! means to go through those of all outputs of its node, and there may be thousands. So they are kept by value as well.
//! Sources have no edges: thousands of layers may share a constant, and petgraph would search all its edges for the one
//! that is removed.

use super::{Graph, NodeId, NodeKind, ValueId};
use petgraph::Direction;
use petgraph::visit::EdgeRef;
use std::collections::BTreeSet;

/// An edge between operators: which value is read, as operand number `operand`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    value: ValueId,
    operand: usize,
}

/// Who reads each value.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    readers: Vec<Readers>,
}

#[derive(Clone, Debug, Default)]
struct Readers {
    nodes: BTreeSet<(NodeId, usize)>,
    /// How many outputs of the model and states it becomes.
    results: usize,
}

impl Uses {
    /// One more value, which nothing reads yet.
    pub(super) fn add_value(&mut self) {
        self.readers.push(Readers::default());
    }

    /// Forgets that `user` reads `value`.
    pub(super) fn remove(&mut self, value: ValueId, user: NodeId, operand: usize) {
        self.of_mut(value).nodes.remove(&(user, operand));
    }

    /// One more output of the model, or state, is `value`.
    pub(super) fn add_result(&mut self, value: ValueId) {
        self.of_mut(value).results += 1;
    }

    /// One output of the model, or state, is no longer `value`.
    pub(super) fn remove_result(&mut self, value: ValueId) {
        self.of_mut(value).results -= 1;
    }

    /// An output of the model, or state, that was `old` is `new`.
    pub(super) fn replace_result(&mut self, old: ValueId, new: ValueId) {
        self.remove_result(old);
        self.add_result(new);
    }

    fn of(&self, value: ValueId) -> &Readers {
        &self.readers[value.0 as usize]
    }

    fn of_mut(&mut self, value: ValueId) -> &mut Readers {
        &mut self.readers[value.0 as usize]
    }
}

impl Graph {
    /// The values that a run leaves: outputs of the model, and what it keeps for the next run.
    pub fn results(&self) -> impl Iterator<Item = ValueId> + '_ {
        let outputs = self.outputs.iter().map(|(_, value)| *value);
        outputs.chain(self.states.iter().map(|state| state.next))
    }

    /// Whether a value is an output of the model, or kept for the next run.
    pub fn is_output(&self, id: ValueId) -> bool {
        self.uses.of(id).results > 0
    }

    /// The nodes that read a value, each with the operand's position, in a fixed order.
    pub fn users(&self, id: ValueId) -> Vec<(NodeId, usize)> {
        self.uses.of(id).nodes.iter().copied().collect()
    }

    /// The node that alone reads a value which is not an output of the model.
    pub fn only_user(&self, id: ValueId) -> Option<NodeId> {
        let readers = &self.uses.of(id).nodes;
        let alone = readers.len() == 1 && !self.is_output(id);
        readers.first().filter(|_| alone).map(|(node, _)| *node)
    }

    /// Notes that `user` reads `value`.
    pub(super) fn link(&mut self, value: ValueId, user: NodeId, operand: usize) {
        let producer = self.value(value).producer;
        if matches!(self.node(producer).kind, NodeKind::Operator(_)) {
            self.dag.add_edge(producer.0, user.0, Use { value, operand });
        }
        self.uses.of_mut(value).nodes.insert((user, operand));
    }

    /// Notes that `user` no longer reads `value`.
    pub(super) fn unlink(&mut self, value: ValueId, user: NodeId, operand: usize) {
        self.uses.remove(value, user, operand);
        let mut read = self.dag.edges_directed(user.0, Direction::Incoming);
        let edge = read.find(|edge| edge.weight().operand == operand && edge.weight().value == value);
        if let Some(edge) = edge.map(|edge| edge.id()) {
            self.dag.remove_edge(edge);
        }
    }

    /// The nodes that read outputs of a node, each as often as it reads one.
    pub(super) fn readers(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let node = self.node(id);
        let is_operator = matches!(node.kind, NodeKind::Operator(_));
        let operators = is_operator.then(|| self.dag.neighbors_directed(id.0, Direction::Outgoing).map(NodeId));
        let of_source = (!is_operator).then(|| {
            let values = node.outputs.iter();
            values.flat_map(|value| self.uses.of(*value).nodes.iter().map(|(node, _)| *node))
        });
        let (operators, of_source) = (operators.into_iter(), of_source.into_iter());
        operators.flatten().chain(of_source.flatten())
    }

    /// Notes that no node reads anything.
    pub(super) fn unlink_all(&mut self) {
        self.dag.clear_edges();
        for readers in &mut self.uses.readers {
            readers.nodes.clear();
        }
    }

    /// Replaces what a run leaves by what `new` gives for it.
    pub(super) fn replace_results(&mut self, new: impl Fn(ValueId) -> ValueId) {
        let outputs = self.outputs.iter_mut().map(|(_, value)| value);
        for value in outputs.chain(self.states.iter_mut().map(|state| &mut state.next)) {
            let old = std::mem::replace(value, new(*value));
            self.uses.replace_result(old, *value);
        }
    }
}
