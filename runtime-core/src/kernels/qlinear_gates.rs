//! The gates of recurrent cells in integers: products of the hidden state by packed weights, and functions of the sums.

use super::chunks::blocks;
use super::gates::Units;
use crate::arch::Arch;
use crate::pack::PANEL;
use crate::unrolled::unrolled;
use core::hint::black_box;

/// Bits after the point of a hidden state and of a sigmoid.
pub(super) const FRACTION: u32 = 15;
/// One, as a sigmoid.
pub(super) const ONE: i32 = 1 << FRACTION;
/// Bits after the point of a hyperbolic tangent.
pub(super) const TANH_FRACTION: u32 = 30;
/// Bits after the point of what the functions are applied to.
pub(super) const ARGUMENT_FRACTION: u32 = 22;

/// Products of an `i16` by an `i8` whose sum fits into an `i32`.
const MOST_PRODUCTS: usize = 256;

/// Sum over `k` of `h[k] * panel[k][g]`, for `G` gates of a panel's units.
#[inline(always)]
pub(super) fn product<A: Arch, const G: usize>(h: &[i16], panel: &[i8]) -> [Units<i64>; G] {
    let mut totals = [[0; PANEL]; G];
    let panel = panel.as_chunks::<PANEL>().0.as_chunks::<G>().0;
    for (h, panel) in blocks(h, MOST_PRODUCTS).zip(blocks(panel, MOST_PRODUCTS)) {
        let sums = if A::NARROW { narrow(h, panel) } else { wide(h, panel) };
        for (total, sum) in totals.as_flattened_mut().iter_mut().zip(sums.as_flattened()) {
            *total += i64::from(*sum);
        }
    }
    totals
}

#[inline(always)]
fn wide<const G: usize>(h: &[i16], panel: &[[Units<i8>; G]]) -> [Units<i32>; G] {
    let mut sums = [[0_i32; PANEL]; G];
    for (h, weights) in h.iter().zip(panel) {
        // Opaque, so that units and not inputs are the lanes of vectors: those lie side by side.
        let h = black_box(i32::from(*h));
        unrolled!(g in 0..G {
            for j in 0..PANEL {
                sums[g][j] = sums[g][j].wrapping_add(h * i32::from(weights[g][j]));
            }
        });
    }
    sums
}

/// [`wide`] for eight units of one gate after the other: as many sums as a small machine has registers for.
#[inline(always)]
fn narrow<const G: usize>(h: &[i16], panel: &[[Units<i8>; G]]) -> [Units<i32>; G] {
    let mut all = [[0; PANEL]; G];
    for (index, all) in all.as_flattened_mut().as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let mut sums = [0_i32; 8];
        for (h, weights) in h.iter().zip(panel) {
            let Some(weights) = weights.as_flattened().as_chunks::<8>().0.get(index) else {
                return [[0; PANEL]; G];
            };
            let h = i32::from(*h);
            for j in 0..8 {
                sums[j] = sums[j].wrapping_add(h * i32::from(weights[j]));
            }
        }
        *all = sums;
    }
    all
}

/// Intervals of the table.
const INTERVALS: usize = 512;
/// Bits after the point of an interval's number: the table covers arguments below eight.
const INTERVAL_FRACTION: u32 = ARGUMENT_FRACTION - 6;

/// Numbers between which [`tanh`] interpolates, in units of 2^-16: hyperbolic tangents, raised by half of how far the
/// middle of a chord is below the curve.
static TABLE: [u16; INTERVALS + 1] = table();

const fn table() -> [u16; INTERVALS + 1] {
    const STEP: f64 = 1.0 / 64.0;
    /// `tanh(STEP)`.
    const TANH: f64 = 0.015_623_728_564_839_34;
    let mut numbers = [0; INTERVALS + 1];
    let (mut i, mut tanh) = (0, 0.0_f64);
    while i <= INTERVALS {
        let curvature = 2.0 * tanh * (1.0 - tanh * tanh);
        let number = (tanh + curvature * STEP * STEP / 16.0) * 65_536.0 + 0.5;
        numbers[i] = if number < 65_535.0 { number as u16 } else { u16::MAX };
        tanh = (tanh + TANH) / (1.0 + tanh * TANH);
        i += 1;
    }
    numbers
}

