use super::{Boundary, Contender, Engine, EvalError, Evaluation, Layer, Question, TestSet, evaluate, layers};
use crate::Error;
use crate::compiler::Compiled;
use crate::middle::quantize::{Progress, Quantized};
use crate::tools::harness::Runner;
use serde::Serialize;

/// A model and, if there is one, the quantised model that was made of it, on the same samples: what `edgec eval` does.
pub struct Trial<'a> {
    /// The model as it is, which others are compared with.
    pub float: &'a Compiled,
    /// What it was quantised to, with the name of the integers, such as `int8`.
    pub quantized: Option<(&'a Compiled, String)>,
    /// The emitted code of the last of these, built.
    pub runner: Option<&'a Runner>,
    /// The samples, and their labels.
    pub set: &'a TestSet,
    /// The output that is judged; by default the last.
    pub output: Option<&'a str>,
}

/// All that a trial tells.
#[derive(Clone, Debug, Serialize)]
pub struct Findings {
    /// How each model did.
    #[serde(flatten)]
    pub evaluation: Evaluation,
    /// What quantization loses in each layer, the most first.
    pub layers: Vec<Layer>,
}

impl Trial<'_> {
    /// An error if the samples do not fit the output, before anything takes time.
    ///
    /// # Errors
    /// If there is no such output, or labels that do not fit it.
    pub fn check(&self) -> Result<(), Error> {
        self.set.judge(&self.float.program.outputs, self.output).map(drop)
    }

    /// Runs the models on all samples.
    ///
    /// # Errors
    /// As [`check`](Self::check) and [`evaluate`].
    pub fn evaluate(&self, told: &mut Progress<'_>) -> Result<Evaluation, EvalError> {
        let outputs = &self.float.program.outputs;
        let (output, classes) = self.set.judge(outputs, self.output)?;
        let question = Question {
            set: self.set,
            outputs,
            output,
            classes,
        };
        evaluate(&question, &mut self.contenders(), told)
    }

    /// Compares the layers of the quantised model with those in floats.
    ///
    /// # Errors
    /// A sample that cannot be read.
    pub fn layers(&self) -> Result<Vec<Layer>, Error> {
        match self.quantised_graphs() {
            Some(quantized) => layers(quantized, &self.set.samples),
            None => Ok(vec![]),
        }
    }

    fn quantised_graphs(&self) -> Option<&Quantized> {
        self.quantized.as_ref()?.0.quantized.as_ref()
    }

    fn contenders(&self) -> Vec<Contender<'_>> {
        let boundary = self
            .quantised_graphs()
            .map_or_else(Boundary::default, |q| Boundary::of(&q.graph));
        let name = if self.quantized.is_some() {
            "float, executor"
        } else {
            "executor"
        };
        let mut contenders = vec![executed(name.into(), self.float, Boundary::default())];
        let (mut last, mut prefix) = (self.float, String::new());
        if let Some((compiled, scheme)) = &self.quantized {
            (last, prefix) = (compiled, format!("{scheme}, "));
            contenders.push(executed(format!("{prefix}executor"), compiled, boundary.clone()));
        }
        let like = Some(contenders.len() - 1);
        contenders.extend(self.runner.map(|runner| Contender {
            name: format!("{prefix}emitted code"),
            inputs: &last.program.inputs,
            engine: Engine::Emitted(runner),
            boundary,
            like,
        }));
        contenders
    }
}

/// What the host executor runs.
fn executed(name: String, compiled: &Compiled, boundary: Boundary) -> Contender<'_> {
    Contender {
        name,
        inputs: &compiled.program.inputs,
        engine: Engine::Executor(compiled.executor()),
        boundary,
        like: None,
    }
}
