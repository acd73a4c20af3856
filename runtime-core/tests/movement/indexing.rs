//! Kernels that pick, put, accumulate and sample, against plain loops, and with operands that do not fit.

use runtime_core::kernels::*;
use runtime_core::{Simd, f16};

const SIMD: Simd = Simd::BASELINE;

/// Numbers without order, with repetitions.
fn numbers(count: usize) -> Vec<i32> {
    (0..count as i64).map(|i| (i * 7919 % 31 - 11) as i32).collect()
}

#[test]
fn places_of_tuples() {
    let layer = Locate {
        dims: [2, 3],
        strides: [100, 1],
        axes: [4, 5],
        steps: [20, 10],
    };
    let indices = [0i64, 0, 1, -1, 3, 4, -4, -5, 4, 0, i64::MIN, 0];
    let mut y = [7; 6];
    locate(SIMD, layer, &indices, &mut y);
    assert_eq!(y, [0, 61, 102, 100, i32::MAX, i32::MAX]);
    let mut y = [7; 6];
    locate(SIMD, layer, &[1i32, 1], &mut y);
    assert_eq!(y, [30, 7, 7, 7, 7, 7], "the rest is left as it was");
}

#[test]
fn scattered_slices() {
    let x = numbers(12);
    let places = [2, 0, 2, i32::MAX, -1, 3];
    let updates: Vec<i32> = (0..18).collect();
    let mut expected = x.clone();
    for (place, update) in [2usize, 0, 2, 3].iter().zip([0, 3, 6, 15]) {
        for i in 0..3 {
            expected[place * 3 + i] = expected[place * 3 + i].wrapping_mul(update + i as i32);
        }
    }
    let layer = Scatter { inner: 3, op: Mul };
    let mut y = vec![0; 12];
    scatter(SIMD, layer, &x, &places, &updates, &mut y);
    assert_eq!(y, expected);
    let mut y = x.clone();
    scatter_in_place(SIMD, layer, &places, &updates, &mut y);
    assert_eq!(y, expected);
    let nothing = Scatter { inner: 0, op: Replace };
    scatter_in_place(SIMD, nothing, &places, &[], &mut y);
    assert_eq!(y, expected);
}

#[test]
fn cumulated() {
    for (outer, axis, inner) in [(1, 5, 1), (3, 4, 5), (2, 0, 3), (0, 3, 2), (2, 3, 0)] {
        let x = numbers(outer * axis * inner);
        for (exclusive, reverse) in [(false, false), (false, true), (true, false), (true, true)] {
            let op = Sum;
            let layer = Cumulate {
                outer,
                axis,
                inner,
                exclusive,
                reverse,
                op,
            };
            let mut y = vec![0; x.len()];
            cumulate(SIMD, layer, &x, &mut y);
            for (at, y) in y.iter().enumerate() {
                let (o, j, i) = (at / (axis * inner), at / inner % axis, at % inner);
                let counts = |k: &usize| if reverse { *k > j } else { *k < j } || !exclusive && *k == j;
                let sum: i32 = (0..axis).filter(counts).map(|k| x[(o * axis + k) * inner + i]).sum();
                assert_eq!(*y, sum, "{layer:?} {at}");
            }
        }
    }
}

#[test]
fn the_greatest_and_the_least() {
    for (outer, axis, inner) in [(1, 9, 1), (2, 33, 3), (1, 1, 4), (0, 3, 1)] {
        let x: Vec<f32> = numbers(outer * axis * inner).iter().map(|x| *x as f32).collect();
        for k in [0, 1, axis / 2, axis] {
            for largest in [true, false] {
                let layer = TopK {
                    outer,
                    axis,
                    inner,
                    k,
                    largest,
                };
                let (mut y, mut places) = (vec![0.0; outer * k * inner], vec![0; outer * k * inner]);
                top_k(SIMD, layer, &x, &mut y, &mut places);
                for o in 0..outer {
                    for i in 0..inner {
                        let element = |place: &usize| x[(o * axis + place) * inner + i];
                        let mut order: Vec<usize> = (0..axis).collect();
                        order.sort_by(|a, b| {
                            let order = element(a).total_cmp(&element(b));
                            if largest { order.reverse() } else { order }
                        });
                        for (j, place) in order.iter().take(k).enumerate() {
                            let at = (o * k + j) * inner + i;
                            assert_eq!((places[at], y[at]), (*place as i64, element(place)), "{layer:?}");
                        }
                    }
                }
            }
        }
    }
}

