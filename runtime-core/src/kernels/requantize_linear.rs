use super::body::{Body, compute};
use super::output::Output;
use crate::arch::Arch;
use crate::requantize::Quantized;
use crate::{Param, Simd};

/// Integers to those that stand for the same numbers with another scale and zero point: ONNX `DequantizeLinear` and
/// `QuantizeLinear` in one, with a `Relu` or `Clip` between them as limits.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RequantizeLinear {
    /// Zero point of the input.
    pub x_zero: i32,
    /// The input's scale over the output's, times `2^shift`.
    pub multiplier: i32,
    /// Bits to shift by, 1 to 62.
    pub shift: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Least output.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

impl RequantizeLinear {
    #[inline(always)]
    fn eval<T: Quantized, U: Quantized>(self, x: T) -> U {
        let Self {
            shift, zero, min, max, ..
        } = self;
        let x: i32 = x.into();
        let output = Output { shift, zero, min, max };
        output.of(x.wrapping_sub(self.x_zero).into(), self.multiplier)
    }
}

impl<'a, T: Quantized, U: Quantized> Body<(&'a [T], &'a mut [U])> for RequantizeLinear {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [T], &'a mut [U])) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = self.eval(*x);
        }
    }
}

impl<'a, T: Quantized> Body<&'a mut [T]> for RequantizeLinear {
    #[inline(always)]
    fn body<A: Arch>(self, y: &'a mut [T]) {
        for y in y {
            *y = self.eval(*y);
        }
    }
}

/// `y[i] = zero + (x[i] - x_zero) * multiplier / 2^shift`, rounded once, half to even, and limited.
#[inline(always)]
pub fn requantize_linear<P: Param<RequantizeLinear>, T: Quantized, U: Quantized>(
    simd: Simd,
    layer: P,
    x: &[T],
    y: &mut [U],
) {
    debug_assert_eq!(x.len(), y.len());
    compute(simd, layer, (x, y))
}

/// [`requantize_linear`] of `y` itself.
#[inline(always)]
pub fn requantize_linear_in_place<P: Param<RequantizeLinear>, T: Quantized>(simd: Simd, layer: P, y: &mut [T]) {
    compute(simd, layer, y)
}
