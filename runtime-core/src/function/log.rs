//! The natural logarithm.

use super::declare::functions;
use crate::arch::Arch;

functions! {
    /// Natural logarithm: minus infinity at 0, NaN below.
    Log |x| log::<A>(x), libm::log(x);
}

/// Bits of the square root of one half: mantissas are taken from here to twice here.
const ROOT_HALF: u32 = 0x3f35_04f3;
const ONE: u32 = 0x3f80_0000;

/// The polynomial is that of FreeBSD's `logf`.
#[inline(always)]
pub(crate) fn log<A: Arch>(x: f32) -> f32 {
    let subnormal = x < f32::MIN_POSITIVE;
    let scaled = if subnormal { x * 8_388_608.0 } else { x };
    let bits = scaled.to_bits().wrapping_add(ONE - ROOT_HALF);
    let exponent = (bits >> 23) as i32 - if subnormal { 127 + 23 } else { 127 };
    let mantissa = f32::from_bits((bits & 0x007f_ffff).wrapping_add(ROOT_HALF));

    let n = exponent as f32;
    let f = mantissa - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * A::fma(w, 0.242_790_79, 0.399_999_7);
    let odd = z * A::fma(w, 0.284_987_87, 0.666_666_6);
    let half_square = 0.5 * f * f;
    let low = A::fma(n, 9.058_001e-6, s * (half_square + (even + odd)));
    let value = A::fma(n, 0.693_138_1, (low - half_square) + f);

    let value = if x == 0.0 { f32::NEG_INFINITY } else { value };
    let value = if x < 0.0 { f32::NAN } else { value };
    // Infinity and NaN are their own logarithms.
    if x < f32::INFINITY { value } else { x }
}
