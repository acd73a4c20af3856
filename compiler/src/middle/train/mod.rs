//! Training on the device: a graph of inference grows the step that changes its parameters.
//!
//! The parameters are states of the graph, made while it was read. Behind the inference come the loss, its gradient by
//! every parameter, and what the optimizer makes of them; passes, planning and kernels are those of inference.

mod differentiate;
mod frozen;
mod init;
mod loss;
mod optimizer;
mod stored;
mod sums;

pub use frozen::Frozen;
pub use init::{Init, Part};
pub use loss::Loss;
pub use optimizer::Optimizer;

use crate::Error;
use crate::ir::{DType, Graph, OpError, TensorType, Training};
pub use differentiate::differentiate;

/// Name of the input that the optimizer multiplies its steps by.
const LEARNING_RATE: &str = "learning_rate";

/// What to train, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct TrainOptions {
    /// Which layers, as the command's `--trainable` takes them: `all`, `last:N`, or names with `*`.
    pub layers: Vec<String>,
    /// What is to become small.
    pub loss: Loss,
    /// How parameters follow their gradients.
    pub optimizer: Optimizer,
    /// Whether gradients can be summed up over samples before a step: `accumulate` and `apply` in the emitted code, for
    /// one number more in RAM for each parameter.
    pub accumulate: bool,
    /// What parameters are before the first step.
    pub init: Init,
}

/// What the command does with all layers if nothing else is said.
impl Default for TrainOptions {
    fn default() -> Self {
        Self {
            layers: vec!["all".into()],
            loss: Loss::SoftmaxCrossEntropy,
            optimizer: Optimizer::Sgd,
            accumulate: false,
            init: Init::Keep,
        }
    }
}

/// Adds the step of training to a graph whose parameters are states: inputs `target` and `learning_rate`, and an output
/// `loss`.
///
/// # Errors
/// A model that the loss does not fit, and all operators between parameters and loss whose gradient is not known.
pub fn add_step(graph: &mut Graph, options: &TrainOptions) -> Result<(), Error> {
    let mut training = Training {
        inputs: graph.inputs().len(),
        outputs: graph.outputs().len(),
        count: None,
    };
    let prediction = match graph.outputs() {
        [(_, value)] => *value,
        outputs => {
            let names: Vec<_> = outputs
                .iter()
                .map(|(name, _)| format!("`{}`", name.escape_debug()))
                .collect();
            return Err(Error::usage(
                format!(
                    "a model with {} outputs cannot be trained: {}",
                    outputs.len(),
                    names.join(", ")
                ),
                "name the one that the loss is of with --outputs",
            ));
        }
    };
    let usage = |error: OpError| Error::usage(error.message, error.help.unwrap_or_default());
    stored::as_they_are_read(graph).map_err(usage)?;
    let loss = options.loss.add(graph, prediction).map_err(usage)?;
    let parameters: Vec<_> = (0..graph.states().len())
        .filter(|i| graph.states()[*i].trained)
        .collect();
    let values: Vec<_> = parameters.iter().map(|index| graph.states()[*index].value).collect();
    let gradients = differentiate(graph, loss, &values)?;
    let without = parameters
        .iter()
        .zip(&gradients)
        .filter(|(_, gradient)| gradient.is_none());
    let without: Vec<_> = without
        .map(|(index, _)| format!("`{}`", graph.states()[*index].name.escape_debug()))
        .collect();
    if !without.is_empty() {
        return Err(Error::usage(
            format!("the loss does not depend on {}", without.join(", ")),
            "train layers that the output is computed from, through operators that have slopes",
        ));
    }
    let rate = graph.add_input(unique_input(graph, LEARNING_RATE), TensorType::new(DType::F32, []));
    let mut pairs: Vec<_> = parameters.into_iter().zip(gradients.into_iter().flatten()).collect();
    if options.accumulate {
        training.count = Some(sums::mean(graph, &mut pairs).map_err(usage)?);
    }
    options.optimizer.add(graph, &pairs, rate).map_err(usage)?;
    graph.add_output("loss", loss);
    graph.set_training(training);
    Ok(())
}

/// The name, or one like it that no input has.
fn unique_input(graph: &Graph, name: &str) -> String {
    let taken = |name: &str| graph.inputs().iter().any(|input| graph.value(*input).name == name);
    let mut found = name.to_owned();
    while taken(&found) {
        found.push('_');
    }
    found
}
