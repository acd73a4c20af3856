//! Attention of one head.

use super::attention::Attention;
use super::chunks::rows_mut;
use super::lanes::{LANES, add, fold_row, max};
use super::mat_mul::Product;
use super::softmax::probabilities;
use crate::arch::Arch;
use crate::function::{Function, Tanh};

impl Attention {
    /// The keys that query `i` may attend, as a range within `low..high`.
    #[inline(always)]
    fn band(self, i: usize, low: usize, high: usize) -> (usize, usize) {
        let inside = |key: isize| usize::try_from(key).unwrap_or(0).clamp(low, high);
        let i = i as isize;
        let from = inside(i.wrapping_add(self.first));
        (from, inside(i.wrapping_add(self.last).wrapping_add(1)).max(from))
    }

    /// Scores to probabilities of the keys from `key` on. A query that may attend nothing gives zeros.
    #[inline(always)]
    fn probabilities<A: Arch>(self, scores: &mut [f32], mask: Option<&[f32]>) {
        for score in scores.iter_mut() {
            *score *= self.scale;
        }
        if self.softcap != 0.0 {
            for score in scores.iter_mut() {
                *score = self.softcap * Tanh.eval::<A>(*score / self.softcap);
            }
        }
        let mut open = !scores.is_empty();
        if let Some(mask) = mask {
            let repeated = self.mask_strides[3] == 0;
            let mask = mask.get(..if repeated { 1 } else { scores.len() }).unwrap_or(&[]);
            if let (true, [mask]) = (repeated, mask) {
                for score in scores.iter_mut() {
                    *score += mask;
                }
            } else {
                for (score, mask) in scores.iter_mut().zip(mask) {
                    *score += mask;
                }
            }
            open = open && fold_row(mask, f32::NEG_INFINITY, max, max) != f32::NEG_INFINITY;
        }
        let greatest = fold_row(scores, f32::NEG_INFINITY, max, max);
        if open && greatest != f32::NEG_INFINITY {
            probabilities::<A>(scores, greatest);
        } else {
            scores.fill(0.0);
        }
    }
}

/// One head of one batch.
pub(super) struct Head<'a> {
    pub(super) layer: Attention,
    pub(super) q: &'a [f32],
    pub(super) k: &'a [f32],
    /// The keys transposed, unless there is one query only.
    pub(super) transposed: &'a [f32],
    pub(super) v: &'a [f32],
    pub(super) mask: Option<&'a [f32]>,
}

/// The two products of attention.
#[derive(Clone, Copy)]
enum Step {
    /// Of queries and keys.
    Scores,
    /// Of probabilities and values.
    Values,
}

impl Head<'_> {
    /// The outputs for `rows` queries from `query` on.
    #[inline(always)]
    pub(super) fn block<A: Arch>(&self, query: usize, rows: usize, scores: &mut [f32], y: &mut [f32]) {
        let layer = self.layer;
        let (low, _) = layer.band(query, 0, layer.keys);
        let (_, high) = layer.band((query + rows).saturating_sub(1), low, layer.keys);
        let width = high - low;
        let Some(scores) = scores.get_mut(..rows * width) else {
            return;
        };
        let ([.., q_stride], [.., v_stride], [.., y_stride]) = (layer.q_strides, layer.v_strides, layer.y_strides);
        let q = self.q.get(query * q_stride..).unwrap_or(&[]);
        let y = y.get_mut(query * y_stride..).unwrap_or(&mut []);
        // A loop, so that the code of a product is there once.
        for step in [Step::Scores, Step::Values] {
            let (product, y) = match step {
                Step::Scores if layer.queries == 1 => {
                    self.scores_of_one::<A>(q, low, scores);
                    continue;
                }
                Step::Scores => {
                    let product = Product {
                        a: q,
                        a_stride: q_stride,
                        b: self.transposed.get(low..).unwrap_or(&[]),
                        b_stride: layer.keys,
                        k: layer.size,
                        n: width,
                        y_stride: width,
                    };
                    (product, &mut *scores)
                }
                Step::Values => {
                    for (i, scores) in rows_mut(scores, width).enumerate() {
                        self.softmax::<A>(query + i, low, scores);
                    }
                    let product = Product {
                        a: scores,
                        a_stride: width,
                        b: self.v.get(low * v_stride..).unwrap_or(&[]),
                        b_stride: v_stride,
                        k: width,
                        n: layer.value_size,
                        y_stride,
                    };
                    (product, &mut *y)
                }
            };
            product.run::<A>(rows, y);
        }
    }

    /// The scores of the only query for the keys from `low` on.
    #[inline(always)]
    fn scores_of_one<A: Arch>(&self, q: &[f32], low: usize, scores: &mut [f32]) {
        let Some(q) = q.get(..self.layer.size) else { return };
        for (i, score) in scores.iter_mut().enumerate() {
            let k = self.k.get((low + i) * self.layer.k_strides[2]..).unwrap_or(&[]);
            *score = dot::<A>(q, k);
        }
    }

    /// Scores of a query for the keys from `low` on to probabilities.
    #[inline(always)]
    fn softmax<A: Arch>(&self, query: usize, low: usize, scores: &mut [f32]) {
        let (from, to) = self.layer.band(query, low, low + scores.len());
        let [.., of_query, of_key] = self.layer.mask_strides;
        let mask = self
            .mask
            .map(|mask| mask.get(query * of_query + from * of_key..).unwrap_or(&[]));
        for (key, score) in (low..).zip(scores.iter_mut()) {
            if key < from || key >= to {
                *score = 0.0;
            }
        }
        if let Some(scores) = scores.get_mut(from - low..to - low) {
            self.layer.probabilities::<A>(scores, mask);
        }
    }
}

/// The sum of products of neighbours in memory.
#[inline(always)]
fn dot<A: Arch>(a: &[f32], b: &[f32]) -> f32 {
    let (Some(b), mut lanes) = (b.get(..a.len()), [0.0; LANES]) else {
        return 0.0;
    };
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..LANES {
            lanes[i] = A::fma(a[i], b[i], lanes[i]);
        }
    }
    for ((lane, a), b) in lanes.iter_mut().zip(a_rest).zip(b_rest) {
        *lane = A::fma(*a, *b, *lane);
    }
    fold_row(&lanes, 0.0, add, add)
}