/// The determinant by its definition, along the first row.
fn determinant(n: usize, a: &[f64]) -> f64 {
    if n == 0 {
        return 1.0;
    }
    let minor = |column: usize| -> Vec<f64> {
        let kept = (n..n * n).filter(|at| at % n != column);
        kept.map(|at| a[at]).collect()
    };
    let sign = |column: usize| if column.is_multiple_of(2) { 1.0 } else { -1.0 };
    (0..n)
        .map(|column| sign(column) * a[column] * determinant(n - 1, &minor(column)))
        .sum()
}

#[test]
fn determinants() {
    for size in 0..6 {
        let matrices: Vec<f64> = numbers(3 * size * size).iter().map(|x| f64::from(*x)).collect();
        let (mut y, mut scratch) = ([7.0; 3], vec![0.0; size * size]);
        det(SIMD, Det { size }, &matrices, &mut y, &mut scratch);
        for (i, y) in y.iter().enumerate() {
            let expected = determinant(size, &matrices[i * size * size..(i + 1) * size * size]);
            assert!(
                (y - expected).abs() <= 1e-9 * expected.abs().max(1.0),
                "{y} instead of {expected}"
            );
        }
    }
}

#[test]
fn bits() {
    let mut y = [0u16; 2];
    bit_cast(SIMD, BitCast, &[f16::from_f32(1.0), f16::from_f32(-2.0)], &mut y);
    assert_eq!(y, [0x3c00, 0xc000]);
    let mut back = [f16::from_f32(0.0); 2];
    bit_cast(SIMD, BitCast, &y, &mut back);
    assert_eq!(back.map(f16::to_f32), [1.0, -2.0]);
}

#[test]
fn samples_far_outside() {
    let x: Vec<f32> = (0..6).map(|i| i as f32).collect();
    let grid = [f32::INFINITY, 0.0, -1e30, 1e30, f32::NAN, 2.0, 0.0, f32::MIN];
    for mode in [GridMode::Nearest, GridMode::Linear, GridMode::Cubic] {
        for padding in [GridPadding::Zeros, GridPadding::Border, GridPadding::Reflection] {
            for align_corners in [false, true] {
                let layer = GridSample {
                    input: [2, 3],
                    channels: 1,
                    points: 4,
                    mode,
                    padding,
                    align_corners,
                };
                let mut y = [7.0; 4];
                grid_sample(SIMD, layer, &x, &grid, &mut y);
                assert!(y.iter().all(|y| *y != 7.0), "{layer:?}");
                grid_sample(SIMD, layer, &x[..5], &grid, &mut y);
                grid_sample(SIMD, layer, &x, &grid[..3], &mut y);
            }
        }
    }
}

#[test]
fn regions_of_images_that_are_not_there() {
    let layer = RoiAlign {
        channels: 1,
        height: 2,
        width: 2,
        output_height: 1,
        output_width: 1,
        sampling_ratio: 0,
        spatial_scale: 1.0,
        half_pixel: true,
        max: false,
    };
    let rois = [0.0, 0.0, 2.0, 2.0].repeat(4);
    let mut y = [7.0; 4];
    roi_align(
        SIMD,
        layer,
        &[1.0f32, 2.0, 3.0, 4.0],
        &rois,
        &[0, 1, -1, i64::MAX],
        &mut y,
    );
    assert_eq!(y, [2.5, 0.0, 0.0, 0.0]);
    let backwards = [2.0, 2.0, 0.0, f32::NAN];
    roi_align(SIMD, layer, &[1.0f32, 2.0, 3.0, 4.0], &backwards, &[0], &mut y[..1]);
    assert_eq!(y[0], 0.0);
}