/// The hyperbolic tangent of a number with [`ARGUMENT_FRACTION`] bits after the point, with [`TANH_FRACTION`] of them:
/// from -1 to 1, off by less than two thirds of 2^-15.
#[inline(always)]
pub(super) fn tanh(argument: i64) -> i32 {
    const MOST: u32 = ((INTERVALS as u32) << INTERVAL_FRACTION) - 1;
    let saturated = i32::try_from(argument).unwrap_or(if argument < 0 { i32::MIN } else { i32::MAX });
    let position = saturated.unsigned_abs().min(MOST);
    let index = (position >> INTERVAL_FRACTION) as usize;
    let (below, above) = match TABLE.get(index..).and_then(|rest| rest.first_chunk()) {
        Some([below, above]) => (i32::from(*below), i32::from(*above)),
        None => (i32::from(u16::MAX), i32::from(u16::MAX)),
    };
    let within = (position & ((1 << INTERVAL_FRACTION) - 1)) as i32;
    let value =
        (below << (TANH_FRACTION - 16)) + (((above - below) * within) >> (INTERVAL_FRACTION + 16 - TANH_FRACTION));
    if saturated < 0 { -value } else { value }
}

/// The logistic function of a number with [`ARGUMENT_FRACTION`] bits after the point, with [`FRACTION`] of them: from 0
/// to [`ONE`].
#[inline(always)]
pub(super) fn sigmoid(argument: i64) -> i32 {
    const SHIFT: u32 = TANH_FRACTION + 1 - FRACTION;
    // From 0 to less than 2^31; rounded half to even.
    let sum = ((1 << TANH_FRACTION) + tanh(argument >> 1)).cast_unsigned();
    let odd = (sum >> SHIFT) & 1;
    ((sum + (1 << (SHIFT - 1)) - 1 + odd) >> SHIFT) as i32
}

/// A number limited to the integers of a state.
#[inline(always)]
pub(super) fn narrowed(value: i64) -> i16 {
    value.clamp(i16::MIN.into(), i16::MAX.into()) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arch::Portable;
    use crate::function::{Function, Sigmoid, Tanh};
    use crate::requantize::rescale;

    #[test]
    fn functions_are_within_a_step_of_exact_ones() {
        let (one, step) = (f64::from(1 << ARGUMENT_FRACTION), 2_f64.powi(-15));
        for argument in (-17 << ARGUMENT_FRACTION..17 << ARGUMENT_FRACTION).step_by(997) {
            let x = argument as f64 / one;
            let error = f64::from(tanh(argument)) / f64::from(1 << TANH_FRACTION) - Tanh.eval64(x);
            assert!(error.abs() < 0.65 * step, "tanh({x}) is off by {error:e}");
            let error = f64::from(sigmoid(argument)) / f64::from(ONE) - Sigmoid.eval64(x);
            assert!(error.abs() < 0.85 * step, "sigmoid({x}) is off by {error:e}");
        }
    }

    #[test]
    fn functions_reach_their_bounds() {
        assert_eq!([sigmoid(i64::MIN), sigmoid(0), sigmoid(i64::MAX)], [0, ONE / 2, ONE]);
        assert_eq!(tanh(0), 0);
        assert_eq!(rescale(tanh(i64::MAX).into(), 1, TANH_FRACTION - FRACTION), ONE.into());
        assert_eq!(tanh(i64::MIN + 1), -tanh(i64::MAX));
    }

    #[test]
    fn sums_of_many_products_are_exact() {
        let (h, panel) = ([i16::MIN; 1000], [i8::MIN; 1000 * PANEL * 2]);
        assert_eq!(product::<Portable, 2>(&h, &panel), [[1000 << 22; PANEL]; 2]);
        let panel = panel.as_chunks::<PANEL>().0.as_chunks::<2>().0;
        assert_eq!(narrow(&h[..256], &panel[..256]), wide(&h[..256], &panel[..256]));
    }
}
