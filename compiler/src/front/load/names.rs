//! Names of nodes and spellings of domains, over the whole model.

use std::collections::{HashMap, HashSet};

use crate::front::proto::{GraphProto, NodeProto};

use super::{OPSET_KEY, versions};

/// The subgraphs of a node, in order.
pub(super) fn subgraphs(node: &NodeProto) -> impl Iterator<Item = &GraphProto> {
    node.attribute.iter().flat_map(|a| a.g.iter().chain(&a.graphs))
}

/// The subgraphs of a node, to change.
pub(super) fn subgraphs_mut(node: &mut NodeProto) -> impl Iterator<Item = &mut GraphProto> {
    node.attribute
        .iter_mut()
        .flat_map(|a| a.g.iter_mut().chain(&mut a.graphs))
}

/// Brings a graph's nodes and those inside them to one form, as [`normalise_nodes`] does.
pub(super) fn normalise(graph: &mut GraphProto) {
    normalise_nodes(&mut graph.node);
}

/// Names nodes without a name after their operator and position, spells domains one way, and drops metadata that would
/// be taken for the loader's own.
pub(super) fn normalise_nodes(nodes: &mut [NodeProto]) {
    for (index, node) in nodes.iter_mut().enumerate() {
        if node.name().is_empty() {
            node.name = Some(format!("{}_{index}", node.op_type()));
        }
        if let Some(domain) = &mut node.domain {
            *domain = versions::domain(domain).to_owned();
        }
        node.metadata_props.retain(|entry| entry.key() != OPSET_KEY);
        subgraphs_mut(node).for_each(normalise);
    }
}

/// Gives every node of the model, subgraphs included, a name that no other node has; the first to bear a name keeps it.
pub(super) fn make_unique(graph: &mut GraphProto) {
    let mut names = Names::default();
    visit(graph, &mut |node| {
        names.taken.insert(node.name().to_owned());
    });
    let mut seen = HashSet::new();
    visit(graph, &mut |node| {
        if !seen.insert(node.name().to_owned()) {
            node.name = Some(names.fresh(node.name()));
        }
    });
}

fn visit(graph: &mut GraphProto, f: &mut impl FnMut(&mut NodeProto)) {
    for node in &mut graph.node {
        f(node);
        subgraphs_mut(node).for_each(|graph| visit(graph, f));
    }
}

/// Names already given.
#[derive(Default)]
pub(super) struct Names {
    taken: HashSet<String>,
    /// The number last appended to a name, so that many equal names do not each count from the start.
    last: HashMap<String, usize>,
}

impl Names {
    /// Takes a name out of use for [`Names::fresh`].
    pub(super) fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    /// The name itself if it is free, else with a number behind it.
    pub(super) fn fresh(&mut self, name: &str) -> String {
        let mut candidate = name.to_owned();
        while !self.taken.insert(candidate.clone()) {
            let last = self.last.entry(name.to_owned()).or_insert(1);
            *last += 1;
            candidate = format!("{name}_{last}");
        }
        candidate
    }
}
