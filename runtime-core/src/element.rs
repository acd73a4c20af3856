//! Element types of tensors.
#![allow(unsafe_code)]

use half::{bf16, f16};

/// A tensor element: plain data for which any bits are a valid value, and whose default is zero.
///
/// # Safety
/// Every bit pattern must be a valid value, without padding or interior mutability, aligned to at most 16 bytes.
pub unsafe trait Element: Copy + Default + PartialEq + Send + Sync + 'static {}

/// ONNX `bool`: a byte that is false when zero. Unlike Rust's `bool` any byte is valid, so it can live in an arena.
#[derive(Clone, Copy, Debug, Default)]
#[repr(transparent)]
pub struct Bool(u8);

impl Bool {
    /// False.
    pub const FALSE: Self = Self(0);
    /// True.
    pub const TRUE: Self = Self(1);

    /// The value as Rust's `bool`.
    #[inline(always)]
    pub const fn get(self) -> bool {
        self.0 != 0
    }
}

#[cfg(feature = "bytemuck")]
// SAFETY: a transparent wrapper of `u8`: every bit pattern is valid.
unsafe impl bytemuck::Zeroable for Bool {}
#[cfg(feature = "bytemuck")]
// SAFETY: a transparent wrapper of `u8`: every bit pattern is valid, without padding.
unsafe impl bytemuck::Pod for Bool {}

impl PartialEq for Bool {
    fn eq(&self, other: &Self) -> bool {
        self.get() == other.get()
    }
}

impl From<bool> for Bool {
    #[inline(always)]
    fn from(value: bool) -> Self {
        Self(value as u8)
    }
}

macro_rules! elements {
    ($($ty:ty),*) => {$(
        // SAFETY: an integer, a float or a transparent wrapper of one: every bit pattern is valid, without padding.
        unsafe impl Element for $ty {}
    )*};
}
elements!(f32, f64, f16, bf16, i8, i16, i32, i64, u8, u16, u32, u64, Bool);

/// An element as its bits.
pub trait Bits: Element {
    /// The unsigned integer of as many bits.
    type Raw: Element;
    /// The bits.
    fn to_raw(self) -> Self::Raw;
    /// The element with these bits.
    fn from_raw(raw: Self::Raw) -> Self;
}

macro_rules! bits {
    ($($ty:ty, $raw:ty: |$x:ident| $to:expr, $from:expr;)*) => {$(
        impl Bits for $ty {
            type Raw = $raw;
            #[inline(always)]
            fn to_raw(self) -> $raw {
                let $x = self;
                $to
            }
            #[inline(always)]
            fn from_raw(raw: $raw) -> Self {
                $from(raw)
            }
        }
    )*};
}
bits! {
    f32, u32: |x| x.to_bits(), f32::from_bits;
    f64, u64: |x| x.to_bits(), f64::from_bits;
    f16, u16: |x| x.to_bits(), f16::from_bits;
    bf16, u16: |x| x.to_bits(), bf16::from_bits;
    i8, u8: |x| x as u8, |raw| raw as i8;
    i16, u16: |x| x as u16, |raw| raw as i16;
    i32, u32: |x| x as u32, |raw| raw as i32;
    i64, u64: |x| x as u64, |raw| raw as i64;
    u8, u8: |x| x, |raw| raw;
    u16, u16: |x| x, |raw| raw;
    u32, u32: |x| x, |raw| raw;
    u64, u64: |x| x, |raw| raw;
    Bool, u8: |x| x.0, Bool;
}

/// An element that ONNX does arithmetic on.
pub trait Number: Element + PartialOrd {
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The least value: minus infinity for floats.
    const LEAST: Self;
    /// The greatest value: infinity for floats.
    const GREATEST: Self;
    /// `self + other`; integers wrap.
    fn add(self, other: Self) -> Self;
    /// `self - other`; integers wrap.
    fn sub(self, other: Self) -> Self;
    /// `self * other`; integers wrap.
    fn mul(self, other: Self) -> Self;
    /// `self / other`; integers round towards zero, wrap on overflow, and give zero when divided by zero.
    fn div(self, other: Self) -> Self;
    /// `-self`; integers wrap.
    fn neg(self) -> Self;
    /// Absolute value; integers wrap.
    fn abs(self) -> Self;
    /// The greater of two; NaN if either is NaN (ONNX, unlike `f32::max`).
    fn max(self, other: Self) -> Self;
    /// The lesser of two; NaN if either is NaN (ONNX, unlike `f32::min`).
    fn min(self, other: Self) -> Self;
    /// Whether the value is NaN; false for integers.
    fn is_nan(self) -> bool;
}

