use super::body::{Body, compute};
use super::chunks::{blocks, rows, rows_mut};
use super::lanes::{LANES, add, fold_columns, update_columns};
use super::walk::copy_row;
use crate::arch::Arch;
use crate::{Param, Simd};

/// ONNX `InstanceNormalization` of channels-last images.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct InstanceNormalization {
    /// Number of images.
    pub batch: usize,
    /// Pixels of an image.
    pub spatial: usize,
    /// Channels of a pixel.
    pub channels: usize,
    /// Added to the variance.
    pub epsilon: f32,
}

impl<'a> Body<(&'a [f32], &'a [f32], &'a [f32], &'a mut [f32])> for InstanceNormalization {
    #[inline(always)]
    fn body<A: Arch>(self, (x, scale, bias, y): (&'a [f32], &'a [f32], &'a [f32], &'a mut [f32])) {
        let channels = self.channels;
        let Some(image) = self.spatial.checked_mul(channels).filter(|size| *size > 0) else {
            return;
        };
        let count = self.spatial as f32;
        for (x, y) in rows(x, image).zip(rows_mut(y, image)).take(self.batch) {
            copy_row(x, y);
            for (block, (scale, bias)) in blocks(scale, LANES).zip(blocks(bias, LANES)).enumerate() {
                let column = block * LANES;
                let zero = [0.0; LANES];
                let mean = fold_columns(y, channels, column, zero, 0.0, |sum, x, _| sum + x, add);
                let mean = mean.map(|sum| sum / count);
                let step = |sum, x, mean| A::fma(x - mean, x - mean, sum);
                let variance = fold_columns(y, channels, column, mean, 0.0, step, add);
                let mut factor = variance.map(|sum| 1.0 / libm::sqrtf(sum / count + self.epsilon));
                for (factor, scale) in factor.iter_mut().zip(scale) {
                    *factor *= scale;
                }
                let mut shift = zero;
                for (shift, bias) in shift.iter_mut().zip(bias) {
                    *shift = *bias;
                }
                update_columns(
                    y,
                    channels,
                    column,
                    [mean, factor, shift],
                    |y, [mean, factor, shift]| A::fma(y - mean, factor, shift),
                );
            }
        }
    }
}

/// `y = (x - mean) / sqrt(variance + epsilon) * scale[c] + bias[c]` for each image and channel.
#[inline(always)]
pub fn instance_normalization<P: Param<InstanceNormalization>>(
    simd: Simd,
    layer: P,
    x: &[f32],
    scale: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    compute(simd, layer, (x, scale, bias, y))
}
