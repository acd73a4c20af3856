use super::{MaxLoss, Noise, Source, Watch};
use crate::Error;
use crate::data::Classes;
use crate::ir::Graph;

/// Samples that tell what quantization costs, and the most that it may.
pub struct Goal<'a> {
    /// The samples.
    pub source: &'a Source<'a>,
    /// The number of the output that classifies, how it does, and the classes of the samples; for a bound on accuracy.
    pub labels: Option<(usize, Classes, &'a [usize])>,
    /// The bound.
    pub bound: MaxLoss,
}

/// What a quantised graph loses against the float graph.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Loss {
    /// The noise of all outputs.
    pub noise: Noise,
    /// Labelled samples that the float graph classifies as labelled.
    pub float: usize,
    /// Those that the quantised graph does.
    pub quantised: usize,
    /// Labelled samples.
    pub labelled: usize,
}

impl Loss {
    /// Points of accuracy that are lost.
    pub fn points(&self) -> f64 {
        100.0 * (self.float as f64 - self.quantised as f64) / self.labelled.max(1) as f64
    }

    /// Whether it is within a bound.
    pub fn is_within(&self, bound: MaxLoss) -> bool {
        match bound {
            MaxLoss::Decibels(least) => self.noise.decibels() >= least,
            MaxLoss::Points(most) => self.points() <= most,
        }
    }

    /// The loss in the unit of a bound.
    pub fn text(&self, bound: MaxLoss) -> String {
        match bound {
            MaxLoss::Decibels(_) => format!("an SQNR of {:.1} dB", self.noise.decibels()),
            MaxLoss::Points(_) => format!("a loss of {:.2} points of accuracy", self.points()),
        }
    }
}

impl Goal<'_> {
    /// Runs both graphs on the samples.
    ///
    /// # Errors
    /// Samples that cannot be read.
    pub fn measure(&self, float: &Graph, quantised: &Graph) -> Result<Loss, Error> {
        let (float, quantised) = (Watch::new(float, &[])?, Watch::new(quantised, &[])?);
        let (mut float, mut quantised) = (float.start(), quantised.start());
        let mut loss = Loss::default();
        for sample in (self.source)()? {
            let sample = sample?;
            let (wanted, got) = (float.run(&sample).0, quantised.run(&sample).0);
            wanted
                .iter()
                .zip(&got)
                .for_each(|(wanted, got)| loss.noise.add_tensor(wanted, got));
            if let Some((output, classes, labels)) = self.labels {
                let rows = labels.iter().skip(loss.labelled).take(classes.rows);
                let right = |best: Vec<usize>| best.iter().zip(rows.clone()).filter(|(a, b)| a == b).count();
                loss.float += right(classes.best(&wanted[output]));
                loss.quantised += right(classes.best(&got[output]));
                loss.labelled += rows.len();
            }
        }
        Ok(loss)
    }
}
