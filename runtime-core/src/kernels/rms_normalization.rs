use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use super::lanes::{add, fold_row};
use crate::arch::Arch;
use crate::{Param, Simd};

/// ONNX `RMSNormalization`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RmsNormalization {
    /// Number of rows, each normalised for itself.
    pub outer: usize,
    /// Elements of a row.
    pub inner: usize,
    /// Added to the mean square.
    pub epsilon: f32,
}

impl<'a> Body<(&'a [f32], &'a [f32], &'a mut [f32])> for RmsNormalization {
    #[inline(always)]
    fn body<A: Arch>(self, (x, scale, y): (&'a [f32], &'a [f32], &'a mut [f32])) {
        if self.inner == 0 {
            return;
        }
        for (x, y) in rows(x, self.inner).zip(rows_mut(y, self.inner)).take(self.outer) {
            let square = fold_row(x, 0.0, |sum, x| A::fma(x, x, sum), add) / self.inner as f32;
            let factor = 1.0 / libm::sqrtf(square + self.epsilon);
            for ((y, x), scale) in y.iter_mut().zip(x).zip(scale) {
                *y = x * factor * scale;
            }
        }
    }
}

/// `y = x / sqrt(mean(x^2) + epsilon) * scale` for each row.
#[inline(always)]
pub fn rms_normalization<P: Param<RmsNormalization>>(simd: Simd, layer: P, x: &[f32], scale: &[f32], y: &mut [f32]) {
    compute(simd, layer, (x, scale, y))
}
