//! Instruction sets to test, pseudo-random inputs, and the comparison of results.

use runtime_core::Simd;

pub(crate) fn both(test: impl Fn(Simd)) {
    test(Simd::detect());
    test(Simd::BASELINE);
}

pub(crate) fn noise(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    (0..count).map(|_| next() * 3.0).collect()
}

pub(crate) fn close(y: &[f32], expected: impl IntoIterator<Item = f64>, tolerance: f64, what: &str) {
    let expected: Vec<f64> = expected.into_iter().collect();
    assert_eq!(y.len(), expected.len(), "{what}");
    for (i, (y, expected)) in y.iter().zip(expected).enumerate() {
        let same = *y == expected as f32 || y.is_nan() && expected.is_nan();
        assert!(
            same || (f64::from(*y) - expected).abs() <= tolerance * expected.abs().max(1.0),
            "{what}: {y} for {expected} at {i}"
        );
    }
}
