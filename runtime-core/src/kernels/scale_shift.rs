use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use crate::arch::Arch;
use crate::function::Function;
use crate::{Param, Simd};

/// A factor and a summand for each channel, then an activation: ONNX `BatchNormalization` where it stands alone.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ScaleShift<F> {
    /// Product of the sizes of the axes before the channels.
    pub outer: usize,
    /// Number of channels.
    pub channels: usize,
    /// Product of the sizes of the axes after the channels: 1 for channels-last.
    pub inner: usize,
    /// Applied to the result.
    pub activation: F,
}

impl<'a, F: Function> Body<(&'a [f32], &'a [f32], &'a [f32], &'a mut [f32])> for ScaleShift<F> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, scale, shift, y): (&'a [f32], &'a [f32], &'a [f32], &'a mut [f32])) {
        let Some(row) = self.channels.checked_mul(self.inner).filter(|size| *size > 0) else {
            return;
        };
        for (x, y) in rows(x, row).zip(rows_mut(y, row)).take(self.outer) {
            if self.inner == 1 {
                for (((y, x), scale), shift) in y.iter_mut().zip(x).zip(scale).zip(shift) {
                    *y = self.activation.eval::<A>(A::fma(*x, *scale, *shift));
                }
            } else {
                let lines = rows_mut(y, self.inner).zip(rows(x, self.inner));
                for ((y, x), (scale, shift)) in lines.zip(scale.iter().zip(shift)) {
                    for (y, x) in y.iter_mut().zip(x) {
                        *y = self.activation.eval::<A>(A::fma(*x, *scale, *shift));
                    }
                }
            }
        }
    }
}

/// `y[o, c, i] = activation(x[o, c, i] * scale[c] + shift[c])`.
#[inline(always)]
pub fn scale_shift<P: Param<ScaleShift<F>>, F: Function>(
    simd: Simd,
    layer: P,
    x: &[f32],
    scale: &[f32],
    shift: &[f32],
    y: &mut [f32],
) {
    compute(simd, layer, (x, scale, shift, y))
}
