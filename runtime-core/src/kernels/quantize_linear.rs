use super::body::{Body, compute};
use super::chunks::{rows, rows_mut};
use crate::arch::Arch;
use crate::function::{Function, Round};
use crate::requantize::Stored;
use crate::{Param, Simd};

/// Numbers to integers that stand for them: ONNX `QuantizeLinear`, with one scale, or one per channel.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QuantizeLinear {
    /// Product of the sizes of the axes before the channels.
    pub outer: usize,
    /// Number of channels; 1 if there is one scale for all.
    pub channels: usize,
    /// Product of the sizes of the axes after the channels.
    pub inner: usize,
}

/// A quotient beyond any integer type that is quantised to, and exact as `f32`.
const BEYOND: f32 = 16_777_216.0;

/// A quotient beyond any integer type of 16 bits or fewer, whatever the zero point.
const BEYOND_WORDS: f32 = 2_097_152.0;

/// What is added to such a quotient so that the sum has no bits for a fraction, and is rounded half to even: 1.5 times
/// 2^23.
const WHOLE: f32 = 12_582_912.0;

/// `round(x / scale) + zero`, half to even, limited to the range of the type; `zero` where the quotient is no number.
#[inline(always)]
fn quantize<A: Arch, T: Stored>(x: f32, scale: f32, zero: i32) -> T {
    let quotient = x / scale;
    let rounded = if size_of::<T>() <= 2 {
        // The low bits of the rounded sum are the integer: a conversion that saturates would not be vectorised.
        let known = if quotient.is_nan() { 0.0 } else { quotient };
        let whole = known.clamp(-BEYOND_WORDS, BEYOND_WORDS) + WHOLE;
        (whole.to_bits() as i32).wrapping_sub(WHOLE.to_bits() as i32)
    } else {
        Round.eval::<A>(quotient).clamp(-BEYOND, BEYOND) as i32
    };
    T::narrow(rounded.saturating_add(zero))
}

impl<'a, T: Stored> Body<(&'a [f32], &'a [f32], &'a [T], &'a mut [T])> for QuantizeLinear {
    #[inline(always)]
    fn body<A: Arch>(self, (x, scale, zero, y): (&'a [f32], &'a [f32], &'a [T], &'a mut [T])) {
        let Some(row) = self.channels.checked_mul(self.inner) else {
            return;
        };
        for (x, y) in rows(x, row).zip(rows_mut(y, row)).take(self.outer) {
            let lines = rows_mut(y, self.inner).zip(rows(x, self.inner));
            for ((y, x), (scale, zero)) in lines.zip(scale.iter().zip(zero)) {
                for (y, x) in y.iter_mut().zip(x) {
                    *y = quantize::<A, T>(*x, *scale, (*zero).into());
                }
            }
        }
    }
}

/// `y[o, c, i] = round(x[o, c, i] / scale[c]) + zero[c]`, half to even, limited to the range of `T`.
#[inline(always)]
pub fn quantize_linear<P: Param<QuantizeLinear>, T: Stored>(
    simd: Simd,
    layer: P,
    x: &[f32],
    scale: &[f32],
    zero: &[T],
    y: &mut [T],
) {
    compute(simd, layer, (x, scale, zero, y))
}
