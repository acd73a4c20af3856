use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use super::walk::row;
use crate::arch::Arch;
use crate::{Param, Simd};

/// Weighted sums of slices along one axis: ONNX `Resize` (linear, cubic, with or without antialiasing), one call an
/// axis. The compiler works the coordinates out into tables of `taps` indices and weights for each output position.
/// Nearest is [`Gather`](super::Gather) with a table of indices.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Resize {
    /// Product of the sizes of the axes before the resized one.
    pub outer: usize,
    /// Size of the axis in the input.
    pub input: usize,
    /// Size of the axis in the output.
    pub output: usize,
    /// Product of the sizes of the axes after it.
    pub inner: usize,
    /// Elements that make up one: 2 for linear, 4 for cubic.
    pub taps: usize,
}

impl<'a> Body<(&'a [f32], &'a [i32], &'a [f32], &'a mut [f32])> for Resize {
    #[inline(always)]
    fn body<A: Arch>(self, (x, indices, weights, y): (&'a [f32], &'a [i32], &'a [f32], &'a mut [f32])) {
        let (Some(slice), Some(slice_y)) = (self.input.checked_mul(self.inner), self.output.checked_mul(self.inner))
        else {
            return;
        };
        if slice == 0 || slice_y == 0 || self.taps == 0 {
            return;
        }
        for (x, y) in rows(x, slice).zip(rows_mut(y, slice_y)).take(self.outer) {
            let taps = rows(indices, self.taps).zip(rows(weights, self.taps));
            for (y, (indices, weights)) in rows_mut(y, self.inner).zip(taps) {
                y.fill(0.0);
                for (index, weight) in indices.iter().zip(weights) {
                    let start = (*index as usize).wrapping_mul(self.inner);
                    let Some(x) = row(x, start, y.len()) else { return };
                    for (y, x) in y.iter_mut().zip(x) {
                        *y = A::fma(*weight, *x, *y);
                    }
                }
            }
        }
    }
}

/// `y[o, j, i]` is the sum over `k` of `weights[j, k] * x[o, indices[j, k], i]`.
#[inline(always)]
pub fn resize<P: Param<Resize>>(simd: Simd, layer: P, x: &[f32], indices: &[i32], weights: &[f32], y: &mut [f32]) {
    compute(simd, layer, (x, indices, weights, y))
}
