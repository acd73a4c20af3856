use super::binary::Binary;
use super::body::{Body, compute};
use super::output::Output;
use crate::arch::Arch;
use crate::requantize::Quantized;
use crate::{Param, Simd};

/// A function of two quantised tensors with broadcasting: ONNX `Add`, `Sub` and `Mul` between `DequantizeLinear` and
/// `QuantizeLinear`, with a `Relu` or `Clip` of the result as limits. Shapes and strides are those of
/// [`Binary`](super::Binary).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[cfg_attr(
    feature = "serde",
    serde(bound(serialize = "Op: serde::Serialize, [usize; R]: serde::Serialize"))
)]
pub struct QlinearBinary<Op, const R: usize> {
    /// Shape of the output.
    pub dims: [usize; R],
    /// Strides of the first operand, in elements. The in-place form ignores them.
    pub a_strides: [usize; R],
    /// Strides of the second operand, in elements.
    pub b_strides: [usize; R],
    /// Zero point of the first operand.
    pub a_zero: i32,
    /// Zero point of the second operand.
    pub b_zero: i32,
    /// The function, of the operands minus their zero points.
    pub op: Op,
    /// Bits to shift its results by, 1 to 62.
    pub shift: u32,
    /// Zero point of the output.
    pub zero: i32,
    /// Least output.
    pub min: i32,
    /// Greatest output.
    pub max: i32,
}

/// An exact function of two operands minus their zero points, times a power of two.
pub trait QlinearOp: Copy {
    /// The result, which fits into 62 bits.
    fn eval(self, a: i32, b: i32) -> i64;
}

/// `a * a_multiplier + b * b_multiplier`: a sum, or with a negative multiplier a difference.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WeightedSum {
    /// Scale of the first operand over the output's, times `2^shift`.
    pub a_multiplier: i32,
    /// Scale of the second operand over the output's, times `2^shift`; negative to subtract.
    pub b_multiplier: i32,
}

impl QlinearOp for WeightedSum {
    #[inline(always)]
    fn eval(self, a: i32, b: i32) -> i64 {
        let product = |x: i32, multiplier: i32| i64::from(x).wrapping_mul(multiplier.into());
        product(a, self.a_multiplier).wrapping_add(product(b, self.b_multiplier))
    }
}

/// `a * b * multiplier`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct WeightedProduct {
    /// Product of the operands' scales over the output's, times `2^shift`.
    pub multiplier: i32,
}

impl QlinearOp for WeightedProduct {
    #[inline(always)]
    fn eval(self, a: i32, b: i32) -> i64 {
        i64::from(a).wrapping_mul(b.into()).wrapping_mul(self.multiplier.into())
    }
}

impl<Op: QlinearOp, const R: usize> QlinearBinary<Op, R> {
    #[inline(always)]
    fn walk(self) -> Binary<(), (), R> {
        Binary {
            dims: self.dims,
            a_strides: self.a_strides,
            b_strides: self.b_strides,
            op: (),
            activation: (),
        }
    }

    #[inline(always)]
    fn eval<T: Quantized, U: Quantized>(self, a: T, b: T) -> U {
        let Self {
            shift, zero, min, max, ..
        } = self;
        let [a, b]: [i32; 2] = [a.into(), b.into()];
        let exact = self.op.eval(a.wrapping_sub(self.a_zero), b.wrapping_sub(self.b_zero));
        Output { shift, zero, min, max }.of(exact, 1)
    }
}

impl<'a, T, U, Op, const R: usize> Body<(&'a [T], &'a [T], &'a mut [U])> for QlinearBinary<Op, R>
where
    T: Quantized,
    U: Quantized,
    Op: QlinearOp,
{
    #[inline(always)]
    fn body<A: Arch>(self, (a, b, y): (&'a [T], &'a [T], &'a mut [U])) {
        self.walk().zip(a, b, y, |a, b| self.eval(a, b));
    }
}

impl<'a, T: Quantized, Op: QlinearOp, const R: usize> Body<(&'a [T], &'a mut [T])> for QlinearBinary<Op, R> {
    #[inline(always)]
    fn body<A: Arch>(self, (b, y): (&'a [T], &'a mut [T])) {
        self.walk().update(self.b_strides, b, y, |a, b| self.eval(a, b));
    }
}

/// `y = zero + op(a - a_zero, b - b_zero) / 2^shift`, broadcast, rounded once, half to even, and limited.
#[inline(always)]
pub fn qlinear_binary<P, T, U, Op, const R: usize>(simd: Simd, layer: P, a: &[T], b: &[T], y: &mut [U])
where
    P: Param<QlinearBinary<Op, R>>,
    T: Quantized,
    U: Quantized,
    Op: QlinearOp,
{
    compute(simd, layer, (a, b, y))
}

/// [`qlinear_binary`] with `y` as the first operand: only `b` is broadcast.
#[inline(always)]
pub fn qlinear_binary_in_place<P, T, Op, const R: usize>(simd: Simd, layer: P, b: &[T], y: &mut [T])
where
    P: Param<QlinearBinary<Op, R>>,
    T: Quantized,
    Op: QlinearOp,
{
    compute(simd, layer, (b, y))
}
