//! A layer divided into parts of nearly as many rows each.

use super::Threads;
use crate::partial::Partial;
use core::ops::Range;

impl Threads {
    /// Runs a layer of one input by parts, each of them by `kernel`, which gets the part's parameters, inputs and
    /// outputs. Within [`run`](Self::run) the threads are awake; elsewhere they are woken for it.
    pub fn divide<L, X, Y>(&self, layer: L, x: &[X], y: &mut [Y], kernel: impl Fn(L, &[X], &mut [Y]) + Sync)
    where
        L: Partial<1> + Copy + Sync,
        X: Sync,
        Y: Send,
    {
        self.divide_with_residual(layer, x, &[(); 0], y, |layer, x, _, y| kernel(layer, x, y));
    }

    /// [`divide`](Self::divide) of a layer that adds to its outputs those of `residual` in the same places.
    pub fn divide_with_residual<L, X, B, Y>(
        &self,
        layer: L,
        x: &[X],
        residual: &[B],
        y: &mut [Y],
        kernel: impl Fn(L, &[X], &[B], &mut [Y]) + Sync,
    ) where
        L: Partial<1> + Copy + Sync,
        X: Sync,
        B: Sync,
        Y: Send,
    {
        let row = layer.row().unwrap_or(0);
        let rows = y.len().checked_div(row).unwrap_or(0);
        let division = Division {
            layer,
            x,
            residual,
            kernel,
            rows,
            row,
            count: self.count().min(rows / LEAST_ROWS),
        };
        match self.threads() {
            // Where the caller is none of the threads, one of them does this: else rayon would start others.
            Some(pool) if division.count > 1 && rows * row == y.len() && division.is_possible() => {
                pool.install(|| division.run(0..division.count, y));
            }
            _ => (division.kernel)(layer, x, residual, y),
        }
    }
}

/// Rows that a thread has at least: a single one is computed in another order than several.
const LEAST_ROWS: usize = 2;

/// A layer and how it is divided.
struct Division<'a, L, X, B, K> {
    layer: L,
    x: &'a [X],
    residual: &'a [B],
    kernel: K,
    /// Rows of the output, elements of each, and the parts.
    rows: usize,
    row: usize,
    count: usize,
}

impl<L: Partial<1> + Copy + Sync, X: Sync, B: Sync, K> Division<'_, L, X, B, K> {
    /// The first row of a part: that after the last one for the number of parts.
    fn first_row(&self, part: usize) -> usize {
        self.rows * part / self.count
    }

    fn part(&self, part: usize) -> Option<(L, &[X])> {
        let part = self.layer.part(self.first_row(part)..self.first_row(part + 1))?;
        let [x] = part.inputs;
        Some((part.layer, self.x.get(x)?))
    }

    /// Whether each part can be written as a layer.
    fn is_possible(&self) -> bool {
        (0..self.count).all(|part| self.part(part).is_some())
    }

    /// Computes some of the parts into `y`: the half of them while another thread takes the other half.
    fn run<Y: Send>(&self, parts: Range<usize>, y: &mut [Y])
    where
        K: Fn(L, &[X], &[B], &mut [Y]) + Sync,
    {
        let first = self.first_row(parts.start) * self.row;
        if parts.len() > 1 {
            let middle = parts.start + parts.len() / 2;
            let Some((low, high)) = y.split_at_mut_checked(self.first_row(middle) * self.row - first) else {
                return;
            };
            rayon_core::join(
                || self.run(parts.start..middle, low),
                || self.run(middle..parts.end, high),
            );
        } else if let Some((layer, x)) = self.part(parts.start) {
            let residual = self.residual.get(first..first + y.len()).unwrap_or_default();
            (self.kernel)(layer, x, residual, y);
        }
    }
}
