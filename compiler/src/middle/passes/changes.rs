use super::Pass;
use crate::ir::Graph;
use std::collections::BTreeMap;

/// What a pass did to the nodes of a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PassChange {
    /// The pass.
    pub pass: &'static str,
    /// Nodes with an operator after it.
    pub nodes: usize,
    /// How many nodes more or fewer there are of an operator, by its name; those whose number is the same are left out.
    pub changed: BTreeMap<String, isize>,
}

/// Watches a graph from pass to pass.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    before: Option<BTreeMap<String, isize>>,
    list: Vec<PassChange>,
}

impl Changes {
    /// Looks at the graph after a pass; the first time there is nothing to compare it with.
    pub fn see(&mut self, pass: &Pass, graph: &Graph) {
        let mut now: BTreeMap<String, isize> = BTreeMap::new();
        for operator in graph.order().into_iter().filter_map(|id| graph.node(id).operator()) {
            *now.entry(operator.name().to_owned()).or_default() += 1;
        }
        let mut changed = BTreeMap::new();
        if let Some(before) = &self.before {
            changed.clone_from(&now);
            for (name, count) in before {
                *changed.entry(name.clone()).or_default() -= count;
            }
            changed.retain(|_, change| *change != 0);
        }
        let nodes = now.values().sum::<isize>().unsigned_abs();
        self.list.push(PassChange {
            pass: pass.name,
            nodes,
            changed,
        });
        self.before = Some(now);
    }

    /// All passes, in the order in which they ran.
    pub fn list(self) -> Vec<PassChange> {
        self.list
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::primitives::Map;
    use crate::ir::{DType, TensorType};
    use runtime_core::function::Relu;

    #[test]
    fn only_what_changed_is_told() {
        let pass = |name| Pass { name, run: |_| Ok(()) };
        let mut graph = Graph::new("g");
        let x = graph.add_input("x", TensorType::new(DType::F32, [2]));
        let relu = || Map { function: Relu.into() };
        let y = graph.add_op("a", relu(), &[x], &[]).unwrap();
        graph.add_output("y", y);
        let mut changes = Changes::default();
        changes.see(&pass("first"), &graph);
        let z = graph.add_op("b", relu(), &[x], &[]).unwrap();
        graph.add_output("z", z);
        changes.see(&pass("second"), &graph);
        changes.see(&pass("third"), &graph);
        let told: Vec<_> = changes
            .list()
            .into_iter()
            .map(|c| (c.pass, c.nodes, c.changed))
            .collect();
        let one_more = BTreeMap::from([("Map".to_owned(), 1)]);
        let none = BTreeMap::new();
        assert_eq!(
            told,
            [("first", 1, none.clone()), ("second", 2, one_more), ("third", 2, none)]
        );
    }
}
