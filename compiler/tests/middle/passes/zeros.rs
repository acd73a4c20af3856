//! Channels and taps of weights that are zero.

use super::build::{Build, IMAGE, window};
use super::{changes, leaves};
use edgec::ir::ValueId;
use edgec::ir::primitives::{BinaryOp, Conv, Layout, PoolKind, Reduce, ReduceOp, Reshape, Softmax};
use runtime_core::function::Relu;

/// A convolution with weights `[oc, ic, k, k]` that are zero for `dead` outputs and `unread` inputs.
fn sparse_conv(b: &mut Build, x: ValueId, [oc, k]: [usize; 2], dead: &[usize], unread: &[usize]) -> ValueId {
    let ic = b.graph.ty(x).shape[1];
    let taps = k * k;
    let weight = |b: &mut Build, i: usize| {
        let zero = dead.contains(&(i / taps / ic)) || unread.contains(&(i / taps % ic));
        if zero { 0.0 } else { b.random() }
    };
    let weights: Vec<f32> = (0..oc * ic * taps).map(|i| weight(b, i)).collect();
    let biases: Vec<f32> = (0..oc).map(|o| if dead.contains(&o) { -1.0 } else { 0.5 }).collect();
    let (w, bias) = (b.constant(&[oc, ic, k, k], &weights), b.constant(&[oc], &biases));
    b.op(
        Conv {
            window: window(k, k / 2),
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Relu.into(),
        },
        &[x, w, bias],
    )
}

#[test]
fn dead_channels() {
    changes("dead-channels", |b| {
        // One that is zero, one that nothing reads, and a classifier that reads zeros.
        let x = b.x(&IMAGE);
        let y = sparse_conv(b, x, [6, 3], &[1], &[]);
        let y = b.pool(PoolKind::Max, y);
        let y = sparse_conv(b, y, [5, 1], &[0, 4], &[3]);
        let y = b.op(
            Reduce {
                op: ReduceOp::Mean,
                axes: vec![2, 3],
            },
            &[y],
        );
        let y = b.op(Reshape { shape: vec![1, 5] }, &[y]);
        let y = b.gemm(y, 3);
        b.output(y);
        // Branches that agree on one of their dead channels.
        let x = b.x(&IMAGE);
        let (p, q) = (
            sparse_conv(b, x, [4, 1], &[0, 2], &[]),
            sparse_conv(b, x, [4, 1], &[2, 3], &[]),
        );
        let y = b.binary(BinaryOp::Add, p, q);
        let y = sparse_conv(b, y, [10, 3], &[], &[]);
        b.output(y);
    });
    leaves(
        "dead-channels",
        "channels are outputs, mixed, other than zero, or one of four that a lone row sums together",
        |b| {
            let x = b.x(&IMAGE);
            let y = sparse_conv(b, x, [4, 1], &[1], &[]);
            b.output(y);
            let y = sparse_conv(b, x, [4, 1], &[1], &[]);
            let y = b.op(Softmax { axis: 1, log: false }, &[y]);
            let y = sparse_conv(b, y, [2, 1], &[], &[]);
            b.output(y);
            let y = sparse_conv(b, x, [4, 1], &[1], &[]);
            let one = b.constant(&[], &[1.0]);
            let y = b.binary(BinaryOp::Add, y, one);
            let y = sparse_conv(b, y, [2, 1], &[], &[]);
            b.output(y);
            let x = b.x(&[1, 4, 1, 1]);
            let y = sparse_conv(b, x, [8, 1], &[1], &[]);
            let y = b.op(Reshape { shape: vec![1, 8] }, &[y]);
            let y = b.gemm(y, 3);
            b.output(y);
        },
    );
}

/// A convolution of `oc` channels, padded by one, with weights in the taps of `used` only.
fn conv_of_taps(b: &mut Build, x: ValueId, oc: usize, used: [u8; 9], pad: usize) -> ValueId {
    let ic = b.graph.ty(x).shape[1];
    let weights: Vec<f32> = (0..oc * ic * 9).map(|i| f32::from(used[i % 9]) * b.random()).collect();
    let w = b.constant(&[oc, ic, 3, 3], &weights);
    b.op(
        Conv {
            window: window(3, pad),
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Relu.into(),
        },
        &[x, w],
    )
}

#[test]
fn zero_taps() {
    changes("zero-taps", |b| {
        let x = b.x(&IMAGE);
        let y = conv_of_taps(b, x, 9, [0, 0, 0, 1, 0, 1, 0, 1, 0], 1);
        b.output(y);
        let y = conv_of_taps(b, x, 16, [0, 0, 0, 0, 1, 0, 0, 0, 0], 1);
        b.output(y);
    });
    leaves(
        "zero-taps",
        "there is no padding to cut off, the zeros are inside, or rows of one output would be summed in another order",
        |b| {
            let x = b.x(&IMAGE);
            let y = conv_of_taps(b, x, 9, [0, 0, 0, 1, 1, 1, 1, 1, 1], 0);
            b.output(y);
            let y = conv_of_taps(b, x, 9, [1, 0, 1, 0, 0, 0, 1, 0, 1], 1);
            b.output(y);
            let column = b.x(&[1, 4, 5, 1]);
            let y = conv_of_taps(b, column, 3, [0, 0, 0, 1, 1, 1, 1, 1, 1], 1);
            b.output(y);
        },
    );
}
