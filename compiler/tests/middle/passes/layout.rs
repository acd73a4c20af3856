//! Channels-last, and transposes that move or vanish.

use super::build::{Build, IMAGE, window};
use super::{changes, keeps_results, leaves, pass};
use edgec::ir::Tensor;
use edgec::ir::primitives::{
    BIAS, BinaryOp, Conv, Direction, Gemm, Layout, PoolKind, Recurrence, RecurrentCell, Reshape, Transpose,
};
use edgec::middle::passes::run;
use runtime_core::function::{Identity, Relu, Sigmoid, Tanh};
use runtime_core::kernels::Gru;

#[test]
fn channels_last() {
    changes("channels-last", |b| {
        let x = b.x(&IMAGE);
        let y = b.conv(x, 4, 1);
        let y = b.pool(
            PoolKind::Average {
                count_include_pad: true,
            },
            y,
        );
        b.output(y);
        let (w, bias, residual) = (b.weights(&[4, 4, 3, 3]), b.weights(&[4]), b.x(&IMAGE));
        let conv = Conv {
            window: window(3, 1),
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Relu.into(),
        };
        let y = b.op(conv, &[x, w, bias, residual]);
        b.output(y);
    });
    leaves("channels-last", "it is already, or has no channels", |b| {
        let x = b.x(&[1, 5, 6, 4]);
        let w = b.weights(&[3, 4, 3, 3]);
        let conv = Conv {
            window: window(3, 1),
            groups: 1,
            layout: Layout::ChannelsLast,
            activation: Identity.into(),
        };
        let y = b.op(conv, &[x, w]);
        let y = b.map(Sigmoid, y);
        let y = b.gemm(y, 2);
        b.output(y);
    });
}

/// A GRU of 18 units over three steps, whose last gate has a bias of its own; the weights as the reader leaves them.
fn gru(b: &mut Build) {
    let x = b.x(&[3, 1, 3 * 18]);
    let (none, weights) = (b.constant(&[0], &[]), b.weights(&[18 * (3 * 18 + 1)]));
    let lengths = b.graph.add_constant("lengths", Tensor::i32(&[0], &[]));
    let cell = RecurrentCell::Gru(Gru {
        f: Sigmoid.into(),
        g: Tanh.into(),
        linear_before_reset: true,
    });
    let layer = Recurrence {
        hidden: 18,
        batch_first: false,
        clip: f32::INFINITY,
        directions: vec![Direction { reverse: false, cell }],
        packed: false,
    };
    let y = b.op(layer, &[x, none, lengths, weights]);
    b.output(y);
}

#[test]
fn gate_panels() {
    changes("gate-panels", gru);
    leaves("gate-panels", "they are packed already", |b| {
        gru(b);
        run(&mut b.graph, &[pass("gate-panels")], &mut |_, _| {}).unwrap();
    });
}

#[test]
fn sink_transposes() {
    changes("sink-transposes", |b| {
        let x = b.x(&IMAGE);
        let t = b.op(Transpose { perm: vec![0, 2, 3, 1] }, &[x]);
        let u = b.op(Transpose { perm: vec![0, 2, 3, 1] }, &[x]);
        let t = b.map(Relu, t);
        let c = b.weights(&[4]);
        let y = b.binary(BinaryOp::Mul, t, c);
        let y = b.op(edgec::ir::primitives::Concat { axis: 3 }, &[y, u]);
        let y = b.op(Transpose { perm: vec![0, 3, 1, 2] }, &[y]);
        b.output(y);
    });
    keeps_results(pass("sink-transposes"), &|b| {
        let (none, twice) = (b.x(&[0, 3, 4]), b.constant(&[], &[2.0]));
        let t = b.op(Transpose { perm: vec![0, 2, 1] }, &[none]);
        let y = b.binary(BinaryOp::Mul, t, twice);
        b.output(y);
    });
    leaves(
        "sink-transposes",
        "only one operand is transposed, or the reshape joins what it brought together",
        |b| {
            let (x, z) = (b.x(&[4, 5]), b.x(&[5, 4]));
            let t = b.op(Transpose { perm: vec![1, 0] }, &[x]);
            let y = b.binary(BinaryOp::Add, t, z);
            b.output(y);
            let y = b.op(Reshape { shape: vec![20] }, &[t]);
            b.output(y);
        },
    );
}

#[test]
fn gemm_rows() {
    changes("gemm-rows", |b| {
        let x = b.x(&[2, 3, 4, 5]);
        let y = b.op(Transpose { perm: vec![0, 3, 1, 2] }, &[x]);
        let y = b.op(Reshape { shape: vec![2, 60] }, &[y]);
        let (w, bias) = (b.weights(&[60, 3]), b.weights(&[3]));
        assert_eq!(BIAS, 2);
        let y = b.op(
            Gemm {
                activation: Relu.into(),
            },
            &[y, w, bias],
        );
        b.output(y);
        let x = b.x(&[1, 3, 2]);
        let y = b.op(Transpose { perm: vec![2, 0, 1] }, &[x]);
        let y = b.op(Reshape { shape: vec![1, 6] }, &[y]);
        let y = b.gemm(y, 2);
        b.output(y);
    });
    leaves("gemm-rows", "rows are mixed, or there are too many dimensions", |b| {
        let x = b.x(&[2, 3, 4]);
        let y = b.op(Transpose { perm: vec![1, 0, 2] }, &[x]);
        let y = b.op(Reshape { shape: vec![3, 8] }, &[y]);
        let y = b.gemm(y, 2);
        b.output(y);
        let y = b.op(Transpose { perm: vec![2, 1, 0] }, &[x]);
        let y = b.op(Reshape { shape: vec![4, 6] }, &[y]);
        let y = b.gemm(y, 2);
        b.output(y);
        let x = b.x(&[2; 8]);
        let y = b.op(
            Transpose {
                perm: vec![7, 6, 5, 4, 3, 2, 1, 0],
            },
            &[x],
        );
        let y = b.op(Reshape { shape: vec![1, 256] }, &[y]);
        let y = b.gemm(y, 2);
        b.output(y);
    });
}
