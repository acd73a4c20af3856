use super::body::{Body, compute};
use crate::arch::Arch;
use crate::{Param, Simd};

/// The sum or difference of two tensors of 8-bit integers of one shape: ONNX `Add` and `Sub` between `DequantizeLinear`
/// and `QuantizeLinear`, with a `Relu` or `Clip` of the result as limits, in 32 bits.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearAdd {
    /// Scale of the first operand over the output's, times `2^shift`.
    pub a_multiplier: i32,
    /// Scale of the second operand over the output's, times `2^shift`; negative to subtract.
    pub b_multiplier: i32,
    /// The output's zero point times `2^shift` and half of `2^shift`, minus the products of the operands' zero points.
    pub constant: i32,
    /// Bits to shift by, 1 to 30.
    pub shift: u32,
    /// Least output.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

impl QlinearAdd {
    /// One output before the limits. The compiler chooses multipliers with which nothing overflows.
    #[inline(always)]
    pub fn sum(self, a: i8, b: i8) -> i32 {
        let [a, b] = [i32::from(a), i32::from(b)];
        let products = a
            .wrapping_mul(self.a_multiplier)
            .wrapping_add(b.wrapping_mul(self.b_multiplier));
        products.wrapping_add(self.constant).wrapping_shr(self.shift)
    }

    /// One output.
    #[inline(always)]
    pub(crate) fn limited(self, a: i8, b: i8) -> i8 {
        let (min, max) = (self.min.max(i8::MIN.into()), self.max.min(i8::MAX.into()));
        self.sum(a, b).max(min).min(max) as i8
    }
}

impl<'a> Body<(&'a [i8], &'a [i8], &'a mut [i8])> for QlinearAdd {
    #[inline(always)]
    fn body<A: Arch>(self, (a, b, y): (&'a [i8], &'a [i8], &'a mut [i8])) {
        A::add(self, a, b, y);
    }
}

impl<'a> Body<(&'a [i8], &'a mut [i8])> for QlinearAdd {
    #[inline(always)]
    fn body<A: Arch>(self, (b, y): (&'a [i8], &'a mut [i8])) {
        A::add_in_place(self, b, y);
    }
}

/// `y = (a * a_multiplier + b * b_multiplier + constant) >> shift`, limited. All have one length.
#[inline(always)]
pub fn qlinear_add<P: Param<QlinearAdd>>(simd: Simd, layer: P, a: &[i8], b: &[i8], y: &mut [i8]) {
    debug_assert!(a.len() == y.len() && b.len() == y.len());
    compute(simd, layer, (a, b, y))
}

/// [`qlinear_add`] with `y` as the first operand.
#[inline(always)]
pub fn qlinear_add_in_place<P: Param<QlinearAdd>>(simd: Simd, layer: P, b: &[i8], y: &mut [i8]) {
    debug_assert_eq!(b.len(), y.len());
    compute(simd, layer, (b, y))
}
