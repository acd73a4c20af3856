use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use super::lanes::{add, fold_row};
use crate::arch::Arch;
use crate::{Param, Simd};

/// ONNX `LayerNormalization`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LayerNormalization {
    /// Number of rows, each normalised for itself.
    pub outer: usize,
    /// Elements of a row.
    pub inner: usize,
    /// Added to the variance.
    pub epsilon: f32,
}

impl<'a> Body<(&'a [f32], &'a [f32], &'a [f32], &'a mut [f32])> for LayerNormalization {
    #[inline(always)]
    fn body<A: Arch>(self, (x, scale, bias, y): (&'a [f32], &'a [f32], &'a [f32], &'a mut [f32])) {
        if self.inner == 0 {
            return;
        }
        let count = self.inner as f32;
        for (x, y) in rows(x, self.inner).zip(rows_mut(y, self.inner)).take(self.outer) {
            let mean = fold_row(x, 0.0, add, add) / count;
            let variance = fold_row(x, 0.0, |sum, x| A::fma(x - mean, x - mean, sum), add) / count;
            let factor = 1.0 / libm::sqrtf(variance + self.epsilon);
            if bias.is_empty() {
                for ((y, x), scale) in y.iter_mut().zip(x).zip(scale) {
                    *y = (x - mean) * factor * scale;
                }
            } else {
                for (((y, x), scale), bias) in y.iter_mut().zip(x).zip(scale).zip(bias) {
                    *y = A::fma((x - mean) * factor, *scale, *bias);
                }
            }
        }
    }
}

/// `y = (x - mean) / sqrt(variance + epsilon) * scale + bias` for each row; `bias` may be empty.
#[inline(always)]
pub fn layer_normalization<P: Param<LayerNormalization>>(
    simd: Simd,
    layer: P,
    x: &[f32],
    scale: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    compute(simd, layer, (x, scale, bias, y))
}
