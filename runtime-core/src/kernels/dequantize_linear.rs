use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use crate::arch::Arch;
use crate::requantize::Stored;
use crate::{Param, Simd};

/// Integers to the numbers that they stand for: ONNX `DequantizeLinear`, with one scale, or one per channel.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DequantizeLinear {
    /// Product of the sizes of the axes before the channels.
    pub outer: usize,
    /// Number of channels; 1 if there is one scale for all.
    pub channels: usize,
    /// Product of the sizes of the axes after the channels.
    pub inner: usize,
}

impl<'a, T: Stored> Body<(&'a [T], &'a [f32], &'a [T], &'a mut [f32])> for DequantizeLinear {
    #[inline(always)]
    fn body<A: Arch>(self, (x, scale, zero, y): (&'a [T], &'a [f32], &'a [T], &'a mut [f32])) {
        let Some(row) = self.channels.checked_mul(self.inner) else {
            return;
        };
        for (x, y) in rows(x, row).zip(rows_mut(y, row)).take(self.outer) {
            let lines = rows_mut(y, self.inner).zip(rows(x, self.inner));
            for ((y, x), (scale, zero)) in lines.zip(scale.iter().zip(zero)) {
                for (y, x) in y.iter_mut().zip(x) {
                    let x: i32 = (*x).into();
                    *y = x.wrapping_sub((*zero).into()) as f32 * *scale;
                }
            }
        }
    }
}

/// `y[o, c, i] = (x[o, c, i] - zero[c]) * scale[c]`.
#[inline(always)]
pub fn dequantize_linear<P: Param<DequantizeLinear>, T: Stored>(
    simd: Simd,
    layer: P,
    x: &[T],
    scale: &[f32],
    zero: &[T],
    y: &mut [f32],
) {
    compute(simd, layer, (x, scale, zero, y))
}
