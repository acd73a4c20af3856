//! Softmax of integers: each result is an integer next to the exact one.

use kernel_tests::numbers;
use runtime_core::Simd;
use runtime_core::kernels::*;
use runtime_core::requantize::Quantized;

const NO_LIMITS: [i32; 2] = [i32::MIN, i32::MAX];

/// A factor as an integer of 31 bits and its shift.
fn fixed(factor: f64) -> (i32, u32) {
    let shift = (30 - factor.log2().floor() as i32).min(62);
    (
        (factor * 2_f64.powi(shift)).round().min(f64::from(i32::MAX)) as i32,
        shift as u32,
    )
}

fn powers<T: Powers>(scale: f64) -> Vec<u32> {
    let power = |k: usize| {
        let steps = if k < 256 { k } else { (k - 256) * 256 };
        ((-(steps as f64) * scale).exp() * 2_f64.powi(31)).round() as u32
    };
    (0..T::ENTRIES).map(power).collect()
}

/// The greatest distance, in steps, of an output from the exact value, where that is within the output's range.
fn softmax_error<T: Powers, U: Quantized>(
    extents: [usize; 3],
    x: &[T],
    x_scale: f64,
    y_scale: f64,
    zero: i32,
) -> [f64; 2] {
    let [outer, axis, inner] = extents;
    let table = powers::<T>(x_scale);
    let (multiplier, shift) = fixed(1.0 / y_scale);
    let [min, max] = NO_LIMITS;
    let layer = QlinearSoftmax {
        outer,
        axis,
        inner,
        multiplier,
        shift,
        zero,
        min,
        max,
    };
    let span = 2_f64.powi(8 * size_of::<T>() as i32);
    let log_shift = (61.0 - ((span * x_scale + 23.0) / y_scale).log2().ceil()).min(62.0) as u32;
    let per_step =
        |value: f64, bits: u32| (value / y_scale * 2_f64.powi(log_shift as i32 - bits as i32)).round() as i64;
    let log_layer = QlinearLogSoftmax {
        outer,
        axis,
        inner,
        score: per_step(x_scale, 0),
        log: per_step(2_f64.ln(), 28),
        shift: log_shift,
        zero,
        min,
        max,
    };
    let mut worst = [0.0; 2];
    let [least, greatest] = NO_LIMITS.map(|end| U::narrow(end).into());
    for simd in Simd::levels() {
        let (mut y, mut logs) = (vec![U::default(); x.len()], vec![U::default(); x.len()]);
        qlinear_softmax(simd, &layer, x, &table, &mut y);
        qlinear_log_softmax(simd, &log_layer, x, &table, &mut logs);
        for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
            let at = |j: usize| (o * axis + j) * inner + i;
            let top = (0..axis).map(|j| x[at(j)].into()).max().unwrap_or(0);
            let score = |j: usize| f64::from(x[at(j)].into() - top) * x_scale;
            let sum: f64 = (0..axis).map(|j| score(j).exp()).sum();
            for j in 0..axis {
                let exact = [score(j).exp() / sum, score(j) - sum.ln()];
                for (worst, (exact, y)) in worst.iter_mut().zip(exact.into_iter().zip([y[at(j)], logs[at(j)]])) {
                    let exact = exact / y_scale + f64::from(zero);
                    let error = exact.clamp(least.into(), greatest.into()) - f64::from(y.into());
                    *worst = f64::max(*worst, error.abs());
                }
            }
        }
    }
    worst
}

/// Rows of scores around a place, so that several of them matter.
fn scores<T: Quantized>(len: usize, x_scale: f64, seed: u32) -> Vec<T> {
    let spread = [0.5, 3.0, 12.0, 1e9][seed as usize % 4] / x_scale;
    let center = f64::from(numbers(1, seed + 99)[0]) * f64::from(T::narrow(i32::MAX).into());
    let score = |v: &f32| T::narrow((center + f64::from(*v) * spread) as i32);
    numbers(len, seed).iter().map(score).collect()
}

