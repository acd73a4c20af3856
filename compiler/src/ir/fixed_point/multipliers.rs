/// Bits of a multiplier whose products with sums of 32 bits fit into an `i64`.
pub const MULTIPLIER_BITS: u32 = 31;

/// Factors as integers over a common power of two (integers, bits to shift by), the greatest of them with `bits` bits
/// or fewer where the shift would be more than 62, as [`rescale`](runtime_core::requantize::rescale) takes them. `None`
/// if a factor is too large for a shift of one bit, or not a number.
pub fn multipliers(factors: impl Iterator<Item = f64> + Clone, bits: u32) -> Option<(Vec<i32>, u32)> {
    fixed_point(factors, bits, 62)
}

/// The same with a shift of at most `most` bits; `bits` does not count a sign.
pub(in crate::ir) fn fixed_point(
    factors: impl Iterator<Item = f64> + Clone,
    bits: u32,
    most: u32,
) -> Option<(Vec<i32>, u32)> {
    let greatest = factors.clone().map(f64::abs).fold(0.0, f64::max);
    if !factors.clone().all(f64::is_finite) || greatest == 0.0 {
        return None;
    }
    let scaled = |factor: f64, shift: i32| (factor * 2_f64.powi(shift)).round();
    let mut shift = (bits as i32 - 1 - greatest.log2().floor() as i32).min(most as i32);
    if scaled(greatest, shift) >= 2_f64.powi(bits as i32) {
        shift -= 1;
    }
    let integers = factors.map(|factor| scaled(factor, shift) as i32).collect();
    let shift = u32::try_from(shift).ok().filter(|shift| *shift >= 1)?;
    Some((integers, shift))
}

#[cfg(test)]
mod tests {
    use super::multipliers;

    #[test]
    fn multipliers_share_a_shift() {
        assert_eq!(
            multipliers([0.5, 0.25].into_iter(), 31),
            Some((vec![1 << 30, 1 << 29], 31))
        );
        assert_eq!(multipliers([1e30].into_iter(), 31), None);
        let (just_below_one, shift) = multipliers([0.999_999_999_99].into_iter(), 31).unwrap();
        assert_eq!(multipliers([f64::NAN].into_iter(), 31), None);
        assert_eq!(
            multipliers([2_f64.powi(-40)].into_iter(), 31),
            Some((vec![1 << 22], 62))
        );
        assert_eq!(multipliers([0.75].into_iter(), 8), Some((vec![192], 8)));
        assert_eq!((&just_below_one[..], shift), (&[1 << 30][..], 30));
    }
}
