use super::{Graph, NodeKind, ValueId};
use crate::ir::{OpError, Tensor, TensorType};

/// A value that is kept from one run to the next.
#[derive(Clone, Debug)]
pub struct State {
    /// Name of the input, or of the constant, that it was.
    pub name: String,
    /// What a run finds.
    pub value: ValueId,
    /// What a run leaves, of the same type.
    pub next: ValueId,
    /// What the first run finds; zeros if `None`.
    pub initial: Option<Tensor>,
    /// Whether it is a parameter that training changes.
    pub trained: bool,
    /// Whether it sums up over samples: the optimizer's step, which runs apart then, sets it to zero.
    pub summed: bool,
    /// Whether its dimensions are in another order than those of the constant that it was.
    pub transposed: bool,
}

/// That a graph holds a step of training behind the inference: nodes that no output of inference needs compute the loss
/// and what the states become. Inference changes no state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Training {
    /// The inputs of inference; those after them are for the step only.
    pub inputs: usize,
    /// The outputs of inference; the one after them is the loss.
    pub outputs: usize,
    /// Number of the state that counts what was added to the sums, if gradients are summed up and the optimizer's step
    /// runs apart.
    pub count: Option<usize>,
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
        self.states.push(State {
            name,
            value,
            next,
            initial: None,
            trained: false,
            summed: false,
            transposed: false,
        });
    }

    /// Adds a state that is `initial` before the first run, and that runs leave as it is until
    /// [`set_next`](Self::set_next) says otherwise.
    pub fn add_state(&mut self, name: impl Into<String>, initial: Tensor, trained: bool) -> ValueId {
        let name = name.into();
        let value = self.add_source(name.clone(), NodeKind::State, initial.ty());
        self.uses.add_result(value);
        let is_zero = initial.bytes.iter().all(|byte| *byte == 0);
        self.states.push(State {
            name,
            value,
            next: value,
            initial: (!is_zero).then_some(initial),
            trained,
            summed: false,
            transposed: false,
        });
        value
    }

    /// Adds a state of zeros that sums up over samples until the optimizer's step; `next` adds to the graph the
    /// value of the sum after one more sample.
    ///
    /// # Errors
    /// Those of `next`.
    pub fn add_sum(
        &mut self,
        name: impl Into<String>,
        ty: &TensorType,
        next: impl FnOnce(&mut Self, ValueId) -> Result<ValueId, OpError>,
    ) -> Result<ValueId, OpError> {
        let zeros = Tensor::new(ty.dtype, ty.shape.clone(), vec![0; ty.bytes()]);
        let sum = self.add_state(name, zeros, false);
        let index = self.states.len() - 1;
        let next = next(self, sum)?;
        self.set_next(index, next);
        self.states[index].summed = true;
        Ok(sum)
    }

    /// Gives state number `index` the type and the elements of its transpose. What reads it must be changed to fit.
    ///
    /// # Panics
    /// If there is no such state, or something but itself is kept in it.
    pub fn set_transposed(&mut self, index: usize, ty: TensorType, initial: Option<Tensor>) {
        let state = &mut self.states[index];
        assert_eq!(state.value, state.next, "what is kept would not fit");
        state.initial = initial;
        state.transposed = true;
        let value = state.value;
        self.values[value.0 as usize].ty = ty;
    }

    /// Says what a run leaves in state number `index`.
    ///
    /// # Panics
    /// If there is no such state, or its type is another.
    pub fn set_next(&mut self, index: usize, next: ValueId) {
        assert_eq!(
            self.ty(self.states[index].value),
            self.ty(next),
            "a state keeps its type"
        );
        let old = std::mem::replace(&mut self.states[index].next, next);
        self.uses.replace_result(old, next);
    }

    /// The step of training that is in it, if there is one.
    pub fn training(&self) -> Option<Training> {
        self.training
    }

    /// Says that there is a step of training in it.
    pub fn set_training(&mut self, training: Training) {
        self.training = Some(training);
    }
}
