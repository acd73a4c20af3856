use super::{Graph, NodeKind, ValueId};

/// A value that is kept from one run to the next.
#[derive(Clone, Debug)]
pub struct State {
    /// Name of the input that it was.
    pub name: String,
    /// What a run finds: zeros in the first one.
    pub value: ValueId,
    /// What a run leaves, of the same type.
    pub next: ValueId,
}

impl Graph {
    /// What is kept from one run to the next, in the order it was bound.
    pub fn states(&self) -> &[State] {
        &self.states
    }

    /// Makes input number `input` of the model what output number `output` was in the run before. The model then has
    /// neither; the numbers of those after them change.
    ///
    /// # Panics
    /// If there are no such ports, or their types differ: callers check what users give.
    pub fn bind_state(&mut self, input: usize, output: usize) {
        let value = self.inputs.remove(input);
        let (_, next) = self.outputs.remove(output);
        assert_eq!(self.ty(value), self.ty(next), "a state keeps its type");
        let name = self.value(value).name.clone();
        self.dag[self.values[value.0 as usize].producer.0].kind = NodeKind::State;
        self.states.push(State { name, value, next });
    }
}
