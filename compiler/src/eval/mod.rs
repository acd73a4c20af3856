//! How good a model is on samples, and how close a quantised model comes to the float model that it was made of.

mod classes;
mod noise;
mod table;
mod test_set;

pub use classes::Classes;
pub use noise::Noise;
pub use table::Table;
pub use test_set::TestSet;

use crate::Error;
use crate::exec::Executor;
use crate::harness::{HarnessError, Runner};
use crate::ir::Tensor;
use crate::program::Port;
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

impl Engine<'_> {
    fn run(&mut self, batch: &[Vec<Tensor>]) -> Result<Vec<Vec<Tensor>>, HarnessError> {
        match self {
            Self::Executor(executor) => Ok(batch.iter().map(|inputs| executor.run(inputs)).collect()),
            Self::Emitted(runner) => runner.run(batch),
        }
    }
}

/// A model to evaluate.
pub struct Contender<'a> {
    /// What it is, for people.
    pub name: String,
    /// What runs it.
    pub engine: Engine<'a>,
    /// The contender before this one whose outputs should be the same, bit for bit.
    pub like: Option<usize>,
}

/// How a contender did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// Its name.
    pub model: String,
    /// Samples classified as they are labelled; `None` without labels.
    pub correct: Option<usize>,
    /// Samples classified as by the first contender; `None` for that, and where the output tells no classes.
    pub agrees: Option<usize>,
    /// Runs whose outputs are those of the contender that it should be [like](Contender::like), bit for bit.
    pub identical: Option<usize>,
    /// Runs with NaN or an infinity in an output.
    pub not_finite: usize,
    /// Each output against that of the first contender, with its name; empty for that.
    pub sqnr: Vec<(String, Noise)>,
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

/// Runs all contenders on all samples, reading these once and keeping few of them at a time. The first contender is the one
/// that others are compared with.
///
/// # Errors
/// A sample that cannot be read, or emitted code that fails.
///
/// # Panics
/// If contenders do not take the samples' tensors.
pub fn evaluate(question: &Question<'_>, contenders: &mut [Contender<'_>]) -> Result<Evaluation, EvalError> {
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
            .map(|c| c.engine.run(&batch))
            .collect::<Result<Vec<_>, _>>()?;
        for (i, (score, contender)) in scores.iter_mut().zip(&*contenders).enumerate() {
            for (run, got) in results[i].iter().enumerate() {
                let alike = contender.like.map(|like| &results[like][run]);
                score.add(question, done + run, (&results[0][run], alike, got));
            }
        }
        done += batch.len();
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

impl Score {
    fn new(index: usize, contender: &Contender<'_>, question: &Question<'_>) -> Self {
        let others = question.outputs.iter().filter(|_| index > 0);
        Self {
            model: contender.name.clone(),
            correct: question.set.labels.as_ref().map(|_| 0),
            agrees: question.classes.filter(|_| index > 0).map(|_| 0),
            identical: contender.like.map(|_| 0),
            not_finite: 0,
            sqnr: others.map(|port| (port.name.clone(), Noise::default())).collect(),
        }
    }

    /// Takes in run number `run`: what the first contender gave, the one that this should be like, and this.
    fn add(
        &mut self,
        question: &Question<'_>,
        run: usize,
        (first, alike, got): (&[Tensor], Option<&Vec<Tensor>>, &[Tensor]),
    ) {
        for ((_, noise), (wanted, got)) in self.sqnr.iter_mut().zip(first.iter().zip(got)) {
            noise.add_tensor(wanted, got);
        }
        let finite = |t: &Tensor| !t.dtype.is_float() || t.to_f64().iter().all(|v| v.is_finite());
        self.not_finite += usize::from(!got.iter().all(finite));
        if let (Some(identical), Some(alike)) = (&mut self.identical, alike) {
            *identical += usize::from(alike == got);
        }
        let Some(classes) = question.classes else { return };
        let best = classes.best(&got[question.output]);
        let equal = |others: &[usize]| best.iter().zip(others).filter(|(a, b)| a == b).count();
        if let Some(agrees) = &mut self.agrees {
            *agrees += equal(&classes.best(&first[question.output]));
        }
        if let (Some(correct), Some(labels)) = (&mut self.correct, &question.set.labels) {
            *correct += equal(&labels.classes()[run * classes.rows..]);
        }
    }
}
