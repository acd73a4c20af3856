//! The functions of two elements.

use super::fmod::{fmod, fmodf};
use crate::{Bool, Element, Float, Number};

/// A function of two elements of type `T`.
pub trait BinaryOp<T: Element>: Copy {
    /// Type of the result.
    type Output: Element;
    /// The function's value.
    fn eval(self, a: T, b: T) -> Self::Output;
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
    /// `a + b`; integers wrap.
    Add;
    /// `a - b`; integers wrap.
    Sub;
    /// `a * b`; integers wrap.
    Mul;
    /// `a / b`; integers round towards zero and give zero when divided by zero.
    Div;
    /// `a` to the power of `b`; integers wrap, and a negative power of an integer rounds towards zero.
    Pow;
    /// The greater; NaN if either is NaN.
    Max;
    /// The lesser; NaN if either is NaN.
    Min;
    /// ONNX `PRelu`: `a` where not negative, else `a * b`.
    PRelu;
    /// ONNX `Mod` with `fmod = 0`: the remainder with the sign of `b`; zero when divided by zero.
    Mod;
    /// ONNX `Mod` with `fmod = 1`: the remainder with the sign of `a`, as C's `fmod`.
    Fmod;
    /// `a == b`.
    Equal;
    /// `a > b`.
    Greater;
    /// `a >= b`.
    GreaterOrEqual;
    /// `a < b`.
    Less;
    /// `a <= b`.
    LessOrEqual;
    /// Both, of booleans; ONNX `BitwiseAnd`, of integers.
    And;
    /// Either, of booleans; ONNX `BitwiseOr`, of integers.
    Or;
    /// Exactly one, of booleans; ONNX `BitwiseXor`, of integers.
    Xor;
    /// `a << b`; zero where `b` is negative or not less than the width.
    ShiftLeft;
    /// `a >> b`; where `b` is negative or not less than the width, -1 if `a` is negative and else zero.
    ShiftRight;
}

macro_rules! evals {
    ($($name:ident [$bound:path] -> $output:ty: |$a:ident, $b:ident| $value:expr;)*) => {$(
        impl<T: $bound> BinaryOp<T> for $name {
            type Output = $output;

            #[inline(always)]
            fn eval(self, $a: T, $b: T) -> $output {
                $value
            }
        }
    )*};
}
evals! {
    Add [Number] -> T: |a, b| Number::add(a, b);
    Sub [Number] -> T: |a, b| Number::sub(a, b);
    Mul [Number] -> T: |a, b| Number::mul(a, b);
    Div [Number] -> T: |a, b| Number::div(a, b);
    Max [Number] -> T: |a, b| Number::max(a, b);
    Min [Number] -> T: |a, b| Number::min(a, b);
    PRelu [Number] -> T: |a, b| if a < T::ZERO { Number::mul(a, b) } else { a };
    Equal [Element] -> Bool: |a, b| Bool::from(a == b);
    Greater [Number] -> Bool: |a, b| Bool::from(a > b);
    GreaterOrEqual [Number] -> Bool: |a, b| Bool::from(a >= b);
    Less [Number] -> Bool: |a, b| Bool::from(a < b);
    LessOrEqual [Number] -> Bool: |a, b| Bool::from(a <= b);
}

macro_rules! one {
    ($ty:ty: $($name:ident |$a:ident, $b:ident| $value:expr;)*) => {$(
        impl BinaryOp<$ty> for $name {
            type Output = $ty;

            #[inline(always)]
            fn eval(self, $a: $ty, $b: $ty) -> $ty {
                $value
            }
        }
    )*};
}
one! {
    Bool:
    And |a, b| Bool::from(a.get() & b.get());
    Or |a, b| Bool::from(a.get() | b.get());
    Xor |a, b| Bool::from(a.get() ^ b.get());
}

/// The remainder with the sign of `b`, given the remainder with the sign of `a`.
#[inline(always)]
fn floored<T: Number>(remainder: T, b: T) -> T {
    if remainder != T::ZERO && (remainder < T::ZERO) != (b < T::ZERO) {
        Number::add(remainder, b)
    } else {
        remainder
    }
}

/// `a^b` for `b >= 0` by squaring; negative powers are left only for 1 and -1.
#[inline(always)]
fn integer_power<T: Number>(a: T, b: i64) -> T {
    if b < 0 {
        let minus_one = Number::neg(T::ONE);
        return match (a == T::ONE, a == minus_one) {
            (true, _) => T::ONE,
            (_, true) if b & 1 == 0 => T::ONE,
            (_, true) => minus_one,
            _ => T::ZERO,
        };
    }
    let (mut result, mut square, mut rest) = (T::ONE, a, b);
    while rest != 0 {
        if rest & 1 != 0 {
            result = Number::mul(result, square);
        }
        square = Number::mul(square, square);
        rest >>= 1;
    }
    result
}

/// What is left of an integer when all of its bits are shifted out to the right.
#[inline(always)]
fn shifted_out<T: Number>(a: T) -> T {
    if a < T::ZERO { Number::neg(T::ONE) } else { T::ZERO }
}

macro_rules! integers {
    ($($ty:ty)*) => {$(one! {
        $ty:
        Pow |a, b| integer_power(a, i64::try_from(b).unwrap_or(i64::MAX));
        Mod |a, b| floored(a.checked_rem(b).unwrap_or(0), b);
        Fmod |a, b| a.checked_rem(b).unwrap_or(0);
        And |a, b| a & b;
        Or |a, b| a | b;
        Xor |a, b| a ^ b;
        ShiftLeft |a, b| u32::try_from(b).ok().and_then(|b| a.checked_shl(b)).unwrap_or(0);
        ShiftRight |a, b| u32::try_from(b).ok().and_then(|b| a.checked_shr(b)).unwrap_or(shifted_out(a));
    })*};
}
integers! { i8 i16 i32 i64 u8 u16 u32 u64 }

one! {
    f32:
    Pow |a, b| libm::powf(a, b);
    Mod |a, b| floored(fmodf(a, b), b);
    Fmod |a, b| fmodf(a, b);
}
one! {
    f64:
    Pow |a, b| libm::pow(a, b);
    Mod |a, b| floored(fmod(a, b), b);
    Fmod |a, b| fmod(a, b);
}

macro_rules! halves {
    ($($ty:ty)*) => {$(one! {
        $ty:
        Pow |a, b| through_f32(a, b, libm::powf);
        Mod |a, b| floored(through_f32(a, b, fmodf), b);
        Fmod |a, b| through_f32(a, b, fmodf);
    })*};
}

#[inline(always)]
fn through_f32<T: Float>(a: T, b: T, op: impl Fn(f32, f32) -> f32) -> T {
    T::from_f32(op(a.to_f32(), b.to_f32()))
}
halves! { crate::f16 crate::bf16 }
