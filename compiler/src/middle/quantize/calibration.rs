use super::{Goal, MaxLoss, QuantizeOptions, Quantized, StartProgress, quantize};
use crate::Error;
use crate::data::TestSet;
use crate::data::samples::Samples;
use crate::ir::program::{BufferId, Port, View};
use crate::ir::{Graph, Tensor, ValueId};

/// The samples that a graph is to be quantised with.
#[derive(Debug)]
pub struct Calibration<'a> {
    options: &'a QuantizeOptions,
    samples: Samples,
    bound: Option<(MaxLoss, TestSet)>,
    outputs: Vec<Port>,
}

/// Samples from the first.
type Opened<'a> = Result<Box<dyn Iterator<Item = Result<Vec<Tensor>, Error>> + 'a>, Error>;

impl<'a> Calibration<'a> {
    /// Finds the samples that `options` name for the inputs of `graph`.
    ///
    /// # Errors
    /// Samples or labels that are missing or do not fit.
    pub fn open(options: &'a QuantizeOptions, graph: &Graph) -> Result<Self, Error> {
        let (inputs, outputs) = ports(graph);
        let Some(calibrate) = &options.calibrate else {
            return Err(Error::usage(
                "the ranges of a model's values cannot be told without samples",
                "give some hundred typical inputs: --calibrate SAMPLES.npz",
            ));
        };
        let samples = Samples::open(calibrate, &inputs)?;
        let bound = options.max_loss.map(|bound| -> Result<_, Error> {
            let labels = match bound {
                MaxLoss::Decibels(_) => Some("none"),
                MaxLoss::Points(_) => None,
            };
            let data = options.loss_samples.as_deref().unwrap_or(calibrate);
            let set = TestSet::open(data, None, labels, &inputs)?;
            if set.labels.is_none() && labels.is_none() {
                return Err(Error::usage(
                    format!("a loss of {bound} of accuracy cannot be told without labels"),
                    "name samples with labels by --loss-samples FILE.npz, which holds them as `x` and `y`, or bound the \
                     SQNR, such as --max-loss 30dB",
                ));
            }
            set.judge(&outputs, None)?;
            Ok((bound, set))
        });
        Ok(Self {
            options,
            samples,
            bound: bound.transpose()?,
            outputs,
        })
    }

    /// The samples.
    pub fn samples(&self) -> &Samples {
        &self.samples
    }

    /// Quantises the graph, and refuses what is not worth having unless a loss is allowed or its accuracy is bounded.
    ///
    /// # Errors
    /// What [`quantize`] finds, and outputs of which little is left.
    pub fn quantize(&self, graph: &Graph) -> Result<Quantized, Error> {
        let quantized = self.quantized(graph)?;
        let bounded = matches!(self.options.max_loss, Some(MaxLoss::Points(_)));
        if !self.options.allow_loss && !bounded {
            quantized.report.worth_having(self.options)?;
        }
        Ok(quantized)
    }

    fn quantized(&self, graph: &Graph) -> Result<Quantized, Error> {
        let source = || -> Opened<'_> { Ok(Box::new(self.samples.iter())) };
        let mut shown = self.options.progress.as_ref().map(StartProgress::start);
        let total = self.samples.len();
        let mut progress = |what: &str, done: usize, of: usize| {
            if let Some(shown) = &mut shown {
                shown(what, done, if of == 0 { total } else { of });
            }
        };
        let Some((bound, set)) = &self.bound else {
            return quantize(graph, self.options, &source, None, &mut progress);
        };
        let judged = || -> Opened<'_> { Ok(Box::new(set.samples.iter())) };
        let (output, classes) = set.judge(&self.outputs, None)?;
        let labels = set.labels.as_ref().zip(classes);
        let goal = Goal {
            source: &judged,
            labels: labels.map(|(labels, classes)| (output, classes, labels.classes())),
            bound: *bound,
        };
        quantize(graph, self.options, &source, Some(&goal), &mut progress)
    }
}

/// What a program of this graph takes and gives. Where it is in memory is not known yet, and samples do not need it.
fn ports(graph: &Graph) -> (Vec<Port>, Vec<Port>) {
    let port = |name: &str, value: ValueId, channels_last: bool| {
        let ty = graph.ty(value).clone();
        let (buffer, offset, len) = (BufferId(0), 0, ty.len());
        Port {
            name: name.to_owned(),
            ty,
            view: View { buffer, offset, len },
            channels_last,
        }
    };
    let inputs = graph.inputs().iter().enumerate();
    let input = |(i, value): (usize, &ValueId)| {
        let channels_last = graph.channels_last_inputs.contains(&i);
        port(&graph.value(*value).name, *value, channels_last)
    };
    let outputs = graph.outputs().iter().map(|(name, value)| port(name, *value, false));
    (inputs.map(input).collect(), outputs.collect())
}
