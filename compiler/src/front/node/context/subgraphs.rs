//! Sub-graphs, read as if their nodes stood where the node is.

use super::NodeContext;
use crate::front::load;
use crate::front::node::item::Item;
use crate::front::node::read_nodes;
use crate::front::node::scope::Scope;
use crate::front::proto::GraphProto;
use crate::ir::{OpError, ValueId, op_error};
use std::collections::HashSet;

/// Nodes of sub-graphs that may be read in all, each counted as often as it is.
const MAX_UNROLLED: usize = 1 << 13;

/// Bytes of names that these nodes may have in all.
const MAX_NAMED: usize = 1 << 25;

impl NodeContext<'_> {
    /// Reads the sub-graph of attribute `name` as if its nodes stood here, its inputs being `inputs`; gives its
    /// outputs. It may be called several times, for the iterations of a loop.
    pub fn subgraph(&mut self, name: &'static str, inputs: &[ValueId]) -> Result<Vec<ValueId>, OpError> {
        let inputs: Vec<_> = inputs.iter().copied().map(Item::Tensor).collect();
        let outputs = self.subgraph_of_items(name, &inputs)?;
        let tensors = outputs.iter().map(Item::tensor).collect::<Option<_>>();
        tensors.ok_or_else(|| {
            op_error(format!(
                "the sub-graph `{name}` gives a sequence, where it must give tensors"
            ))
        })
    }

    /// [`subgraph`](Self::subgraph) where inputs and outputs may be sequences.
    pub fn subgraph_of_items(&mut self, name: &'static str, inputs: &[Item]) -> Result<Vec<Item>, OpError> {
        let graph = self.attributes.graph(name)?;
        self.made.unrolled += graph.node.len().max(1);
        if self.made.unrolled > MAX_UNROLLED {
            let message = format!("with every iteration written out, sub-graphs hold more than {MAX_UNROLLED} nodes");
            return Err(op_error(message).help(
                "loops are unrolled: shorten the loop or its body, or use operators on whole tensors (RNN, GRU, LSTM, CumSum ..)",
            ));
        }
        self.subgraphs += 1;
        let prefix = format!("{}{}_{}/", self.scope.prefix, self.node.name(), self.subgraphs);
        let own = graph
            .node
            .iter()
            .map(|node| node.name().len() + node.output.iter().map(String::len).sum::<usize>());
        self.made.named += own.map(|own| own + prefix.len()).sum::<usize>();
        if self.made.named > MAX_NAMED {
            let message = format!("with every iteration written out, names of nodes hold more than {MAX_NAMED} bytes");
            return Err(op_error(message).help("give the loop and the nodes of its body shorter names"));
        }
        let mut scope = self.scope.inside(prefix);
        self.bind(name, graph, inputs, &mut scope)?;
        let problems = read_nodes(self.model, &graph.node, self.made, &mut scope);
        let outputs: Option<Vec<Item>> = graph.output.iter().map(|output| scope.find(output.name())).collect();
        match outputs {
            Some(outputs) if problems.is_empty() => Ok(outputs),
            _ => {
                self.inner = Some(problems);
                Err(op_error(format!("the sub-graph `{name}` cannot be read")))
            }
        }
    }

    /// Reads a branch whose condition is not known. One that cannot be read may be one that is never taken: its
    /// problems say which inputs of the model tell.
    pub fn branch(&mut self, name: &'static str, condition: ValueId) -> Result<Vec<Item>, OpError> {
        let outputs = self.subgraph_of_items(name, &[]);
        let sources = self.made.graph.sources(condition);
        if outputs.is_err() && !sources.is_empty() {
            let flags = self.made.bake_flags(&sources);
            let advice = format!(
                "it is in a branch of `{}`, which may not be taken by the value that you have in mind: give it with {flags}",
                self.node.name(),
            );
            for problem in self.inner.iter_mut().flatten() {
                let own = problem.help.take().map_or_else(String::new, |help| format!("{help}; "));
                problem.help = Some(format!("{own}{advice}"));
                problem.bake.extend(sources.iter().cloned());
            }
        }
        outputs
    }

    /// The integers of a tensor that a sub-graph or a graph around it stores.
    pub fn stored_ints(&self, graph: &GraphProto, name: &str) -> Option<Vec<i64>> {
        match graph.initializer.iter().find(|tensor| tensor.name() == name) {
            Some(stored) => load::tensor(stored, self.model.base.as_deref()).ok()?.to_i64(),
            None => self.made.graph.constant(self.scope.find(name)?.tensor()?)?.to_i64(),
        }
    }

    /// Gives the sub-graph's inputs and stored tensors their values.
    pub(super) fn bind(
        &mut self,
        name: &str,
        graph: &GraphProto,
        inputs: &[Item],
        scope: &mut Scope<'_>,
    ) -> Result<(), OpError> {
        for tensor in &graph.initializer {
            let place = std::ptr::from_ref(tensor);
            let value = match self.made.stored.get(&place) {
                Some(value) => *value,
                None => {
                    let constant = load::tensor(tensor, self.model.base.as_deref());
                    let constant = constant.map_err(|e| op_error(e.to_string()))?;
                    let value = self.made.graph.add_constant(tensor.name(), constant);
                    self.made.stored.insert(place, value);
                    value
                }
            };
            scope.insert(tensor.name(), value);
        }
        let stored: HashSet<&str> = graph.initializer.iter().map(|tensor| tensor.name()).collect();
        let open: Vec<&str> = graph.input.iter().map(|input| input.name()).collect();
        let open: Vec<&str> = open.into_iter().filter(|input| !stored.contains(input)).collect();
        if open.len() != inputs.len() {
            return Err(op_error(format!(
                "the sub-graph `{name}` has {} inputs where this operator gives it {}",
                open.len(),
                inputs.len()
            )));
        }
        open.iter()
            .zip(inputs)
            .for_each(|(input, item)| scope.insert_item(input, item.clone()));
        Ok(())
    }
}
