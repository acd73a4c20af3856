use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use super::walk::row;
use crate::arch::Arch;
use crate::{Number, Param, Simd};

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

/// A number that weighted sums are computed in.
pub trait Weigh: Number {
    /// `sum + weight * self`.
    fn weigh<A: Arch>(self, weight: Self, sum: Self) -> Self;
}

impl Weigh for f32 {
    #[inline(always)]
    fn weigh<A: Arch>(self, weight: Self, sum: Self) -> Self {
        A::fma(weight, self, sum)
    }
}

impl Weigh for f64 {
    #[inline(always)]
    fn weigh<A: Arch>(self, weight: Self, sum: Self) -> Self {
        weight * self + sum
    }
}

impl<'a, T: Weigh> Body<(&'a [T], &'a [i32], &'a [T], &'a mut [T])> for Resize {
    #[inline(always)]
    fn body<A: Arch>(self, (x, indices, weights, y): (&'a [T], &'a [i32], &'a [T], &'a mut [T])) {
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
                y.fill(T::ZERO);
                for (index, weight) in indices.iter().zip(weights) {
                    let start = (*index as usize).wrapping_mul(self.inner);
                    let Some(x) = row(x, start, y.len()) else { return };
                    for (y, x) in y.iter_mut().zip(x) {
                        *y = x.weigh::<A>(*weight, *y);
                    }
                }
            }
        }
    }
}

/// `y[o, j, i]` is the sum over `k` of `weights[j, k] * x[o, indices[j, k], i]`.
#[inline(always)]
pub fn resize<P: Param<Resize>, T: Weigh>(simd: Simd, layer: P, x: &[T], indices: &[i32], weights: &[T], y: &mut [T]) {
    compute(simd, layer, (x, indices, weights, y))
}