/// A floating-point element. Functions of `f16` and `bf16` are computed in `f32` and rounded once.
pub trait Float: Number {
    /// Nearest value of this type.
    fn from_f32(value: f32) -> Self;
    /// The value as `f32` (`f64` rounds).
    fn to_f32(self) -> f32;
    /// Nearest value of this type.
    fn from_f64(value: f64) -> Self;
    /// The value as `f64`, exactly.
    fn to_f64(self) -> f64;
}

macro_rules! floats {
    ($($ty:ident: $zero:expr, $one:expr, $abs:expr, $from32:expr, $to32:expr, $from64:expr, $to64:expr;)*) => {$(
        impl Number for $ty {
            const ZERO: Self = $zero;
            const ONE: Self = $one;
            const LEAST: Self = $ty::NEG_INFINITY;
            const GREATEST: Self = $ty::INFINITY;
            #[inline(always)]
            fn add(self, other: Self) -> Self { self + other }
            #[inline(always)]
            fn sub(self, other: Self) -> Self { self - other }
            #[inline(always)]
            fn mul(self, other: Self) -> Self { self * other }
            #[inline(always)]
            fn div(self, other: Self) -> Self { self / other }
            #[inline(always)]
            fn neg(self) -> Self { -self }
            #[inline(always)]
            fn abs(self) -> Self { $abs(self) }
            #[inline(always)]
            fn max(self, other: Self) -> Self { if self > other || self.is_nan() { self } else { other } }
            #[inline(always)]
            fn min(self, other: Self) -> Self { if self < other || self.is_nan() { self } else { other } }
            #[inline(always)]
            #[allow(clippy::eq_op)]
            fn is_nan(self) -> bool { self != self }
        }

        impl Float for $ty {
            #[inline(always)]
            fn from_f32(value: f32) -> Self { $from32(value) }
            #[inline(always)]
            fn to_f32(self) -> f32 { $to32(self) }
            #[inline(always)]
            fn from_f64(value: f64) -> Self { $from64(value) }
            #[inline(always)]
            fn to_f64(self) -> f64 { $to64(self) }
        }
    )*};
}
floats! {
    f32: 0.0, 1.0, f32::abs, |v| v, |v| v, |v: f64| v as f32, |v: f32| v as f64;
    f64: 0.0, 1.0, f64::abs, |v: f32| v as f64, |v: f64| v as f32, |v| v, |v| v;
    f16: f16::ZERO, f16::ONE, |v: f16| f16::from_bits(v.to_bits() & 0x7fff), f16::from_f32, f16::to_f32, f16::from_f64, f16::to_f64;
    bf16: bf16::ZERO, bf16::ONE, |v: bf16| bf16::from_bits(v.to_bits() & 0x7fff), bf16::from_f32, bf16::to_f32, bf16::from_f64, bf16::to_f64;
}

macro_rules! integers {
    ($($ty:ident: $neg:expr, $abs:expr;)*) => {$(
        impl Number for $ty {
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const LEAST: Self = $ty::MIN;
            const GREATEST: Self = $ty::MAX;
            #[inline(always)]
            fn add(self, other: Self) -> Self { self.wrapping_add(other) }
            #[inline(always)]
            fn sub(self, other: Self) -> Self { self.wrapping_sub(other) }
            #[inline(always)]
            fn mul(self, other: Self) -> Self { self.wrapping_mul(other) }
            #[inline(always)]
            fn div(self, other: Self) -> Self { if other == 0 { 0 } else { self.wrapping_div(other) } }
            #[inline(always)]
            fn neg(self) -> Self { self.wrapping_neg() }
            #[inline(always)]
            fn abs(self) -> Self { $abs(self) }
            #[inline(always)]
            fn max(self, other: Self) -> Self { Ord::max(self, other) }
            #[inline(always)]
            fn min(self, other: Self) -> Self { Ord::min(self, other) }
            #[inline(always)]
            fn is_nan(self) -> bool { false }
        }
    )*};
}
integers! {
    i8: i8::wrapping_neg, i8::wrapping_abs;
    i16: i16::wrapping_neg, i16::wrapping_abs;
    i32: i32::wrapping_neg, i32::wrapping_abs;
    i64: i64::wrapping_neg, i64::wrapping_abs;
    u8: u8::wrapping_neg, |v| v;
    u16: u16::wrapping_neg, |v| v;
    u32: u32::wrapping_neg, |v| v;
    u64: u64::wrapping_neg, |v| v;
}
