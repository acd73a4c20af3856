//! Sub-graphs that are only looked at.

use super::NodeContext;
use crate::error::OperatorProblem;
use crate::front::node::item::Item;
use crate::front::node::read_nodes;
use crate::front::node::scope::Made;
use crate::front::proto::GraphProto;
use crate::ir::{Graph, OpError, TensorType, ValueId, op_error};

/// What an input of a sub-graph is that is looked at.
pub enum Input {
    /// A value around it.
    Known(ValueId),
    /// Anything of this type.
    Open(TensorType),
}

/// A sub-graph by itself.
pub(in crate::front) struct Sketch {
    /// The graph around it as it is before the node, and what the sub-graph computes. Values outside have the same ids.
    pub(in crate::front) graph: Graph,
    /// The first value that is not outside.
    pub(in crate::front) first: ValueId,
    /// The sub-graph's inputs.
    pub(in crate::front) inputs: Vec<ValueId>,
    /// Its outputs.
    pub(in crate::front) outputs: Vec<ValueId>,
}

/// Nodes of sub-graphs that are looked at in all to find recurrent layers, each counted as often as it is.
const MAX_LOOKED_AT: usize = 1 << 15;

impl NodeContext<'_> {
    /// Reads the sub-graph of attribute `name` apart from the model, which stays as it is; `None` if it cannot be read
    /// without knowing its open inputs, if it is in one that is looked at itself, or if much was looked at already:
    /// loops inside each other would be read twice at every level.
    ///
    /// # Errors
    /// An attribute that is missing.
    pub(in crate::front) fn sketch(&mut self, name: &'static str, inputs: &[Input]) -> Result<Option<Sketch>, OpError> {
        let graph = self.attributes.graph(name)?;
        let Some(looked_at) = self.made.looked_at.filter(|nodes| *nodes < MAX_LOOKED_AT) else {
            return Ok(None);
        };
        self.made.looked_at = None;
        let before = self.made.unrolled;
        let sketch = self.apart(name, graph, inputs).ok();
        let read = std::mem::replace(&mut self.made.unrolled, before) - before;
        self.made.looked_at = Some(looked_at + read + graph.node.len());
        Ok(sketch)
    }

    /// [`sketch`](Self::sketch) of a sub-graph that must be readable without knowing its open inputs.
    ///
    /// # Errors
    /// An attribute that is missing, or what cannot be read.
    pub(in crate::front) fn body(&mut self, name: &'static str, inputs: &[Input]) -> Result<Sketch, OpError> {
        let graph = self.attributes.graph(name)?;
        self.apart(name, graph, inputs).map_err(|problems| {
            self.inner = Some(problems).filter(|problems| !problems.is_empty());
            op_error(format!(
                "the sub-graph `{name}` cannot be read without the values of its states, or gives a sequence"
            ))
        })
    }

    fn apart(&mut self, name: &str, graph: &GraphProto, inputs: &[Input]) -> Result<Sketch, Vec<OperatorProblem>> {
        let apart = Made::new(
            self.made.graph.clone(),
            self.made.room,
            self.made.max_trips,
            self.made.find,
        );
        let real = std::mem::replace(self.made, apart);
        (self.made.unrolled, self.made.named) = (real.unrolled, real.named);
        self.made.looked_at = real.looked_at;
        let read = self.read_apart(name, graph, inputs);
        let apart = std::mem::replace(self.made, real);
        (self.made.unrolled, self.made.looked_at) = (apart.unrolled, apart.looked_at);
        read.map(|(first, inputs, outputs)| Sketch {
            graph: apart.graph,
            first,
            inputs,
            outputs,
        })
    }

    /// The first new value, the inputs and the outputs, or the problems that reading met, if they are known.
    fn read_apart(
        &mut self,
        name: &str,
        graph: &GraphProto,
        inputs: &[Input],
    ) -> Result<(ValueId, Vec<ValueId>, Vec<ValueId>), Vec<OperatorProblem>> {
        let open = |input: &Input| match input {
            Input::Known(value) => *value,
            Input::Open(ty) => self.made.graph.add_input("open", ty.clone()),
        };
        let values: Vec<_> = inputs.iter().map(open).collect();
        let is_open = inputs
            .iter()
            .zip(&values)
            .filter(|(input, _)| matches!(input, Input::Open(_)));
        let first = is_open.map(|(_, value)| *value).min().ok_or_else(Vec::new)?;
        let mut scope = self.scope.inside(format!("{}{}/", self.scope.prefix, self.node.name()));
        let items: Vec<_> = values.iter().copied().map(Item::Tensor).collect();
        self.bind(name, graph, &items, &mut scope).map_err(|_| vec![])?;
        let problems = read_nodes(self.model, &graph.node, self.made, &mut scope);
        let outputs: Option<Vec<_>> = graph
            .output
            .iter()
            .map(|output| scope.find(output.name())?.tensor())
            .collect();
        match outputs {
            Some(outputs) if problems.is_empty() => Ok((first, values, outputs)),
            _ => Err(problems),
        }
    }
}
