use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use crate::arch::Arch;
use crate::{Param, Simd};

/// Probabilities of classes from those of each against each other: the end of ONNX `SVMClassifier`.
///
/// The method is the second of Wu, Lin and Weng, "Probability estimates for multi-class classification by pairwise
/// coupling" (2004), with the bounds that LIBSVM and ONNX Runtime have.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct PairwiseCoupling {
    /// Number of classes.
    pub classes: usize,
}

/// The most rounds for a row.
const ROUNDS: usize = 100;
/// Where the rounds end, for one class.
const TOLERANCE: f32 = 0.005;

/// Fills the matrix of the quadratic form whose minimum is looked for; `pairs` has class `i` against each later class
/// `j`, for each `i`.
#[inline(always)]
fn form(classes: usize, pairs: &[f32], q: &mut [f32]) {
    q.fill(0.0);
    let each = (0..classes).flat_map(|i| (i + 1..classes).map(move |j| (i, j)));
    for ((i, j), wins) in each.zip(pairs) {
        let loses = 1.0 - wins;
        let changes = [
            (i * classes + i, loses * loses),
            (j * classes + j, wins * wins),
            (i * classes + j, -loses * wins),
            (j * classes + i, -loses * wins),
        ];
        for (place, change) in changes {
            if let Some(q) = q.get_mut(place) {
                *q += change;
            }
        }
    }
}

/// One round: moves each probability to where the form is least if the others keep their ratios.
#[inline(always)]
fn round(q: &[f32], mut value: f32, slope: &mut [f32], p: &mut [f32]) {
    for (i, row) in rows(q, p.len()).enumerate() {
        let (Some(own), Some(gradient), Some(share)) = (row.get(i), <[f32]>::get(slope, i), p.get_mut(i)) else {
            return;
        };
        let step = (value - gradient) / own;
        *share += step;
        let sum = 1.0 + step;
        value = (value + step * (step * own + 2.0 * gradient)) / sum / sum;
        for ((slope, q), p) in slope.iter_mut().zip(row).zip(p.iter_mut()) {
            *slope = (*slope + step * q) / sum;
            *p /= sum;
        }
    }
}

impl<'a> Body<(&'a [f32], &'a mut [f32], &'a mut [f32])> for PairwiseCoupling {
    #[inline(always)]
    fn body<A: Arch>(self, (pairs, y, scratch): (&'a [f32], &'a mut [f32], &'a mut [f32])) {
        let classes = self.classes;
        let Some((q, slope)) = scratch.split_at_mut_checked(classes.saturating_mul(classes)) else {
            return;
        };
        let count = classes.saturating_mul(classes.saturating_sub(1)) / 2;
        for (pairs, p) in rows(pairs, count).zip(rows_mut(y, classes)) {
            form(classes, pairs, q);
            p.fill(1.0 / classes as f32);
            for _ in 0..ROUNDS {
                let mut value = 0.0;
                for ((slope, row), share) in slope.iter_mut().zip(rows(q, classes)).zip(p.iter()) {
                    *slope = row.iter().zip(p.iter()).map(|(q, p)| q * p).sum();
                    value += share * *slope;
                }
                let error = slope.iter().take(classes).map(|slope| libm::fabsf(slope - value));
                if error.fold(0.0, f32::max) < TOLERANCE / classes as f32 {
                    break;
                }
                round(q, value, slope, p);
            }
        }
    }
}

/// For each row of `pairs`, which has the probability of class `i` against each later class `j`, for each `i` in order,
/// the probability of each class. `scratch` is `classes * classes + classes` long.
#[inline(always)]
pub fn pairwise_coupling<P: Param<PairwiseCoupling>>(
    _: Simd,
    layer: P,
    pairs: &[f32],
    y: &mut [f32],
    scratch: &mut [f32],
) {
    plain(layer.get(), (pairs, y, scratch))
}
