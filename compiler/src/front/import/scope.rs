use super::{import_node, too_many_constants};
use crate::error::OperatorProblem;
use crate::front::load::Model;
use crate::front::proto::{NodeProto, TensorProto};
use crate::ir::{Graph, ValueId};
use std::collections::HashMap;

/// What reading has made so far.
pub(super) struct Made {
    /// The graph.
    pub(super) graph: Graph,
    /// Constants of the tensors that sub-graphs store, by their place in the model: a loop reads them once.
    pub(super) stored: HashMap<*const TensorProto, ValueId>,
    /// Nodes of sub-graphs, counted each time that they are read.
    pub(super) unrolled: usize,
    /// Bytes of constants that the graph may hold.
    pub(super) room: usize,
}

/// The values of a graph's tensors by name, and of those of the graphs around it.
pub(super) struct Scope<'a> {
    values: HashMap<String, ValueId>,
    outer: Option<&'a Scope<'a>>,
    /// What the names of all that its nodes make begin with: tells the iterations of a loop apart.
    pub(super) prefix: String,
}

impl<'a> Scope<'a> {
    /// The scope of the model's graph.
    pub(super) fn outermost() -> Self {
        Self {
            values: HashMap::new(),
            outer: None,
            prefix: String::new(),
        }
    }

    /// The scope of a sub-graph, inside this one.
    pub(super) fn inside(&'a self, prefix: String) -> Self {
        Self {
            values: HashMap::new(),
            outer: Some(self),
            prefix,
        }
    }

    pub(super) fn insert(&mut self, name: &str, value: ValueId) {
        self.values.insert(name.to_owned(), value);
    }

    /// The value of a tensor; `None` if the node that gives it could not be read.
    pub(super) fn find(&self, name: &str) -> Option<ValueId> {
        let own = self.values.get(name).copied();
        own.or_else(|| self.outer?.find(name))
    }
}

/// Reads nodes in order; gives the problems of all that cannot be read.
pub(super) fn read_nodes(
    model: &Model,
    nodes: &[NodeProto],
    made: &mut Made,
    scope: &mut Scope<'_>,
) -> Vec<OperatorProblem> {
    let mut problems = vec![];
    for node in nodes {
        let read = import_node(model, node, made, scope);
        let is_full = made.graph.constant_bytes() > made.room;
        match read {
            Err(found) => problems.extend(found),
            Ok(()) if is_full => problems.push(super::problem(model, node, too_many_constants())),
            Ok(()) => {}
        }
        if is_full {
            break;
        }
    }
    problems
}
