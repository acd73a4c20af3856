use super::{Patches, Source, Watch};
use crate::Error;
use crate::ir::{Graph, Tensor, ValueId};

/// Multiply-accumulates for the correlations of one layer.
const CORRELATION_WORK: usize = 4_000_000_000;

/// What is to be known of the rows that a layer reads.
#[derive(Debug)]
pub(super) struct Rows {
    /// The rows.
    pub(super) patches: Patches,
    /// Whether products of their elements are wanted.
    pub(super) correlate: bool,
}

impl Rows {
    /// Products of elements that are kept.
    pub(super) fn products(&self) -> usize {
        if self.correlate { self.patches.products() } else { 0 }
    }
}

/// What a layer reads in the quantised graph, over all samples.
pub(super) struct Statistics {
    /// Mean of each element of the rows, by group.
    pub(super) mean: Vec<Vec<f64>>,
    /// Mean products of the elements of a row minus those of their means, by group; empty if they were not asked for.
    pub(super) covariance: Vec<Vec<f64>>,
    /// How many rows there were, and how many of them were correlated.
    rows: usize,
    correlated: usize,
}

/// Statistics of the rows that values of `graph` give, over the first `samples` samples.
pub(super) fn statistics(
    graph: &Graph,
    wanted: &[(ValueId, &Rows)],
    source: &Source<'_>,
    samples: usize,
) -> Result<Vec<Statistics>, Error> {
    if wanted.is_empty() {
        return Ok(vec![]);
    }
    let values: Vec<_> = wanted.iter().map(|(value, _)| *value).collect();
    let watch = Watch::new(graph, &values)?;
    let mut all: Vec<_> = wanted.iter().map(|(_, rows)| Statistics::new(rows)).collect();
    let total = source()?.take(samples).count();
    let mut row = vec![];
    watch.run(source()?.take(samples), &mut |i, x: &Tensor| {
        all[i].add(wanted[i].1, x, total, &mut row);
        Ok(())
    })?;
    all.iter_mut().for_each(Statistics::finish);
    Ok(all)
}

impl Statistics {
    fn new(rows: &Rows) -> Self {
        let (len, groups) = (rows.patches.len, rows.patches.groups);
        Self {
            mean: vec![vec![0.0; len]; groups],
            covariance: vec![vec![0.0; len * len]; if rows.correlate { groups } else { 0 }],
            rows: 0,
            correlated: 0,
        }
    }

    /// Adds the rows of a sample, one of `total`.
    fn add(&mut self, rows: &Rows, x: &Tensor, total: usize, row: &mut Vec<f64>) {
        let Rows { patches, correlate } = rows;
        let len = patches.len;
        let most = (CORRELATION_WORK / patches.products().max(1)).max(len);
        let of_x = patches.rows(x);
        let step = (of_x * total).div_ceil(most).max(1);
        let values = x.to_f32().unwrap_or_default();
        for index in 0..of_x {
            // A different part of each sample.
            let chosen = *correlate && (self.rows + index).is_multiple_of(step);
            for group in 0..patches.groups {
                patches.read(&values, group, index, row);
                self.mean[group].iter_mut().zip(&*row).for_each(|(sum, v)| *sum += v);
                if chosen {
                    add_products(&mut self.covariance[group], row);
                }
            }
            self.correlated += usize::from(chosen);
        }
        self.rows += of_x;
    }

    /// Makes means of the sums.
    fn finish(&mut self) {
        let (rows, correlated) = (self.rows.max(1) as f64, self.correlated.max(1) as f64);
        self.mean.iter_mut().flatten().for_each(|sum| *sum /= rows);
        for (products, mean) in self.covariance.iter_mut().zip(&self.mean) {
            for (line, a) in products.chunks_mut(mean.len().max(1)).zip(mean) {
                let line = line.iter_mut().zip(mean);
                line.for_each(|(product, b)| *product = *product / correlated - a * b);
            }
        }
    }
}

/// Adds the products of the elements of a row.
fn add_products(products: &mut [f64], row: &[f64]) {
    for (line, a) in products.chunks_mut(row.len().max(1)).zip(row) {
        if *a != 0.0 {
            line.iter_mut().zip(row).for_each(|(sum, b)| *sum += a * b);
        }
    }
}
