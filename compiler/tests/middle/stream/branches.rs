//! Branches that meet again, each with a delay of its own.

use super::layers::{FRAMES, along, conv, pool, sequences};
use super::run::compare;
use edgec::ir::primitives::{BinaryOp, Concat, PoolKind};
use runtime_core::function::Relu;

#[test]
fn the_earlier_branch_waits_for_the_later() {
    let graph = sequences(|b, x| {
        let y = conv(b, x, 4, 1, along(5, 1, 1, [2, 2]));
        let y = conv(b, y, 4, 4, along(3, 1, 1, [1, 1]));
        let sum = b.binary(BinaryOp::Add, x, y);
        let sum = b.map(Relu, sum);
        let z = conv(b, sum, 4, 1, along(3, 1, 2, [2, 2]));
        b.binary(BinaryOp::Sub, z, sum)
    });
    for step in [1, 2, 5, 8] {
        assert_eq!(compare(&graph, 2, Some(step), 5), 5);
    }
}

#[test]
fn branches_of_the_same_stride() {
    let graph = sequences(|b, x| {
        let y = conv(b, x, 4, 1, along(5, 2, 1, [2, 2]));
        let z = pool(b, x, PoolKind::Max, along(2, 2, 1, [0, 0]));
        let both = b.op(Concat { axis: 1 }, &[y, z]);
        conv(b, both, 3, 1, along(3, 1, 1, [2, 0]))
    });
    for step in [2, 4, 6] {
        assert_eq!(compare(&graph, 2, Some(step), 1), 1);
    }
}

#[test]
fn a_constant_of_the_whole_window_is_one_of_a_run_if_its_frames_are_alike() {
    let graph = sequences(|b, x| {
        let frames = [3.0; 4 * FRAMES].iter().enumerate();
        let alike: Vec<f32> = frames.map(|(i, value)| value + (i / FRAMES) as f32).collect();
        let constant = b.constant(&[4, FRAMES], &alike);
        let sum = b.binary(BinaryOp::Add, constant, x);
        let others = b.constant(&[1, 2, FRAMES], &[1.5; 2 * FRAMES]);
        b.op(Concat { axis: 1 }, &[sum, others])
    });
    for step in [1, 3] {
        assert_eq!(compare(&graph, 2, Some(step), 0), 0);
    }
}
