//! What a reduction does with the elements.

use super::binary_op::{Max, Min};
use super::cast::CastFrom;
use crate::Number;
use crate::arch::Arch;
use crate::function::{Apply, Exp, Log, Sqrt};

/// A reduction: elements are entered, combined in any order, and the result finished.
pub trait ReduceOp<T: Number>: Copy {
    /// Whether the greatest element is needed beforehand; otherwise the pivot is zero.
    const PIVOT: bool = false;
    /// The result of combining nothing.
    fn start(self) -> T;
    /// What an element contributes.
    #[inline(always)]
    fn enter<A: Arch>(self, x: T, _pivot: T) -> T {
        x
    }
    /// Two contributions in one.
    fn combine(self, a: T, b: T) -> T;
    /// The result, given what `count` elements combine to.
    #[inline(always)]
    fn finish<A: Arch>(self, total: T, _pivot: T, _count: usize) -> T {
        total
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
    /// ONNX `ReduceSum`.
    Sum;
    /// ONNX `ReduceMean`.
    Mean;
    /// ONNX `ReduceProd`.
    Prod;
    /// ONNX `ReduceSumSquare`.
    SumSquare;
    /// ONNX `ReduceL1`: sum of absolute values.
    L1;
    /// ONNX `ReduceL2`: square root of the sum of squares.
    L2;
    /// ONNX `ReduceLogSum`.
    LogSum;
    /// ONNX `ReduceLogSumExp`, safe from overflow.
    LogSumExp;
}

impl<T: Number> ReduceOp<T> for Max {
    #[inline(always)]
    fn start(self) -> T {
        T::LEAST
    }

    #[inline(always)]
    fn combine(self, a: T, b: T) -> T {
        Number::max(a, b)
    }
}

impl<T: Number> ReduceOp<T> for Min {
    #[inline(always)]
    fn start(self) -> T {
        T::GREATEST
    }

    #[inline(always)]
    fn combine(self, a: T, b: T) -> T {
        Number::min(a, b)
    }
}

impl<T: Number> ReduceOp<T> for Prod {
    #[inline(always)]
    fn start(self) -> T {
        T::ONE
    }

    #[inline(always)]
    fn combine(self, a: T, b: T) -> T {
        Number::mul(a, b)
    }
}

/// Reductions that add up; the elements' contribution and the end of it differ.
macro_rules! sums {
    ($($name:ident [$($bound:tt)+]
        $(enter |$x:ident, $enter_pivot:ident| $enter:expr,)?
        $(finish |$total:ident, $pivot:ident, $count:ident| $finish:expr,)?
        $(pivot $needed:literal)?;)*) => {$(
        impl<T: $($bound)+> ReduceOp<T> for $name {
            $(const PIVOT: bool = $needed;)?

            #[inline(always)]
            fn start(self) -> T {
                T::ZERO
            }

            $(
                #[inline(always)]
                fn enter<A: Arch>(self, $x: T, $enter_pivot: T) -> T {
                    $enter
                }
            )?

            #[inline(always)]
            fn combine(self, a: T, b: T) -> T {
                Number::add(a, b)
            }

            $(
                #[inline(always)]
                fn finish<A: Arch>(self, $total: T, $pivot: T, $count: usize) -> T {
                    $finish
                }
            )?
        }
    )*};
}
sums! {
    Sum [Number];
    Mean [Number + CastFrom<i64>] finish |total, _pivot, count| Number::div(total, T::cast_from(count as i64)),;
    SumSquare [Number] enter |x, _pivot| Number::mul(x, x),;
    L1 [Number] enter |x, _pivot| Number::abs(x),;
    L2 [Apply] enter |x, _pivot| Number::mul(x, x), finish |total, _pivot, _count| total.apply::<A, _>(Sqrt),;
    LogSum [Apply] finish |total, _pivot, _count| total.apply::<A, _>(Log),;
    LogSumExp [Apply]
        enter |x, pivot| Number::sub(x, pivot).apply::<A, _>(Exp),
        finish |total, pivot, _count| Number::add(total.apply::<A, _>(Log), pivot),
        pivot true;
}
