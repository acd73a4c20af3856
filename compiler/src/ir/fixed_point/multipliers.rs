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
    let mut shift = (bits as i32 - 1 - libm::log2(greatest).floor() as i32).min(most as i32);
    if scaled(greatest, shift) >= 2_f64.powi(bits as i32) {
        shift -= 1;
    }
    let integers = factors.map(|factor| scaled(factor, shift) as i32).collect();
    let shift = u32::try_from(shift).ok().filter(|shift| *shift >= 1)?;
    Some((integers, shift))
}

/// Factors as integers over 2^32, whose products with sums are results in their upper word. An integer is the factor
/// itself where that is one, otherwise the nearest odd one: then no sum of fewer than 32 bits is halfway between two
/// results, and instructions that round halves up give what [`rescale`](runtime_core::requantize::rescale) does. `None`
/// if a factor is 1/2 or more, or not a number of at least 0.
pub(in crate::ir) fn upper_word(factors: impl Iterator<Item = f64>) -> Option<Vec<i32>> {
    let integer = |factor: f64| {
        let scaled = factor * 32_f64.exp2();
        let below = scaled.floor();
        let integer = if below == scaled {
            scaled
        } else {
            below + 1.0 - below.rem_euclid(2.0)
        };
        (0.0..=f64::from(i32::MAX)).contains(&integer).then_some(integer as i32)
    };
    factors.map(integer).collect()
}

#[cfg(test)]
mod tests {
    use super::{multipliers, upper_word};

    #[test]
    fn integers_over_the_upper_word_are_odd_or_exact() {
        let of = |scaled: f64| upper_word([scaled * (-32_f64).exp2()].into_iter());
        assert_eq!(of(4096.0), Some(vec![4096]));
        assert_eq!(of(4096.25), Some(vec![4097]));
        assert_eq!(of(4095.75), Some(vec![4095]));
        assert_eq!(of(f64::from(i32::MAX) + 0.5), Some(vec![i32::MAX]));
        assert_eq!(of(f64::from(i32::MAX) + 1.0), None);
        assert_eq!((of(-1.0), of(f64::NAN)), (None, None));
    }

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