/// Regions far larger than the image give what those samples give that lie in it, in as many steps as these take.
#[test]
fn regions_far_larger_than_the_image() {
    let layer = |max, half_pixel| RoiAlign {
        channels: 1,
        height: 2,
        width: 3,
        output_height: 2,
        output_width: 2,
        sampling_ratio: 0,
        spatial_scale: 1.0,
        half_pixel,
        max,
    };
    let x = [1.0f32, 2.0, 3.0, 4.0, 5.0, 6.0];
    let far = [
        1e9,
        -1e9,
        1e30,
        -1e30,
        f32::MAX,
        f32::MIN,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        0.0,
    ];
    let start = std::time::Instant::now();
    for (max, half_pixel) in [(false, false), (false, true), (true, false), (true, true)] {
        for (low, high) in far.iter().flat_map(|low| far.iter().map(move |high| (*low, *high))) {
            let mut y = [7.0; 4];
            roi_align(SIMD, layer(max, half_pixel), &x, &[low, low, high, high], &[0], &mut y);
            assert!(y.iter().all(|y| *y < 7.0), "{low} to {high}: {y:?}");
        }
    }
    // A step for each of the 10^9 samples along one axis alone would take seconds.
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());

    // As many samples given as there would be without: every one of them is visited then.
    let roi = [-9.0f32, -20.0, 14.0, 31.0];
    let (mut y, mut expected) = ([7.0; 4], [7.0; 4]);
    for max in [false, true] {
        let square = RoiAlign {
            output_height: 1,
            output_width: 1,
            ..layer(max, true)
        };
        roi_align(SIMD, square, &x, &[roi[0], roi[0], roi[2], roi[2]], &[0], &mut y[..1]);
        let given = RoiAlign {
            sampling_ratio: 23,
            ..square
        };
        roi_align(
            SIMD,
            given,
            &x,
            &[roi[0], roi[0], roi[2], roi[2]],
            &[0],
            &mut expected[..1],
        );
        assert_eq!(y[0].to_bits(), expected[0].to_bits(), "{max}");
        roi_align(SIMD, layer(max, true), &x, &roi, &[0], &mut y);
        assert!(y.iter().any(|y| *y > 0.0), "{y:?}");
    }
}

#[test]
fn sequences_of_tokens() {
    let layer = TfIdf {
        columns: 6,
        outputs: 4,
        shortest: 1,
        skips: 2,
    };
    // [2] [5], [2, 5] [5, 2]
    let (tokens, starts, counters) = ([2, 5, 2, 5, 5, 2], [0, 0, 2, 2, 6, 4], [3, 1, 0, 2]);
    let x = [2i64, 5, 2, 2, 9, 5];
    let mut y = [7.0; 4];
    tf_idf(SIMD, layer, &x, &tokens, &starts, &counters, &mut y);
    let pairs = |a: i64, b: i64| {
        let at = |i: usize, step: usize| x.get(i + step).is_some_and(|x| *x == b) && x[i] == a;
        (1..=3)
            .flat_map(|step| (0..6).map(move |i| (i, step)))
            .filter(|(i, step)| at(*i, *step))
            .count() as f32
    };
    assert_eq!(y, [pairs(2, 5), 2.0, pairs(5, 2), 3.0]);
    for wrong in [[0, 0, 2, 2, 60, 4], [0, 0, -1, 2, 6, 4], [6, 4, 2, 2, 0, 0]] {
        tf_idf(SIMD, layer, &x, &tokens, &wrong, &counters, &mut y);
    }
}

#[test]
fn trees_without_an_end() {
    let layer = TreeEnsemble {
        features: 1,
        targets: 2,
        op: Max,
    };
    // x <= 0 gives target 0 the value -3, and then target 1 the value 4; otherwise nothing.
    let nodes = [0, 0, 1, -1, 6, 0, 2, -1, 6, 1, -1, -1];
    let mut y = [7.0; 4];
    tree_ensemble(SIMD, layer, &[-1.0f32, 1.0], &[0], &nodes, &[0.0, -3.0, 4.0], &mut y);
    assert_eq!(y, [-3.0, 4.0, 0.0, 0.0]);
    let circle = [0, 0, 0, 0];
    tree_ensemble(SIMD, layer, &[-1.0f32, 1.0], &[0, 9], &circle, &[0.0], &mut y);
    assert_eq!(y[..2], [0.0, 0.0]);
}
