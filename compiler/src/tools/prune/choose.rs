//! Which channels a model does without.
//!
//! Each channel costs what the sums of the layers that read it change by, after these layers' other weights have been
//! fitted to make up for it: a quadratic form in the inverse of the covariances of what a layer reads, as in the
//! "optimal brain surgeon" of Hassibi and Stork. The cheapest for each multiply-accumulate that is saved goes first;
//! then the inverses and the weights are those without it.

use super::moments::Moments;
use super::site::Site;
use super::symmetric::{cholesky, dot, forward, inverse, part, solve};
use crate::middle::passes::{ChannelGroup, ChannelGroups};
use std::collections::BTreeMap;

/// What a variance is raised by at least, as a share of it.
const LEAST_RIDGE: f64 = 1e-3;

/// How much of the covariances' diagonal is added to it: the more, the fewer rows there are for so many elements.
pub(super) fn ridge(moments: &Moments) -> f64 {
    (moments.len as f64 / moments.count.max(1) as f64).max(LEAST_RIDGE)
}

/// Adds the ridge to covariances; elements that are constant get a little of the others' mean.
pub(super) fn with_ridge(covariances: &[f64], n: usize, ridge: f64) -> Vec<f64> {
    let mut matrix = covariances.to_vec();
    let trace: f64 = (0..n).map(|i| covariances[i * n + i]).sum();
    let floor = 1e-6 * trace / n.max(1) as f64;
    let floor = if floor > 0.0 { floor } else { 1.0 };
    for i in 0..n {
        matrix[i * n + i] += ridge * covariances[i * n + i].max(0.0) + floor;
    }
    matrix
}

/// A layer as more and more of its inputs go.
pub(super) struct Reader {
    n: usize,
    taps: usize,
    inverse: Vec<f64>,
    weights: Vec<f64>,
    /// Variance of the sums, over all channels.
    energy: f64,
}

impl Reader {
    /// The layer with all of its inputs; `None` if the samples are not finite.
    pub(super) fn of(site: &Site, moments: &Moments) -> Option<Self> {
        let (n, covariances) = (moments.len, moments.covariances());
        Some(Self {
            n,
            taps: n / site.inputs.max(1),
            inverse: inverse(&with_ridge(&covariances, n, ridge(moments)), n)?,
            energy: energy(&covariances, &site.weights, n),
            weights: site.weights.clone(),
        })
    }

    fn elements(&self, channels: &[usize]) -> Vec<usize> {
        let taps = |channel: &usize| channel * self.taps..(channel + 1) * self.taps;
        channels.iter().flat_map(taps).collect()
    }

    /// How much of the variance of the sums is lost without these channels.
    fn cost(&self, channels: &[usize]) -> f64 {
        let places = self.elements(channels);
        let r = places.len();
        let Some(lower) = cholesky(&part(&self.inverse, self.n, &places), r) else {
            return f64::INFINITY;
        };
        let mut cost = 0.0;
        let mut row = vec![0.0; r];
        for weights in self.weights.chunks_exact(self.n.max(1)) {
            row.iter_mut()
                .zip(&places)
                .for_each(|(to, place)| *to = weights[*place]);
            forward(&lower, r, &mut row);
            cost += dot(&row, &row);
        }
        if cost == 0.0 { 0.0 } else { cost / self.energy }
    }

    /// Fits the weights to do without these channels.
    fn remove(&mut self, channels: &[usize]) {
        let (n, places) = (self.n, self.elements(channels));
        let r = places.len();
        let Some(lower) = cholesky(&part(&self.inverse, n, &places), r) else {
            return;
        };
        let rows: Vec<f64> = places
            .iter()
            .flat_map(|place| self.inverse[place * n..][..n].to_vec())
            .collect();
        let mut factors = vec![0.0; r];
        let take = |target: &mut [f64], factors: &mut [f64]| {
            factors
                .iter_mut()
                .zip(&places)
                .for_each(|(to, place)| *to = target[*place]);
            solve(&lower, r, factors);
            for (factor, row) in factors.iter().zip(rows.chunks_exact(n)) {
                target.iter_mut().zip(row).for_each(|(to, from)| *to -= factor * from);
            }
            places.iter().for_each(|place| target[*place] = 0.0);
        };
        self.weights.chunks_exact_mut(n).for_each(|row| take(row, &mut factors));
        self.inverse.chunks_exact_mut(n).for_each(|row| take(row, &mut factors));
        for place in &places {
            self.inverse[place * n..][..n].fill(0.0);
            // So that the matrix stays positive definite.
            self.inverse[place * n + place] = 1.0;
        }
    }

    /// The fitted weights.
    pub(super) fn weights(&self) -> &[f64] {
        &self.weights
    }
}

/// The variance of sums with these weights, over all channels.
pub(super) fn energy(covariances: &[f64], weights: &[f64], n: usize) -> f64 {
    let of = |weights: &[f64]| {
        let products = covariances.chunks_exact(n.max(1)).map(|row| dot(row, weights));
        products
            .zip(weights)
            .map(|(product, weight)| product * weight)
            .sum::<f64>()
    };
    weights.chunks_exact(n.max(1)).map(of).sum()
}

