use super::body::{Body, plain};
use crate::arch::Arch;
use crate::function::{Abs, Identity, Neg, Relu, Sign};
use crate::{Bool, Element, Float, Number, Param, Simd};

/// A function of one element of type `T`, for the types and results that [`Function`](crate::function::Function)
/// does not cover.
pub trait UnaryOp<T: Element>: Copy {
    /// Type of the result.
    type Output: Element;
    /// The function's value at `x`.
    fn eval(self, x: T) -> Self::Output;
}

/// Applies one function to every element: integers, booleans, and tests of floats.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Unary<Op> {
    /// The function.
    pub op: Op,
}

/// ONNX `Clip` for any number: `min(max(x, min), max)`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct ClipOf<T> {
    /// Least result.
    pub min: T,
    /// Greatest result.
    pub max: T,
}

impl<T: Number> UnaryOp<T> for ClipOf<T> {
    type Output = T;

    #[inline(always)]
    fn eval(self, x: T) -> T {
        Number::min(Number::max(x, self.min), self.max)
    }
}

/// ONNX `IsInf`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct IsInf {
    /// Whether minus infinity counts.
    pub negative: bool,
    /// Whether infinity counts.
    pub positive: bool,
}

impl<T: Float> UnaryOp<T> for IsInf {
    type Output = Bool;

    #[inline(always)]
    fn eval(self, x: T) -> Bool {
        Bool::from(self.negative && x == T::LEAST || self.positive && x == T::GREATEST)
    }
}

/// `x`.
impl<T: Element> UnaryOp<T> for Identity {
    type Output = T;

    #[inline(always)]
    fn eval(self, x: T) -> T {
        x
    }
}

macro_rules! ops {
    ($($(#[$meta:meta])* $name:ident;)*) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq)]
        #[cfg_attr(feature = "serde", derive(serde::Serialize))]
        pub struct $name;
    )*};
}
ops! {
    /// ONNX `IsNaN`.
    IsNan;
    /// ONNX `Not`, of booleans; ONNX `BitwiseNot`, of integers.
    Not;
}

macro_rules! evals {
    ($($name:ident [$bound:path] -> $output:ty: |$x:ident| $value:expr;)*) => {$(
        impl<T: $bound> UnaryOp<T> for $name {
            type Output = $output;

            #[inline(always)]
            fn eval(self, $x: T) -> $output {
                $value
            }
        }
    )*};
}
evals! {
    Neg [Number] -> T: |x| Number::neg(x);
    Abs [Number] -> T: |x| Number::abs(x);
    Relu [Number] -> T: |x| Number::max(x, T::ZERO);
    Sign [Number] -> T: |x| sign(x);
    IsNan [Number] -> Bool: |x| Bool::from(Number::is_nan(x));
}

#[inline(always)]
fn sign<T: Number>(x: T) -> T {
    if x > T::ZERO {
        T::ONE
    } else if x < T::ZERO {
        Number::neg(T::ONE)
    } else {
        x
    }
}

macro_rules! not {
    ($($ty:ty)*) => {$(
        impl UnaryOp<$ty> for Not {
            type Output = $ty;

            #[inline(always)]
            fn eval(self, x: $ty) -> $ty {
                !x
            }
        }
    )*};
}
not! { i8 i16 i32 i64 u8 u16 u32 u64 }

impl UnaryOp<Bool> for Not {
    type Output = Bool;

    #[inline(always)]
    fn eval(self, x: Bool) -> Bool {
        Bool::from(!x.get())
    }
}

impl<'a, T: Element, Op: UnaryOp<T>> Body<(&'a [T], &'a mut [Op::Output])> for Unary<Op> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [T], &'a mut [Op::Output])) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = self.op.eval(*x);
        }
    }
}

/// `y[i] = op(x[i])`.
#[inline(always)]
pub fn unary<P: Param<Unary<Op>>, T: Element, Op: UnaryOp<T>>(_: Simd, layer: P, x: &[T], y: &mut [Op::Output]) {
    debug_assert_eq!(x.len(), y.len());
    plain(layer.get(), (x, y))
}