#[test]
fn softmax_of_integers_is_the_nearest_integer() {
    // In steps beyond the half that rounding takes.
    let mut beyond = [[0.0f64; 2]; 4];
    for seed in 0..400 {
        for (extents, x_scale) in [
            ([3, 10, 1], 0.1),
            ([1, 1000, 1], 0.02),
            ([2, 7, 5], 0.5),
            ([1, 1, 1], 1.0),
            ([1, 12, 1], 0.003),
        ] {
            let len = extents.iter().product();
            let (short, long) = (
                scores::<i8>(len, x_scale, seed),
                scores::<i16>(len, x_scale / 256.0, seed),
            );
            for (y_scale, zero) in [(1.0 / 256.0, -128), (0.03, 127), (0.1, 0)] {
                let fine = y_scale / 256.0;
                let errors = [
                    softmax_error::<i8, i8>(extents, &short, x_scale, y_scale, zero),
                    softmax_error::<i8, i16>(extents, &short, x_scale, fine, 256 * zero),
                    softmax_error::<i16, i8>(extents, &long, x_scale / 256.0, y_scale, zero),
                    softmax_error::<i16, i16>(extents, &long, x_scale / 256.0, fine, 256 * zero),
                ];
                for (beyond, error) in beyond.iter_mut().flatten().zip(errors.iter().flatten()) {
                    *beyond = beyond.max(error - 0.5);
                }
            }
        }
    }
    println!("steps beyond one half: {beyond:?}");
    let bounds = [[1e-6; 2], [1e-4; 2], [1e-6; 2], [1e-4; 2]];
    assert!(
        beyond
            .iter()
            .flatten()
            .zip(bounds.iter().flatten())
            .all(|(beyond, bound)| beyond < bound),
        "{beyond:?}"
    );
}

#[test]
fn softmax_of_nothing() {
    let none: [f64; 2] = softmax_error::<i8, i8>([0, 3, 1], &[], 0.1, 0.01, 0);
    assert_eq!(none, [0.0; 2]);
    assert_eq!(softmax_error::<i16, i8>([2, 0, 3], &[], 0.1, 0.01, 0), [0.0; 2]);
}

#[test]
fn softmax_of_many_equal_scores_rounds_to_zero() {
    // A probability of less than half a step, and a shift of more than 62 bits.
    let x = vec![5i8; 5000];
    let error = softmax_error::<i8, i8>([1, 5000, 1], &x, 0.1, 1.0, 7);
    assert!(error[0] < 0.5, "{error:?}");
    // A shift of 62 bits, which gives other numbers than zero: a third is more than half a step.
    let error = softmax_error::<i8, i8>([1, 3, 1], &[5; 3], 0.1, 0.6, 7);
    assert!(error[0] < 0.5, "{error:?}");
}

#[test]
fn the_quotient_of_few_bits_is_rounded() {
    // A third of two is nearer to one than to zero. The multiplier over the sum is 2.67, which must become three: two
    // would be a half, and that rounds to zero.
    let [min, max] = NO_LIMITS;
    let layer = QlinearSoftmax {
        outer: 1,
        axis: 3,
        inner: 1,
        multiplier: 4,
        shift: 1,
        zero: 0,
        min,
        max,
    };
    let mut y = [0_i8; 3];
    qlinear_softmax(Simd::detect(), &layer, &[5_i8; 3], &powers::<i8>(0.1), &mut y);
    assert_eq!(y, [1; 3]);
}

#[test]
fn limits_of_a_fused_activation_are_kept() {
    let (extents, x_scale) = ([2, 9, 3], 0.05);
    let x: Vec<i8> = scores(54, x_scale, 1);
    let table = powers::<i8>(x_scale);
    let [outer, axis, inner] = extents;
    let run = |[min, max]: [i32; 2]| {
        let softmax = QlinearSoftmax {
            outer,
            axis,
            inner,
            multiplier: 1 << 30,
            shift: 21,
            zero: -128,
            min,
            max,
        };
        let logarithm = QlinearLogSoftmax {
            outer,
            axis,
            inner,
            score: (x_scale * 2_f64.powi(44)) as i64,
            log: (2_f64.ln() * 2_f64.powi(16)) as i64,
            shift: 40,
            zero: 100,
            min,
            max,
        };
        let mut y = [[0_i8; 54]; 2];
        qlinear_softmax(Simd::detect(), &softmax, &x, &table, &mut y[0]);
        qlinear_log_softmax(Simd::detect(), &logarithm, &x, &table, &mut y[1]);
        y
    };
    for (unlimited, limits) in run(NO_LIMITS).into_iter().zip([[-110, -90], [40, 70]]) {
        let [below, above] = [unlimited.iter().min(), unlimited.iter().max()].map(|y| i32::from(*y.unwrap()));
        assert!(
            below < limits[0] && limits[1] < above,
            "{below} to {above} is within limits"
        );
        let limited = unlimited.map(|y| i32::from(y).clamp(limits[0], limits[1]) as i8);
        assert!(run(limits).contains(&limited), "{limits:?}");
    }
}
