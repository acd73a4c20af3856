//! What layers with weights take in: factors, offsets, padding, activations and residuals.

use super::build::{IMAGE, window};
use super::{changes, leaves};
use edgec::ir::primitives::{
    Binary, BinaryOp, Conv, ConvTranspose, Gemm, Layout, MatMul, Pad, PadMode, PoolKind, ScaleShift,
};
use runtime_core::function::{Clip, Identity, Relu, Sigmoid};

#[test]
fn mat_mul_to_gemm() {
    changes("mat-mul-to-gemm", |b| {
        let (x, v) = (b.x(&[2, 3, 4]), b.x(&[4]));
        let w = b.weights(&[4, 5]);
        for x in [x, v] {
            let y = b.op(MatMul, &[x, w]);
            b.output(y);
        }
    });
    leaves(
        "mat-mul-to-gemm",
        "the weights are computed, batched, or on the left",
        |b| {
            let (x, z) = (b.x(&[2, 3, 4]), b.x(&[4, 5]));
            let (batched, left) = (b.weights(&[2, 4, 5]), b.weights(&[5, 3]));
            for (p, q) in [(x, z), (x, batched), (left, x)] {
                let y = b.op(MatMul, &[p, q]);
                b.output(y);
            }
        },
    );
}

#[test]
fn affine_into_weights() {
    changes("affine-into-weights", |b| {
        let x = b.x(&IMAGE);
        // Grouped, with a bias.
        let (w, bias) = (b.weights(&[6, 2, 3, 3]), b.weights(&[6]));
        let conv = Conv {
            window: window(3, 1),
            groups: 2,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let y = b.op(conv, &[x, w, bias]);
        let (scale, shift) = (b.weights(&[6]), b.weights(&[6]));
        let y = b.op(
            ScaleShift {
                axis: 1,
                activation: Identity.into(),
            },
            &[y, scale, shift],
        );
        let c = b.weights(&[1, 6, 1, 1]);
        let y = b.binary(BinaryOp::Sub, c, y);
        let c = b.weights(&[6, 1, 1]);
        let y = b.binary(BinaryOp::Sub, y, c);
        let c = b.weights(&[6, 1, 1]);
        let y = b.binary(BinaryOp::Div, y, c);
        b.output(y);
        // Transposed and grouped: channels are in another place.
        let w = b.weights(&[4, 3, 2, 2]);
        let conv = ConvTranspose {
            window: window(2, 0),
            output_padding: vec![0, 0],
            groups: 2,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let y = b.op(conv, &[x, w]);
        let c = b.weights(&[1, 6, 1, 1]);
        let y = b.binary(BinaryOp::Mul, y, c);
        b.output(y);
        let y = b.gemm(x, 7);
        let c = b.weights(&[7]);
        let y = b.binary(BinaryOp::Mul, c, y);
        b.output(y);
    });
}

#[test]
fn affine_operators_that_stay() {
    leaves(
        "affine-into-weights",
        "it is not one number per channel, or not affine",
        |b| {
            let x = b.x(&IMAGE);
            for shape in [&[6][..], &[5, 1], &[2, 1, 1, 1, 1], &[1, 4, 5, 6]] {
                let y = b.conv(x, 4, 1);
                let c = b.weights(shape);
                let y = b.binary(BinaryOp::Mul, y, c);
                b.output(y);
            }
            let y = b.conv(x, 4, 1);
            let c = b.weights(&[4, 1, 1]);
            let y = b.binary(BinaryOp::Div, c, y);
            b.output(y);
            let y = b.conv(x, 4, 1);
            let zeros = b.constant(&[4, 1, 1], &[0.0; 4]);
            let y = b.binary(BinaryOp::Div, y, zeros);
            b.output(y);
        },
    );
    leaves(
        "affine-into-weights",
        "the result is read elsewhere, or is not the convolution's own",
        |b| {
            let x = b.x(&IMAGE);
            let c = b.weights(&[4, 1, 1]);
            let conv = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Mul, conv, c);
            b.output(y);
            b.output(conv);
            let conv = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Mul, conv, conv);
            b.output(y);
            let w = b.weights(&[4, 4, 3, 3]);
            let fused = Conv {
                window: window(3, 1),
                groups: 1,
                layout: Layout::ChannelsFirst,
                activation: Relu.into(),
            };
            let y = b.op(fused, &[x, w]);
            let y = b.binary(BinaryOp::Mul, y, c);
            b.output(y);
        },
    );
    leaves("affine-into-weights", "the bias is computed", |b| {
        let (x, bias) = (b.x(&IMAGE), b.x(&[4]));
        let (w, c) = (b.weights(&[4, 4, 3, 3]), b.weights(&[4, 1, 1]));
        let conv = Conv {
            window: window(3, 1),
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let y = b.op(conv, &[x, w, bias]);
        let y = b.binary(BinaryOp::Mul, y, c);
        b.output(y);
    });
}

#[test]
fn fuse_pad() {
    changes("fuse-pad", |b| {
        let x = b.x(&IMAGE);
        let padded = b.pad(x, 2, 0.0);
        let y = b.conv(padded, 4, 1);
        b.output(y);
        b.output(padded);
        let y = b.pad(x, 3, f32::NEG_INFINITY);
        let y = b.pool(PoolKind::Max, y);
        b.output(y);
    });
    leaves("fuse-pad", "the padding is of other elements, or of other axes", |b| {
        let x = b.x(&IMAGE);
        let y = b.pad(x, 1, 1.0);
        let y = b.conv(y, 4, 1);
        b.output(y);
        let y = b.pad(x, 1, 0.0);
        let y = b.pool(PoolKind::Max, y);
        b.output(y);
        let y = b.pad(x, 1, 0.0);
        let y = b.pool(
            PoolKind::Average {
                count_include_pad: false,
            },
            y,
        );
        b.output(y);
        let zero = b.constant(&[], &[0.0]);
        let (begins, ends) = (vec![0, 2, 0, 0], vec![0, 0, 0, 1]);
        let y = b.op(
            Pad {
                begins: begins.clone(),
                ends,
                mode: PadMode::Constant,
            },
            &[x, zero],
        );
        let y = b.conv(y, 4, 1);
        b.output(y);
        let y = b.op(
            Pad {
                begins: vec![0, 0, 1, 1],
                ends: vec![0; 4],
                mode: PadMode::Edge,
            },
            &[x],
        );
        let y = b.conv(y, 4, 1);
        b.output(y);
    });
}

#[test]
fn fuse_activation() {
    changes("fuse-activation", |b| {
        let x = b.x(&IMAGE);
        let y = b.conv(x, 4, 4);
        let y = b.map(Clip { min: 0.0, max: 6.0 }, y);
        let y = b.gemm(y, 3);
        let y = b.map(Sigmoid, y);
        let z = b.weights(&[3]);
        let y = b.binary(BinaryOp::Sub, z, y);
        let y = b.map(Relu, y);
        b.output(y);
    });
    leaves(
        "fuse-activation",
        "the result is read elsewhere, has an activation, or is a truth value",
        |b| {
            let x = b.x(&IMAGE);
            let y = b.conv(x, 4, 1);
            let z = b.map(Relu, y);
            b.output(z);
            b.output(y);
            let y = b.conv(x, 4, 1);
            let (p, q) = (b.map(Relu, y), b.map(Sigmoid, y));
            let z = b.binary(BinaryOp::Div, p, q);
            b.output(z);
            let y = b.pool(PoolKind::Max, x);
            let z = b.map(Relu, y);
            b.output(z);
            let w = b.weights(&[6, 2]);
            let y = b.op(
                Gemm {
                    activation: Relu.into(),
                },
                &[x, w],
            );
            let z = b.map(Sigmoid, y);
            b.output(z);
        },
    );
}

#[test]
fn fuse_residual() {
    changes("fuse-residual", |b| {
        let x = b.x(&IMAGE);
        let y = b.conv(x, 4, 1);
        let add = Binary {
            op: BinaryOp::Add,
            activation: Relu.into(),
        };
        let y = b.op(add.clone(), &[x, y]);
        // Both could take the other: the later one does.
        let (p, q) = (b.conv(y, 4, 1), b.conv(y, 4, 2));
        let y = b.op(add, &[q, p]);
        b.output(y);
        let y = b.gemm(y, 6);
        let y = b.binary(BinaryOp::Add, y, x);
        b.output(y);
    });
    leaves(
        "fuse-residual",
        "it broadcasts, is read elsewhere, or has an activation before the sum",
        |b| {
            let x = b.x(&IMAGE);
            let row = b.x(&[6]);
            let y = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Add, y, row);
            b.output(y);
            let conv = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Add, conv, x);
            b.output(y);
            b.output(conv);
            let conv = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Add, conv, conv);
            b.output(y);
            let w = b.weights(&[4, 4, 3, 3]);
            let fused = Conv {
                window: window(3, 1),
                groups: 1,
                layout: Layout::ChannelsFirst,
                activation: Relu.into(),
            };
            let y = b.op(fused, &[x, w]);
            let y = b.binary(BinaryOp::Add, y, x);
            b.output(y);
            let y = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Sub, x, y);
            b.output(y);
        },
    );
}
