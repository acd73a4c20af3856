use crate::ir::{Graph, Inputs, Lowering, OpError, Operator, TensorType, check_body};
use std::sync::Arc;

/// A graph that is run again and again while a flag is true: operand 0 before the first run, then the graph's first
/// output. The graph's inputs are the operands after the flag. The first `states` of them are, in the next run, the
/// outputs after the flag, and in the end the results.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// What is run. All passes have run over it.
    pub body: Arc<Graph>,
    /// Number of states.
    pub states: usize,
    /// How often it is run at most.
    pub most: usize,
}

/// Whether it is the same one: bodies are not compared.
impl PartialEq for Repeat {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.body, &other.body) && (self.states, self.most) == (other.states, other.most)
    }
}

impl Operator for Repeat {
    fn name(&self) -> &'static str {
        "Loop"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let types: Vec<_> = inputs.types().collect();
        check_body(&self.body, &types, self.states)?;
        Ok(types[1..=self.states].iter().map(|ty| (*ty).clone()).collect())
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        cx.repeat(&self.body, self.most)
    }

    /// The multiply-accumulates are those of the body's calls.
    fn work(&self, _inputs: &[Option<&TensorType>], _outputs: &[&TensorType]) -> u64 {
        let nodes = self.body.order().into_iter().map(|id| self.body.node(id));
        let work = nodes.filter_map(|node| {
            let outputs: Vec<_> = node.outputs.iter().map(|value| self.body.ty(*value)).collect();
            let elements: usize = outputs.iter().map(|ty| ty.len()).sum();
            let steps = node.operator()?.work(&self.body.types(&node.inputs), &outputs);
            Some(steps.saturating_add(elements as u64))
        });
        work.fold(0, u64::saturating_add).saturating_mul(self.most as u64)
    }
}
