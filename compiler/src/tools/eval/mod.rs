//! How good a model is on samples, and how close a quantised model comes to the float model that it was made of.

mod layer_table;
mod score;
mod table;
mod trial;

pub use crate::data::{Classes, TestSet};
pub use crate::middle::compare::{Boundary, Layer, layers};
pub use crate::middle::quantize::Noise;
pub use layer_table::LayerTable;
pub use score::Score;
pub use table::Table;
pub use trial::{Findings, Trial};

use crate::Error;
use crate::back::exec::Executor;
use crate::ir::Tensor;
use crate::ir::program::Port;
use crate::middle::quantize::Progress;
use crate::tools::harness::{HarnessError, Runner};
use miette::Diagnostic;
use serde::Serialize;

/// Why samples could not be run.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum EvalError {
    /// A sample cannot be read.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Samples(#[from] Error),
    /// Emitted code does not run.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Run(#[from] HarnessError),
}

/// Something that runs a model.
pub enum Engine<'a> {
    /// The host executor.
    Executor(Executor<'a>),
    /// Emitted code in a process of its own.
    Emitted(&'a Runner),
}

/// A model to evaluate.
pub struct Contender<'a> {
    /// What it is, for people.
    pub name: String,
    /// The inputs that it takes.
    pub inputs: &'a [Port],
    /// What runs it.
    pub engine: Engine<'a>,
    /// What it takes and gives, if that differs from the first contender.
    pub boundary: Boundary,
    /// The contender before this one whose outputs should be the same, bit for bit.
    pub like: Option<usize>,
}

impl Contender<'_> {
    fn run(&mut self, batch: &[Vec<Tensor>]) -> Result<Vec<Vec<Tensor>>, HarnessError> {
        let sample = |sample: &Vec<Tensor>| {
            let tensors = self.boundary.inputs(sample).into_iter().zip(self.inputs);
            tensors.map(|(tensor, port)| port.from_model(tensor)).collect()
        };
        let inputs: Vec<Vec<Tensor>> = batch.iter().map(sample).collect();
        match &mut self.engine {
            Engine::Executor(executor) => Ok(inputs.iter().map(|inputs| executor.run(inputs)).collect()),
            Engine::Emitted(runner) => runner.run(&inputs),
        }
    }

    fn numbers(&self, outputs: &[Tensor]) -> Vec<Vec<f64>> {
        let outputs = outputs.iter().enumerate();
        outputs.map(|(i, output)| self.boundary.numbers(i, output)).collect()
    }
}

/// How all contenders did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// Runs of the model.
    pub runs: usize,
    /// Samples: runs times the batch of the model.
    pub samples: usize,
    /// The output that tells classes.
    pub output: String,
    /// Classes that it tells; `None` if it tells none.
    pub classes: Option<usize>,
    /// One score a contender, in order.
    pub scores: Vec<Score>,
}

/// What samples are judged by.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The samples, and their labels.
    pub set: &'a TestSet,
    /// The outputs of all contenders.
    pub outputs: &'a [Port],
    /// The output that is judged, from [`TestSet::judge`].
    pub output: usize,
    /// What it tells, from there too.
    pub classes: Option<Classes>,
}

/// Bytes of inputs that are run together, to bound memory and the number of processes.
const BATCH: usize = 4 << 20;

/// Runs all contenders on all samples, reading these once and keeping few of them at a time. The first contender is the
/// one that others are compared with. `told` is how many samples have been run.
///
/// # Errors
/// A sample that cannot be read, or emitted code that fails.
///
/// # Panics
/// If contenders do not take the samples' tensors.
pub fn evaluate(
    question: &Question<'_>,
    contenders: &mut [Contender<'_>],
    told: &mut Progress<'_>,
) -> Result<Evaluation, EvalError> {
    let Question { set, outputs, .. } = *question;
    let mut scores: Vec<_> = contenders
        .iter()
        .enumerate()
        .map(|(i, c)| Score::new(i, c, question))
        .collect();
    let mut done = 0;
    let mut batch: Vec<Vec<Tensor>> = vec![];
    let mut iter = set.samples.iter();
    loop {
        let sample = iter.next().transpose()?;
        let last = sample.is_none();
        batch.extend(sample);
        let bytes: usize = batch.iter().flatten().map(|t| t.bytes.len()).sum();
        if batch.is_empty() {
            break;
        }
        if bytes < BATCH && !last {
            continue;
        }
        let results = contenders
            .iter_mut()
            .map(|c| c.run(&batch))
            .collect::<Result<Vec<_>, _>>()?;
        for (run, first) in results[0].iter().enumerate() {
            let first = contenders[0].numbers(first);
            for (i, (score, contender)) in scores.iter_mut().zip(&*contenders).enumerate() {
                let got = &results[i][run];
                if let Some(like) = contender.like {
                    score.compare(&results[like][run], got);
                }
                score.add(question, done + run, &first, &contender.numbers(got));
            }
        }
        done += batch.len();
        told("running samples", done, set.samples.len());
        batch.clear();
    }
    Ok(Evaluation {
        runs: done,
        samples: done * set.samples.rows(),
        output: outputs[question.output].name.clone(),
        classes: question.classes.map(|c| c.count),
        scores,
    })
}
