//! Requantisation by one instruction that many cores have: the upper word of the product of a sum and a multiplier.
//!
//! It rounds half up, where [`rescale`](crate::requantize::rescale) rounds half to even. The compiler chooses it where
//! no sum can end halfway, so that both give the same integers.

/// Bits that every product of a sum and a multiplier is shifted by: the result is the upper word of the product.
pub const SHIFT: u32 = 32;

/// Whether a sum of at most `greatest` can never end halfway between two results: its products with `multiplier` then
/// are rounded alike, half up and half to even.
pub const fn never_halfway(greatest: i64, multiplier: i32) -> bool {
    let zeros = multiplier.trailing_zeros();
    zeros >= SHIFT || greatest < 1 << (SHIFT - 1 - zeros)
}

/// A result from the sum of a channel: the upper word of the product, rounded half up, limited to an `i8`.
#[inline(always)]
pub(crate) fn rescaled(sum: i32, multiplier: i32, zero: i32) -> i8 {
    let product = i64::from(sum) * i64::from(multiplier) + (i64::from(zero) << 32) + (1 << 31);
    (product >> 32).clamp(i8::MIN.into(), i8::MAX.into()) as i8
}

/// Limits results that were limited to an `i8` to those of a fused activation, least and greatest.
#[inline(never)]
pub(crate) fn limit([min, max]: [i32; 2], y: &mut [i8]) {
    let (min, max) = (min.max(i8::MIN.into()), max.min(i8::MAX.into()));
    if min > i8::MIN.into() || max < i8::MAX.into() {
        let (min, max) = (min as i8, max as i8);
        for y in y {
            *y = (*y).max(min).min(max);
        }
    }
}
