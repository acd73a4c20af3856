//! Steps of training.

use super::{Aligned, Executor};
use crate::ir::Tensor;

impl Executor<'_> {
    /// Runs a step of training with the inputs of inference, the target and the learning rate; gives the loss before
    /// it. `None` for a model that is not trained.
    ///
    /// # Panics
    /// If `inputs` are not of the program's types.
    pub fn train_step(&mut self, inputs: &[Tensor]) -> Option<Tensor> {
        let program = self.program;
        let training = program.training.as_ref()?;
        if training.sums.is_some() {
            let (rate, others) = inputs.split_last()?;
            let loss = self.accumulate(others);
            self.apply(rate);
            return loss;
        }
        self.run_calls(program.calls.len(), inputs, program.all_inputs());
        Some(self.read(&training.loss))
    }

    /// Adds the gradients for the inputs of inference and the target to the sums; gives the loss. `None` for a model
    /// that is not trained, or without sums.
    ///
    /// # Panics
    /// If `inputs` are not of the program's types.
    pub fn accumulate(&mut self, inputs: &[Tensor]) -> Option<Tensor> {
        let program = self.program;
        let training = program.training.as_ref()?;
        let sums = training.sums.as_ref()?;
        let but_the_rate = program.all_inputs().count() - 1;
        self.run_calls(sums.calls, inputs, program.all_inputs().take(but_the_rate));
        Some(self.read(&training.loss))
    }

    /// Makes the optimizer's step with the mean of what was accumulated, and clears the sums; nothing if there is none.
    ///
    /// # Panics
    /// If the learning rate is not a scalar of float32.
    pub fn apply(&mut self, rate: &Tensor) {
        let program = self.program;
        let Some(sums) = program.training.as_ref().and_then(|training| training.sums.as_ref()) else {
            return;
        };
        if self.read(&program.states[sums.count]).scalar_f64() == Some(0.0) {
            return;
        }
        let ports: Vec<_> = program.all_inputs().collect();
        assert_eq!(ports.last().map(|port| &port.ty), Some(&rate.ty()), "the learning rate");
        // The step reads the last input only.
        let mut inputs: Vec<Aligned> = ports.iter().skip(1).map(|_| Aligned::zeroed(0)).collect();
        inputs.push(Aligned::from(&rate.bytes));
        self.calls(sums.calls..program.calls.len(), &inputs);
        for state in &sums.cleared {
            let range = self.arena_range(&program.states[*state].view);
            self.memory.arena.bytes_mut()[range].fill(0);
        }
    }
}
