use super::{Port, Program};

/// A step of training. It runs all calls of the program, of which the first ones are the inference.
#[derive(Debug)]
pub struct Training {
    /// What it takes beside the inputs of inference: the target and the learning rate.
    pub inputs: Vec<Port>,
    /// What it gives.
    pub loss: Port,
    /// The number of leading calls that inference runs: these change no state.
    pub inference: usize,
    /// How gradients are summed up, if the optimizer's step runs apart.
    pub sums: Option<Sums>,
    /// Numbers of the states that are the parameters, in the model's order.
    pub parameters: Vec<usize>,
    /// Those of them whose dimensions are in another order than in the model.
    pub transposed: Vec<usize>,
}

/// Gradients that are summed up over samples before the optimizer makes a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sums {
    /// The number of leading calls that inference and the sums run: those after them are the step.
    pub calls: usize,
    /// Number of the state that counts the samples: the step does not run if it is zero.
    pub count: usize,
    /// Numbers of the states that are zeros after the step: the sums and the count.
    pub cleared: Vec<usize>,
}

impl Program {
    /// The number of calls that one inference runs: the first ones.
    pub fn inference_calls(&self) -> usize {
        self.training
            .as_ref()
            .map_or(self.calls.len(), |training| training.inference)
    }

    /// The number of calls that a step of training runs up to the loss and the gradients.
    pub fn gradient_calls(&self) -> usize {
        let sums = self.training.as_ref().and_then(|training| training.sums.as_ref());
        sums.map_or(self.calls.len(), |sums| sums.calls)
    }

    /// Which of the ranges of calls that run apart a call is in, by their order: inference, what training adds, and the
    /// optimizer's step if that is apart.
    pub fn stage(&self, call: usize) -> usize {
        let ends = [self.inference_calls(), self.gradient_calls()];
        ends.iter().filter(|end| call >= **end).count()
    }

    /// The inputs, those of training included, by their numbers.
    pub fn all_inputs(&self) -> impl Iterator<Item = &Port> + Clone {
        self.inputs
            .iter()
            .chain(self.training.iter().flat_map(|training| &training.inputs))
    }

    /// What calls leave for the caller: the outputs and the loss.
    pub fn all_outputs(&self) -> impl Iterator<Item = &Port> {
        self.outputs
            .iter()
            .chain(self.training.iter().map(|training| &training.loss))
    }
}
