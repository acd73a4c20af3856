use super::{Contender, Noise, Question};
use crate::ir::Tensor;
use serde::Serialize;

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

impl Score {
    /// Nothing yet, of contender number `index`.
    pub(super) fn new(index: usize, contender: &Contender<'_>, question: &Question<'_>) -> Self {
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

    /// Takes in whether a run gave the same as that of the contender that this should be like.
    pub(super) fn compare(&mut self, like: &[Tensor], got: &[Tensor]) {
        if let Some(identical) = &mut self.identical {
            *identical += usize::from(like == got);
        }
    }

    /// Takes in run number `run`: what the first contender gave, and this, as numbers.
    pub(super) fn add(&mut self, question: &Question<'_>, run: usize, first: &[Vec<f64>], got: &[Vec<f64>]) {
        for ((_, noise), (wanted, got)) in self.sqnr.iter_mut().zip(first.iter().zip(got)) {
            noise.add(wanted, got);
        }
        let finite = got.iter().flatten().all(|v| v.is_finite());
        self.not_finite += usize::from(!finite);
        let Some(classes) = question.classes else { return };
        let best = classes.best_of(&got[question.output]);
        let equal = |others: &[usize]| best.iter().zip(others).filter(|(a, b)| a == b).count();
        if let Some(agrees) = &mut self.agrees {
            *agrees += equal(&classes.best_of(&first[question.output]));
        }
        if let (Some(correct), Some(labels)) = (&mut self.correct, &question.set.labels) {
            *correct += equal(&labels.classes()[run * classes.rows..]);
        }
    }
}