/// What was chosen.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Choice {
    /// Of each group, whether it goes.
    pub(super) removed: Vec<bool>,
    /// Multiply-accumulates of the layers without what is dead anyway, and without what goes.
    pub(super) macs: [f64; 2],
}

/// Chooses groups until `share` of the multiply-accumulates is gone, or none is left that may go. `readers` are the
/// layers by number, where they are known.
pub(super) fn choose(groups: &ChannelGroups, readers: &mut [Option<Reader>], share: f64) -> Choice {
    let mut sizes: Vec<[usize; 2]> = groups
        .layers
        .iter()
        .map(|layer| [layer.inputs, layer.outputs])
        .collect();
    let mut spare = groups.spare.clone();
    let mut removed = vec![false; groups.groups.len()];
    let known = |group: &ChannelGroup| group.inputs.iter().all(|(layer, _)| readers[*layer].is_some());
    let open: Vec<bool> = groups.groups.iter().map(known).collect();
    for (group, removed) in groups.groups.iter().zip(&mut removed).filter(|(group, _)| group.dead) {
        take(group, &mut sizes, &mut spare);
        remove(group, readers);
        *removed = true;
    }
    let total = |sizes: &[[usize; 2]]| {
        (0..sizes.len())
            .map(|layer| macs(groups, layer, sizes[layer]))
            .sum::<f64>()
    };
    let before = total(&sizes);
    let mut costs: Vec<f64> = groups.groups.iter().map(|group| cost(group, readers)).collect();
    loop {
        let now = total(&sizes);
        let candidates = (0..removed.len()).filter(|i| open[*i] && !removed[*i] && costs[*i].is_finite());
        let fits = |i: &usize| {
            groups.groups[*i]
                .values
                .iter()
                .all(|(value, count)| spare[*value] >= *count)
        };
        let rated = candidates
            .filter(fits)
            .map(|i| (costs[i] / saved(groups, &groups.groups[i], &sizes), i));
        let best = rated
            .filter(|(rate, _)| rate.is_finite())
            .min_by(|a, b| a.0.total_cmp(&b.0));
        let Some((_, best)) = best.filter(|_| before - now < share * before) else {
            return Choice {
                removed,
                macs: [before, now],
            };
        };
        let group = &groups.groups[best];
        take(group, &mut sizes, &mut spare);
        remove(group, readers);
        removed[best] = true;
        let changed: Vec<usize> = group.inputs.iter().map(|(layer, _)| *layer).collect();
        for (other, cost_of) in groups.groups.iter().zip(&mut costs) {
            if other.inputs.iter().any(|(layer, _)| changed.contains(layer)) {
                *cost_of = cost(other, readers);
            }
        }
    }
}

/// The channels of a group by the layer that reads them.
pub(super) fn by_layer(group: &ChannelGroup) -> impl Iterator<Item = (usize, Vec<usize>)> {
    let same = |a: &(usize, usize), b: &(usize, usize)| a.0 == b.0;
    let runs = group.inputs.chunk_by(same);
    runs.map(|run| (run[0].0, run.iter().map(|(_, channel)| *channel).collect()))
}

fn cost(group: &ChannelGroup, readers: &[Option<Reader>]) -> f64 {
    let of =
        |(layer, channels): (usize, Vec<usize>)| readers[layer].as_ref().map_or(f64::INFINITY, |r| r.cost(&channels));
    by_layer(group).map(of).sum()
}

fn remove(group: &ChannelGroup, readers: &mut [Option<Reader>]) {
    for (layer, channels) in by_layer(group) {
        if let Some(reader) = &mut readers[layer] {
            reader.remove(&channels);
        }
    }
}

fn take(group: &ChannelGroup, sizes: &mut [[usize; 2]], spare: &mut [usize]) {
    group.inputs.iter().for_each(|(layer, _)| sizes[*layer][0] -= 1);
    group.outputs.iter().for_each(|(layer, _)| sizes[*layer][1] -= 1);
    for (value, count) in &group.values {
        spare[*value] = spare[*value].saturating_sub(*count);
    }
}

/// Multiply-accumulates of a layer with so many input and output channels.
fn macs(groups: &ChannelGroups, layer: usize, [inputs, outputs]: [usize; 2]) -> f64 {
    let layer = &groups.layers[layer];
    let share = |left: usize, all: usize| left as f64 / all.max(1) as f64;
    let inputs = if layer.depthwise {
        1.0
    } else {
        share(inputs, layer.inputs)
    };
    layer.macs as f64 * inputs * share(outputs, layer.outputs)
}

/// Multiply-accumulates that go with a group.
fn saved(groups: &ChannelGroups, group: &ChannelGroup, sizes: &[[usize; 2]]) -> f64 {
    let mut after: BTreeMap<usize, [usize; 2]> = BTreeMap::new();
    for (axis, channels) in [&group.inputs, &group.outputs].into_iter().enumerate() {
        for (layer, _) in channels {
            after.entry(*layer).or_insert(sizes[*layer])[axis] -= 1;
        }
    }
    let saved = |(layer, after): (usize, [usize; 2])| macs(groups, layer, sizes[layer]) - macs(groups, layer, after);
    after.into_iter().map(saved).sum()
}
