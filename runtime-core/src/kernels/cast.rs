use super::body::{Body, plain};
use crate::arch::Arch;
use crate::{Bool, Element, Param, Simd, bf16, f16};

/// Conversion between element types: ONNX `Cast` and `CastLike`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Cast;

/// Conversion from another element type. Floats are cut off towards zero and limited to the integer's range, NaN
/// becoming 0; integers wrap; anything but zero is true.
pub trait CastFrom<S: Element>: Element {
    /// The converted value.
    fn cast_from(value: S) -> Self;
}

macro_rules! cast_one {
    ($to:ty, $from:ty, |$v:ident| $value:expr) => {
        impl CastFrom<$from> for $to {
            #[inline(always)]
            fn cast_from($v: $from) -> Self {
                $value
            }
        }
    };
}

/// Conversions of a type that Rust's `as` knows.
macro_rules! plain_casts {
    ($from:ty => $($to:ty)*) => {$(cast_one!($to, $from, |v| v as $to);)*};
}

macro_rules! casts {
    ($($ty:ty)*) => {$(
        plain_casts!($ty => i8 i16 i32 i64 u8 u16 u32 u64 f32 f64);
        cast_one!(f16, $ty, |v| f16::from_f64(v as f64));
        cast_one!(bf16, $ty, |v| bf16::from_f64(v as f64));
        cast_one!(Bool, $ty, |v| Bool::from(v != 0 as $ty));
        cast_one!($ty, f16, |v| v.to_f32() as $ty);
        cast_one!($ty, bf16, |v| v.to_f32() as $ty);
        cast_one!($ty, Bool, |v| v.get() as u8 as $ty);
    )*};
}
casts! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

macro_rules! half_casts {
    ($($ty:ty)*) => {$(
        cast_one!($ty, f16, |v| <$ty>::from_f32(v.to_f32()));
        cast_one!($ty, bf16, |v| <$ty>::from_f32(v.to_f32()));
        cast_one!($ty, Bool, |v| <$ty>::from_f32(v.get() as u8 as f32));
        cast_one!(Bool, $ty, |v| Bool::from(v.to_f32() != 0.0));
    )*};
}
half_casts! { f16 bf16 }
cast_one!(Bool, Bool, |v| v);

impl<'a, S: Element, T: CastFrom<S>> Body<(&'a [S], &'a mut [T])> for Cast {
    #[inline(always)]
    fn body<A: Arch>(self, (x, y): (&'a [S], &'a mut [T])) {
        for (y, x) in y.iter_mut().zip(x) {
            *y = T::cast_from(*x);
        }
    }
}

/// `y[i] = x[i]`, converted.
#[inline(always)]
pub fn cast<P: Param<Cast>, S: Element, T: CastFrom<S>>(_: Simd, layer: P, x: &[S], y: &mut [T]) {
    debug_assert_eq!(x.len(), y.len());
    plain(layer.get(), (x, y))
}
