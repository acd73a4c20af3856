use super::refine::macs;
use super::{Groups, Noise, Source, Watch};
use crate::Error;
use crate::ir::primitives::{DequantizeLinear, QuantizeLinear};
use crate::ir::{Graph, NodeId, Tensor, ValueId};
use serde::Serialize;
use std::collections::{HashMap, HashSet};

/// Most samples that the outputs are compared on.
const SAMPLES: usize = 32;
/// Fewest samples, whatever they take.
const FEWEST: usize = 4;
/// Multiply-accumulates that running both graphs may take.
const WORK: u64 = 20_000_000_000;
/// An output below so many decibels is worth a warning.
pub(super) const GOOD: f64 = 20.0;
/// The share of equal elements that is as good for an output of whole numbers.
pub(super) const GOOD_SHARE: f64 = 0.95;
/// Most tensors that a warning names.
const NAMED: usize = 3;
/// What is lost above these decibels is never what ruins an output.
const CLEAN: f64 = 40.0;

/// An output of the quantised graph against that of the float graph, on samples.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Quality {
    /// The output.
    pub output: String,
    /// Signal and noise.
    pub sqnr: Noise,
    /// The share of equal elements, of an output of whole numbers.
    pub equal: Option<f64>,
}

impl Quality {
    /// Whether it has so many decibels or, if it is of whole numbers, such a share of equal elements.
    pub(super) fn reaches(&self, decibels: f64, share: f64) -> bool {
        self.is_blank() || self.sqnr.decibels() >= decibels || self.equal.is_some_and(|equal| equal >= share)
    }

    /// Whether it is zero on all samples, which says nothing.
    pub(super) fn is_blank(&self) -> bool {
        self.sqnr.signal == 0.0 && self.equal.is_none()
    }

    /// The output and how good it is, in words.
    pub(super) fn text(&self) -> String {
        let name = self.output.escape_debug();
        match self.equal {
            Some(equal) => format!("`{name}` {:.1} % equal", 100.0 * equal),
            None => format!("`{name}` {}", self.sqnr),
        }
    }
}

/// How good the outputs are, and on how many samples.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Checked {
    /// The outputs, in order.
    pub outputs: Vec<Quality>,
    /// Samples that they were compared on.
    pub samples: usize,
    /// The values at which most is lost, where an output is poor.
    pub worst: Vec<String>,
    /// The outputs with activations of 16 bits, where that was tried since one is poor with fewer.
    pub with_16_bits: Option<Vec<Quality>>,
}

impl Checked {
    /// Whether an output is worth a warning.
    pub(super) fn is_poor(&self) -> bool {
        self.outputs.iter().any(|output| !output.reaches(GOOD, GOOD_SHARE))
    }
}

/// Runs the float graph and the quantised one, which takes and gives floats, on the first samples.
///
/// # Errors
/// Samples that cannot be read.
pub(super) fn check(float: &Graph, quantised: &Graph, groups: &Groups, source: &Source<'_>) -> Result<Checked, Error> {
    let work = float.order().into_iter().filter_map(|id| macs(float, id));
    let most = WORK / work.sum::<u64>().max(1);
    let most = usize::try_from(most).unwrap_or(SAMPLES).clamp(FEWEST, SAMPLES);
    let (outputs, _, samples) = compare(float, quantised, &[], source, most)?;
    let named = float.outputs().iter().zip(outputs);
    let outputs: Vec<_> = named
        .map(|((name, value), (sqnr, equal))| Quality {
            output: name.clone(),
            sqnr,
            equal: (!float.ty(*value).dtype.is_float()).then_some(equal),
        })
        .collect();
    let mut checked = Checked {
        outputs,
        samples,
        ..Checked::default()
    };
    if checked.is_poor() {
        checked.worst = worst(float, quantised, groups, source, most)?;
    }
    Ok(checked)
}

/// Noise and the share of equal elements.
type Compared = (Noise, f64);

