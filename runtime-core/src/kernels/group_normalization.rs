use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use super::lanes::{add, fold_row};
use super::walk::{row, row_mut};
use crate::arch::Arch;
use crate::{Param, Simd};

/// ONNX `GroupNormalization` of channels-last images.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct GroupNormalization {
    /// Number of images.
    pub batch: usize,
    /// Pixels of an image.
    pub spatial: usize,
    /// Groups of channels that are normalised together.
    pub groups: usize,
    /// Channels of a group.
    pub group: usize,
    /// Added to the variance.
    pub epsilon: f32,
}

impl<'a> Body<(&'a [f32], &'a [f32], &'a [f32], &'a mut [f32])> for GroupNormalization {
    #[inline(always)]
    fn body<A: Arch>(self, (x, scale, bias, y): (&'a [f32], &'a [f32], &'a [f32], &'a mut [f32])) {
        let (group, spatial) = (self.group, self.spatial);
        let Some(channels) = self.groups.checked_mul(group).filter(|size| *size > 0) else {
            return;
        };
        let Some(image) = channels.checked_mul(spatial).filter(|size| *size > 0) else {
            return;
        };
        let count = spatial as f32 * group as f32;
        for (x, y) in rows(x, image).zip(rows_mut(y, image)).take(self.batch) {
            let parameters = rows(scale, group).zip(rows(bias, group));
            for (index, (scale, bias)) in parameters.enumerate().take(self.groups) {
                let first = index.wrapping_mul(group);
                let mut sum = 0.0;
                for pixel in rows(x, channels) {
                    let Some(part) = row(pixel, first, group) else { return };
                    sum += fold_row(part, 0.0, add, add);
                }
                let mean = sum / count;
                let mut squares = 0.0;
                for pixel in rows(x, channels) {
                    let Some(part) = row(pixel, first, group) else { return };
                    squares += fold_row(part, 0.0, |sum, x| A::fma(x - mean, x - mean, sum), add);
                }
                let factor = 1.0 / libm::sqrtf(squares / count + self.epsilon);
                for (x, y) in rows(x, channels).zip(rows_mut(y, channels)) {
                    let (Some(x), Some(y)) = (row(x, first, group), row_mut(y, first, group)) else {
                        return;
                    };
                    for (((y, x), scale), bias) in y.iter_mut().zip(x).zip(scale).zip(bias) {
                        *y = A::fma((x - mean) * factor, *scale, *bias);
                    }
                }
            }
        }
    }
}

/// `y = (x - mean) / sqrt(variance + epsilon) * scale[c] + bias[c]` for each image and group of channels.
#[inline(always)]
pub fn group_normalization<P: Param<GroupNormalization>>(
    simd: Simd,
    layer: P,
    x: &[f32],
    scale: &[f32],
    bias: &[f32],
    y: &mut [f32],
) {
    compute(simd, layer, (x, scale, bias, y))
}
