//! Weights that make up for what is gone, by least squares.

use super::choose::{energy, ridge, with_ridge};
use super::moments::Moments;
use super::site::Site;
use super::symmetric::{cholesky, dot, part, solve};

/// How often all weights that are left are fitted one after the other, where others of their channel are zero.
const SWEEPS: usize = 12;

/// New weights of a layer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Fit {
    /// Those of each output channel in the order of a row.
    pub(super) weights: Vec<f64>,
    /// What is added to the bias.
    pub(super) bias: Vec<f64>,
    /// The variance of the difference of the sums, over all channels.
    pub(super) error: f64,
}

/// Fits the weights of a layer at the elements that are `kept`, so that its sums over `x` of `moments` are closest to
/// those that its own weights give over `y`; then makes a share of all of its weights zero. Weights that are zero in
/// the file stay zero: an earlier pruning may have made them so. `start` are weights to stay close to where the rows do
/// not tell. `None` if the samples are not finite.
pub(super) fn fit(site: &Site, start: &[f64], kept: &[usize], moments: &Moments, sparsity: f64) -> Option<Fit> {
    let n = moments.len;
    let (covariances, cross) = (moments.covariances(), moments.cross_covariances());
    let matrix = with_ridge(&covariances, n, ridge(moments));
    let small = part(&matrix, n, kept);
    let lower = cholesky(&small, kept.len())?;
    let mut weights = start.to_vec();
    let mut wanted = vec![0.0; n];
    let mut wanted_of_fit = 0.0;
    let mut rest = vec![0.0; kept.len()];
    for (own, weights) in site.weights.chunks_exact(n).zip(weights.chunks_exact_mut(n)) {
        products(&cross, own, &mut wanted);
        for (rest, place) in rest.iter_mut().zip(kept) {
            *rest = wanted[*place] - dot(&covariances[place * n..][..n], weights);
        }
        solve(&lower, kept.len(), &mut rest);
        kept.iter()
            .zip(&rest)
            .for_each(|(place, change)| weights[*place] += change);
    }
    let rows = site.weights.chunks_exact(n).zip(weights.chunks_exact_mut(n));
    for (own, weights) in rows {
        if kept.iter().any(|place| own[*place] == 0.0) {
            let mut zero = vec![true; n];
            kept.iter().for_each(|place| zero[*place] = own[*place] == 0.0);
            without(weights, &zero, &matrix, n);
        }
    }
    if sparsity > 0.0 {
        let zero = smallest(&weights, &covariances, n, sparsity);
        for (weights, zero) in weights.chunks_exact_mut(n).zip(zero.chunks_exact(n)) {
            without(weights, zero, &matrix, n);
        }
    }
    for (own, weights) in site.weights.chunks_exact(n).zip(weights.chunks_exact(n)) {
        products(&cross, own, &mut wanted);
        wanted_of_fit += dot(&wanted, weights);
    }
    let (means, other) = (moments.means(), moments.other_means());
    let rows = site.weights.chunks_exact(n).zip(weights.chunks_exact(n));
    Some(Fit {
        bias: rows.map(|(own, new)| dot(own, &other) - dot(new, &means)).collect(),
        error: energy(&covariances, &weights, n) - 2.0 * wanted_of_fit,
        weights,
    })
}

/// The sum of the rows of a matrix, each times its factor.
fn products(rows: &[f64], factors: &[f64], sums: &mut [f64]) {
    sums.fill(0.0);
    for (factor, row) in factors.iter().zip(rows.chunks_exact(sums.len().max(1))) {
        if *factor != 0.0 {
            sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += factor * value);
        }
    }
}

/// The weights of a layer that matter least: their magnitudes times the deviation of what they multiply.
pub(super) fn smallest(weights: &[f64], covariances: &[f64], n: usize, share: f64) -> Vec<bool> {
    let deviation = |place: usize| covariances[place * n + place].max(0.0).sqrt();
    let deviations: Vec<f64> = (0..n).map(deviation).collect();
    let size = |place: usize| weights[place].abs() * deviations[place % n];
    let mut places: Vec<usize> = (0..weights.len()).collect();
    // Weights that are zero already count.
    places.sort_by(|a, b| {
        size(*a)
            .total_cmp(&size(*b))
            .then(weights[*a].abs().total_cmp(&weights[*b].abs()))
    });
    let count = (weights.len() as f64 * share) as usize;
    let mut zero: Vec<bool> = weights.iter().map(|weight| *weight == 0.0).collect();
    places.iter().take(count).for_each(|place| zero[*place] = true);
    zero
}

/// Makes weights of a channel zero, and fits the others to the sums that it had.
fn without(weights: &mut [f64], zero: &[bool], matrix: &[f64], n: usize) {
    // What the gradient of the squared difference is, as weights change.
    let mut slope = vec![0.0; n];
    let mut change = |place: usize, by: f64, slope: &mut [f64]| {
        weights[place] += by;
        let row = &matrix[place * n..][..n];
        slope
            .iter_mut()
            .zip(row)
            .for_each(|(slope, value)| *slope += by * value);
        weights[place]
    };
    for place in (0..n).filter(|place| zero[*place]) {
        let weight = change(place, 0.0, &mut slope);
        change(place, -weight, &mut slope);
    }
    for _ in 0..SWEEPS {
        for place in (0..n).filter(|place| !zero[*place]) {
            let by = -slope[place] / matrix[place * n + place];
            change(place, by, &mut slope);
        }
    }
}
