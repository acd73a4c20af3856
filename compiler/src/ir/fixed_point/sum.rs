//! Weighted sums of two 8-bit integers that fit into 32 bits.

use super::multipliers;
use runtime_core::kernels::{QlinearAdd, WeightedSum};

/// Multipliers of more bits overflow 32 bits; with fewer, results would be off by more than [`ERROR`].
const BITS: std::ops::RangeInclusive<u32> = 10..=22;
/// What a result may be off, in steps of the output.
const ERROR: f64 = 1.0 / 256.0;

/// Multipliers of a sum of 8-bit integers `a * factors[0] + b * factors[1]`, and their shift, with which all sums fit
/// into 32 bits beside the zero point of the output. Of those the greatest with which no sum is halfway between two
/// results, so that rounding halves up is rounding them to even; if halves cannot be avoided, the greatest. `None` if
/// there are none.
pub(in crate::ir) fn sum_in_32_bits(factors: [f64; 2], zeros: [i32; 2], zero: i32) -> Option<(WeightedSum, u32)> {
    let candidates = BITS.rev().filter_map(|bits| {
        let (integers, shift) = multipliers(factors.into_iter(), bits)?;
        let &[a_multiplier, b_multiplier] = &integers[..] else {
            return None;
        };
        let sum = WeightedSum {
            a_multiplier,
            b_multiplier,
        };
        let reach = |zero: i32, integer: i32| i64::from(255.min(128 + zero.abs())) * i64::from(integer).abs();
        let greatest = reach(zeros[0], a_multiplier) + reach(zeros[1], b_multiplier);
        let room = i64::from(i32::MAX) - (i64::from(zero.abs()) + 1).checked_shl(shift).filter(|_| shift <= 30)?;
        let steps = f64::from(shift).exp2();
        let error = |factor: f64, integer: i32| 255.0 * (factor - f64::from(integer) / steps).abs();
        let error = error(factors[0], a_multiplier) + error(factors[1], b_multiplier);
        (greatest <= room && error <= ERROR).then_some((sum, shift))
    });
    let candidates: Vec<_> = candidates.collect();
    let exact = candidates
        .iter()
        .find(|(sum, shift)| add(*sum, *shift, zeros, zero, [0, 0]).is_some());
    exact.or(candidates.first()).copied()
}

/// The kernel for such sums, whose operands have the zero points `zeros`: `None` where a sum does not fit or is halfway
/// between two results, which it rounds up.
pub(in crate::ir) fn add(
    sum: WeightedSum,
    shift: u32,
    zeros: [i32; 2],
    zero: i32,
    [min, max]: [i32; 2],
) -> Option<QlinearAdd> {
    let half = 1_i64.checked_shl(shift.checked_sub(1)?).filter(|_| shift <= 30)?;
    let WeightedSum {
        a_multiplier,
        b_multiplier,
    } = sum;
    let integers = i64::from(i8::MIN)..=i64::from(i8::MAX);
    let products = |zero: i32, multiplier: i32| -> Vec<i64> {
        integers
            .clone()
            .map(|integer| (integer - i64::from(zero)) * i64::from(multiplier))
            .collect()
    };
    let (a, b) = (products(zeros[0], a_multiplier), products(zeros[1], b_multiplier));
    let constant = (i64::from(zero) << shift) + half;
    for a in &a {
        for b in &b {
            let exact = a + b;
            let fits = i32::try_from(exact + constant).is_ok();
            if !fits || exact & ((1 << shift) - 1) == half {
                return None;
            }
        }
    }
    let taken = i64::from(zeros[0]) * i64::from(a_multiplier) + i64::from(zeros[1]) * i64::from(b_multiplier);
    Some(QlinearAdd {
        a_multiplier,
        b_multiplier,
        constant: (constant - taken) as i32,
        shift,
        min: min.max(i8::MIN.into()),
        max: max.min(i8::MAX.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_in_32_bits_are_those_of_the_general_rule() {
        let layers = [
            ([0.7, 0.4], [3, -20], -128),
            ([1.3e-3, 0.9], [-128, 127], 5),
            ([20.0, -31.0], [0, 9], 127),
        ];
        for (factors, zeros, zero) in layers {
            let (sum, shift) = sum_in_32_bits(factors, zeros, zero).unwrap();
            let add = add(sum, shift, zeros, zero, [-128, 127]).unwrap();
            for a in i8::MIN..=i8::MAX {
                for b in i8::MIN..=i8::MAX {
                    let exact = f64::from(i32::from(a) - zeros[0]) * f64::from(sum.a_multiplier)
                        + f64::from(i32::from(b) - zeros[1]) * f64::from(sum.b_multiplier);
                    let expected = (exact / f64::from(shift).exp2()).round_ties_even() as i32 + zero;
                    assert_eq!(add.sum(a, b), expected, "{a} {b}");
                }
            }
        }
    }

    #[test]
    fn halves_and_great_factors_are_left_to_the_general_kernel() {
        let (sum, shift) = sum_in_32_bits([0.5, 0.5], [0, 0], 0).unwrap();
        assert_eq!(add(sum, shift, [0, 0], 0, [-128, 127]), None);
        assert_eq!(sum_in_32_bits([1e8, 1.0], [0, 0], 0), None);
    }
}
