//! Means and products of what a layer reads, over samples.

use crate::Error;
use crate::data::samples::Samples;
use crate::ir::{Graph, Tensor};
use crate::middle::quantize::{Layer, Patches, Watch};

/// Multiplications that the rows of one sample may take: beyond them, evenly spaced rows stand for all.
const WORK: usize = 1 << 26;
/// Rows of a sample that are taken at most, if there are enough samples.
const ROWS: usize = 256;

/// Sums over rows `x` of what a layer reads, and over the rows `y` of what the same layer of another graph reads.
#[derive(Clone, Debug)]
pub(super) struct Moments {
    /// Elements of a row.
    pub(super) len: usize,
    /// Rows.
    pub(super) count: usize,
    x: Vec<f64>,
    y: Vec<f64>,
    xx: Vec<f64>,
    yx: Vec<f64>,
}

impl Moments {
    fn new(len: usize, pairs: bool) -> Self {
        let others = if pairs { len } else { 0 };
        Self {
            len,
            count: 0,
            x: vec![0.0; len],
            y: vec![0.0; others],
            xx: vec![0.0; len * len],
            yx: vec![0.0; others * len],
        }
    }

    fn add(&mut self, x: &[f64], y: Option<&[f64]>) {
        self.count += 1;
        add_scaled(&mut self.x, 1.0, x);
        for (factor, row) in x.iter().zip(self.xx.chunks_exact_mut(self.len)) {
            add_scaled(row, *factor, x);
        }
        let Some(y) = y else { return };
        add_scaled(&mut self.y, 1.0, y);
        for (factor, row) in y.iter().zip(self.yx.chunks_exact_mut(self.len)) {
            add_scaled(row, *factor, x);
        }
    }

    /// Whether all products are finite.
    pub(super) fn is_finite(&self) -> bool {
        self.xx.iter().all(|sum| sum.is_finite())
    }

    /// Means of the elements of `x`.
    pub(super) fn means(&self) -> Vec<f64> {
        self.x.iter().map(|sum| sum / self.count.max(1) as f64).collect()
    }

    /// Means of the elements of `y`.
    pub(super) fn other_means(&self) -> Vec<f64> {
        self.y.iter().map(|sum| sum / self.count.max(1) as f64).collect()
    }

    /// Covariances of the elements of `x`.
    pub(super) fn covariances(&self) -> Vec<f64> {
        centred(&self.xx, &self.means(), &self.means(), self.count)
    }

    /// Covariances of each element of `y` with those of `x`.
    pub(super) fn cross_covariances(&self) -> Vec<f64> {
        centred(&self.yx, &self.other_means(), &self.means(), self.count)
    }
}

fn add_scaled(to: &mut [f64], factor: f64, from: &[f64]) {
    if factor != 0.0 {
        to.iter_mut().zip(from).for_each(|(to, from)| *to += factor * from);
    }
}

fn centred(products: &[f64], rows: &[f64], columns: &[f64], count: usize) -> Vec<f64> {
    let count = count.max(1) as f64;
    let row = |(row, mean): (&[f64], &f64)| {
        let centred = row.iter().zip(columns).map(|(sum, other)| sum / count - mean * other);
        centred.collect::<Vec<_>>()
    };
    let rows = products.chunks_exact(columns.len().max(1)).zip(rows);
    rows.flat_map(row).collect()
}

/// The moments of each of these layers of a graph, which have one group of channels each.
///
/// # Errors
/// A sample that cannot be read, and a graph that takes too much to be run.
pub(super) fn of_layers(
    graph: &Graph,
    layers: &[(&Layer, &Patches)],
    samples: &Samples,
) -> Result<Vec<Moments>, Error> {
    let mut moments: Vec<_> = layers
        .iter()
        .map(|(_, patches)| Moments::new(patches.len, false))
        .collect();
    let values: Vec<_> = layers.iter().map(|(layer, _)| layer.x).collect();
    let mut row = vec![];
    Watch::new(graph, &values)?.run(samples, &mut |i, value| {
        let (patches, values) = (layers[i].1, value.to_f32().unwrap_or_default());
        for number in rows(patches, value, samples.len(), moments[i].count) {
            patches.read(&values, 0, number, &mut row);
            moments[i].add(&row, None);
        }
        Ok(())
    })?;
    Ok(moments)
}

/// One layer in two graphs: `x` is what it reads in the first, `y` what it reads in the second.
///
/// # Errors
/// As [`of_layers`].
pub(super) fn of_pair(
    [graph, other]: [&Graph; 2],
    [layer, other_layer]: [&Layer; 2],
    patches: &Patches,
    samples: &Samples,
) -> Result<Moments, Error> {
    let mut moments = Moments::new(patches.len, true);
    let (watch, other) = (Watch::new(graph, &[layer.x])?, Watch::new(other, &[other_layer.x])?);
    let (mut watching, mut other) = (watch.start(), other.start());
    let (mut x_row, mut y_row) = (vec![], vec![]);
    for sample in samples {
        let sample = sample?;
        let (x, y) = (&watching.run(&sample).1[0], &other.run(&sample).1[0]);
        let (x_values, y_values) = (x.to_f32().unwrap_or_default(), y.to_f32().unwrap_or_default());
        for number in rows(patches, x, samples.len(), moments.count) {
            patches.read(&x_values, 0, number, &mut x_row);
            patches.read(&y_values, 0, number, &mut y_row);
            moments.add(&x_row, Some(&y_row));
        }
    }
    Ok(moments)
}

/// The rows of a sample that are looked at: evenly spaced, others in each sample.
fn rows(patches: &Patches, value: &Tensor, samples: usize, seen: usize) -> impl Iterator<Item = usize> + use<> {
    let all = patches.rows(value);
    let work = WORK / patches.products().max(1);
    // Few samples have to give more, so that there are more rows than elements.
    let enough = patches.len.saturating_mul(8) / samples.max(1);
    let most = work.min(ROWS.max(enough)).max(1);
    let step = all.div_ceil(most).max(1);
    (seen % step..all).step_by(step)
}
