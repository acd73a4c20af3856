//! What vectors that requantise share: products are of 64 bits, and one addition rounds them and adds the zero point.

use crate::requantize::Requantize;

/// Whether vectors may be used: a quotient fits into 32 bits, and the zero point times `2^shift` into 62. The shifts
/// left out are of factors of a half and more, and of those below `2^-23`.
#[inline(always)]
pub(super) fn fits(f: Requantize) -> bool {
    (32..=54).contains(&f.shift) && i32::from(f.zero as i8) == f.zero && f.min <= f.max
}

/// What a product gets added before the shift: the zero point and just less than a half. One more makes it a half.
#[inline(always)]
pub(super) fn addend(f: Requantize) -> i64 {
    (1_i64 << (f.shift - 1)) - 1 + (i64::from(f.zero) << f.shift)
}

/// A limit as a byte.
#[inline(always)]
pub(super) fn limit(limit: i32) -> i8 {
    limit.clamp(i8::MIN.into(), i8::MAX.into()) as i8
}
