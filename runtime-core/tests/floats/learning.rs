//! Kernels of classical machine learning against plain loops and results worked out by hand.

use runtime_core::Simd;
use runtime_core::kernels::{Forest, PairwiseCoupling, SquaredDistances, forest, pairwise_coupling, squared_distances};

const SIMD: Simd = Simd::BASELINE;
const LEAF: u16 = 0x8000;

/// Two trees over two features. The first has two nodes; the second is a leaf.
fn grown(x: &[f32], marked: u16) -> [f32; 3] {
    let layer = Forest {
        features: 2,
        targets: 3,
        width: 2,
    };
    let trees = [0, 0, 0, 0, 2, i32::from(LEAF), 3, 1];
    let nodes = [marked, LEAF, 1, 1, LEAF | 1, LEAF | 2];
    let leaves = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 0.25, 0.5];
    let mut y = [f32::NAN; 3];
    forest(SIMD, layer, x, &trees, &nodes, &[0.5, -1.0], &leaves, &mut y);
    y
}

#[test]
fn paths_end_in_leaves() {
    assert_eq!(grown(&[0.5, 9.0], 0), [1.0, 2.25, 0.5]);
    assert_eq!(grown(&[0.75, -1.0], 0), [3.0, 4.25, 0.5]);
    assert_eq!(grown(&[0.75, 0.0], 0), [5.0, 6.25, 0.5]);
    assert_eq!(grown(&[f32::NAN, f32::NAN], 0), [5.0, 6.25, 0.5]);
    assert_eq!(grown(&[f32::NAN, f32::NAN], LEAF), [1.0, 2.25, 0.5]);
}

#[test]
fn tables_that_lead_nowhere_give_nothing() {
    let layer = Forest {
        features: 1,
        targets: 1,
        width: 1,
    };
    let run = |trees: &[i32], nodes: &[u16]| {
        let mut y = [7.0f64];
        forest(SIMD, layer, &[0.0], trees, nodes, &[1.0], &[3.0], &mut y);
        y[0]
    };
    assert_eq!(run(&[0, 0, 0, 0], &[0, LEAF, LEAF]), 3.0);
    assert_eq!(run(&[0, 0, 0, 0], &[0, 0, 0]), 0.0);
    assert_eq!(run(&[0, 0, 0, 0], &[0, 9, 9]), 0.0);
    assert_eq!(run(&[0, 0, 0, 0], &[1, LEAF, LEAF]), 0.0);
    assert_eq!(run(&[-1, 0, 0, 0], &[0, LEAF, LEAF]), 0.0);
    assert_eq!(run(&[0, 0, -1, 0], &[0, LEAF, LEAF]), 0.0);
    assert_eq!(run(&[0, 0, 0, -1], &[0, LEAF, LEAF]), 0.0);
    assert_eq!(run(&[0, 0, 0], &[0, LEAF, LEAF]), 0.0);
}

#[test]
fn distances_of_points_far_from_zero() {
    let layer = SquaredDistances { points: 3, features: 2 };
    let points = [10_000.0, 20_000.0, 10_000.5, 20_001.0, 9_999.0, 20_000.0];
    let mut y = [f32::NAN; 6];
    squared_distances(SIMD, layer, &[10_000.0, 20_000.0, 9_999.0, 20_001.0], &points, &mut y);
    assert_eq!(y, [0.0, 1.25, 1.0, 2.0, 2.25, 1.0]);
    let mut y = [f64::NAN; 3];
    squared_distances(SIMD, layer, &[0.0, 0.0], &[3.0, 4.0, 0.0, 1.0, 0.0, 0.0], &mut y);
    assert_eq!(y, [25.0, 1.0, 0.0]);
}

#[test]
fn coupled_probabilities() {
    // Pairs that agree with the probabilities 1/2, 1/3 and 1/6 have these as their minimum.
    let layer = PairwiseCoupling { classes: 3 };
    let p = [0.5, 1.0 / 3.0, 1.0 / 6.0];
    let share = |i: usize, j: usize| p[i] / (p[i] + p[j]);
    let pairs = [share(0, 1), share(0, 2), share(1, 2), 0.5, 0.5, 0.5];
    let (mut y, mut scratch) = ([f32::NAN; 6], [f32::NAN; 12]);
    pairwise_coupling(SIMD, layer, &pairs, &mut y, &mut scratch);
    let expected = [p[0], p[1], p[2], 1.0 / 3.0, 1.0 / 3.0, 1.0 / 3.0];
    for (y, expected) in y.iter().zip(expected) {
        assert!((y - expected).abs() < 0.01, "{y} where {expected} is right");
    }
    assert!((y[..3].iter().sum::<f32>() - 1.0).abs() < 1e-5);
}

#[test]
fn nothing_to_couple() {
    let mut y: [f32; 0] = [];
    pairwise_coupling(SIMD, PairwiseCoupling { classes: 0 }, &[], &mut y, &mut []);
    let mut y = [3.0];
    pairwise_coupling(SIMD, PairwiseCoupling { classes: 2 }, &[0.5], &mut y, &mut [0.0; 6]);
    assert_eq!(y, [3.0]);
}
