//! Attention of one head.

use super::attention::{Attention, BLOCK};
use super::chunks::rows_mut;
use super::lanes::{LANES, add, fold_row, max};
use super::mat_mul::Product;
use super::softmax::powers;
use super::walk::row_mut;
use crate::arch::Arch;
use crate::function::{Function, Tanh};

impl Attention {
    /// The keys that query `i` may attend, as a range within `low..high`.
    #[inline(always)]
    fn band(self, i: usize, low: usize, high: usize) -> (usize, usize) {
        let inside = |key: isize| usize::try_from(key).unwrap_or(0).max(low).min(high);
        let i = i as isize;
        let from = inside(i.wrapping_add(self.first));
        (from, inside(i.wrapping_add(self.last).wrapping_add(1)).max(from))
    }

    /// Products of a query and keys to weights of the values; gives what to multiply their sum by. A query that may
    /// attend nothing gives zeros.
    #[inline(always)]
    fn weights<A: Arch>(self, scores: &mut [f32], mask: Option<&[f32]>) -> f32 {
        let mut open = !scores.is_empty();
        let mut scale = self.scale;
        if self.softcap != 0.0 || mask.is_some() || scale <= 0.0 {
            scale = 1.0;
            for score in scores.iter_mut() {
                *score *= self.scale;
            }
        }
        if self.softcap != 0.0 {
            for score in scores.iter_mut() {
                *score = self.softcap * Tanh.eval::<A>(*score / self.softcap);
            }
        }
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
            1.0 / powers::<A>(scores, greatest, scale)
        } else {
            scores.fill(0.0);
            0.0
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
        let mut factors = [0.0; BLOCK];
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
                    let rows = rows_mut(scores, width).zip(&mut factors);
                    for (i, (scores, factor)) in rows.enumerate() {
                        *factor = self.weights::<A>(query + i, low, scores);
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
        for (i, factor) in factors.iter().enumerate().take(rows) {
            for y in row_mut(y, i * y_stride, layer.value_size).unwrap_or(&mut []) {
                *y *= factor;
            }
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

    /// The scores of a query for the keys from `low` on to weights; gives what to multiply the sum of the values by.
    #[inline(always)]
    fn weights<A: Arch>(&self, query: usize, low: usize, scores: &mut [f32]) -> f32 {
        let (from, to) = self.layer.band(query, low, low + scores.len());
        let [.., of_query, of_key] = self.layer.mask_strides;
        let mask = self
            .mask
            .map(|mask| mask.get(query * of_query + from * of_key..).unwrap_or(&[]));
        let Some((scores, behind)) = scores.split_at_mut_checked(to - low) else {
            return 0.0;
        };
        let Some((before, scores)) = scores.split_at_mut_checked(from - low) else {
            return 0.0;
        };
        before.fill(0.0);
        behind.fill(0.0);
        self.layer.weights::<A>(scores, mask)
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