/// Compares the outputs of two graphs, and pairs of values in them, on `most` samples.
fn compare(
    float: &Graph,
    quantised: &Graph,
    pairs: &[(ValueId, ValueId)],
    source: &Source<'_>,
    most: usize,
) -> Result<(Vec<Compared>, Vec<Compared>, usize), Error> {
    let (a, b): (Vec<_>, Vec<_>) = pairs.iter().copied().unzip();
    let (wanted, got) = (Watch::new(float, &a)?, Watch::new(quantised, &b)?);
    let (mut wanted, mut got) = (wanted.start(), got.start());
    let outputs = float.outputs().len();
    let mut sums = vec![(Noise::default(), 0usize, 0usize); outputs + pairs.len()];
    let mut samples = 0;
    for sample in source()?.take(most) {
        let sample = sample?;
        let ((x, inner_x), (y, inner_y)) = (wanted.run(&sample), got.run(&sample));
        let tensors = x.iter().chain(&inner_x).zip(y.iter().chain(&inner_y));
        for ((noise, equal, all), (wanted, got)) in sums.iter_mut().zip(tensors) {
            add(noise, equal, wanted, got);
            *all += wanted.len();
        }
        samples += 1;
    }
    let share = |(noise, equal, all): (Noise, usize, usize)| (noise, equal as f64 / all.max(1) as f64);
    let mut outputs: Vec<_> = sums.into_iter().map(share).collect();
    let values = outputs.split_off(float.outputs().len());
    Ok((outputs, values, samples))
}

/// Takes in a tensor. What is not finite in floats has no noise if it is not finite in the other graph either.
fn add(noise: &mut Noise, equal: &mut usize, wanted: &Tensor, got: &Tensor) {
    for (wanted, got) in wanted.to_f64().into_iter().zip(got.to_f64()) {
        *equal += usize::from(wanted == got || (wanted.is_nan() && got.is_nan()));
        match (wanted.is_finite(), got.is_finite()) {
            (true, true) => noise.add(&[wanted], &[got]),
            (false, false) => {}
            _ => noise.noise = f64::INFINITY,
        }
    }
}

/// The values at which the ratio of signal to noise falls most, from those that they are made of.
fn worst(
    float: &Graph,
    quantised: &Graph,
    groups: &Groups,
    source: &Source<'_>,
    most: usize,
) -> Result<Vec<String>, Error> {
    let values = float.order().into_iter().flat_map(|id| float.node(id).outputs.clone());
    let shown = values.filter(|v| groups.of.contains_key(v) && float.constant(*v).is_none());
    let pairs: Vec<_> = shown.filter_map(|v| Some((v, integers(quantised, v)?))).collect();
    let (_, noises, _) = compare(float, quantised, &pairs, source, most)?;
    let decibels: HashMap<_, _> = pairs
        .iter()
        .zip(noises)
        .map(|((v, _), (noise, _))| (*v, noise.decibels()))
        .collect();
    let mut falls: Vec<_> = pairs
        .iter()
        .map(|(v, _)| (before(float, &decibels, *v).min(CLEAN) - decibels[v], *v))
        .collect();
    falls.retain(|(fall, v)| *fall > 0.0 && decibels[v] < CLEAN);
    falls.sort_by(|a, b| b.0.total_cmp(&a.0));
    let text = |(_, v): (f64, ValueId)| format!("`{}` ({:.1} dB)", float.value(v).name.escape_debug(), decibels[&v]);
    Ok(falls.into_iter().take(NAMED).map(text).collect())
}

/// What a value of the float graph is in the quantised one, as numbers of its integers.
fn integers(quantised: &Graph, value: ValueId) -> Option<ValueId> {
    if !quantised.contains(quantised.value(value).producer) {
        return None;
    }
    let next = |v: ValueId, fits: fn(&Graph, NodeId) -> bool| {
        let mut users = quantised.users(v).into_iter();
        users
            .find(|(id, _)| fits(quantised, *id))
            .map(|(id, _)| quantised.node(id).outputs[0])
    };
    let q = next(value, |graph, id| graph.node(id).op::<QuantizeLinear>().is_some())?;
    next(q, |graph, id| graph.node(id).op::<DequantizeLinear>().is_some())
}

/// The least decibels of the known values that a value is made of.
fn before(graph: &Graph, known: &HashMap<ValueId, f64>, value: ValueId) -> f64 {
    let mut open: Vec<_> = graph.producer(value).inputs.iter().flatten().copied().collect();
    let (mut seen, mut least) = (HashSet::new(), f64::INFINITY);
    while let Some(v) = open.pop().filter(|_| seen.len() < known.len() * 4 + 16) {
        match known.get(&v) {
            Some(decibels) => least = least.min(*decibels),
            None if seen.insert(v) => open.extend(graph.producer(v).inputs.iter().flatten()),
            None => {}
        }
    }
    least
}
