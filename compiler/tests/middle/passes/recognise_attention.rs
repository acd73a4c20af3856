//! Attention that comes in pieces, and the layout of its operands.

use super::build::Build;
use super::{changes, leaves};
use edgec::ir::ValueId;
use edgec::ir::primitives::{Attention, BinaryOp, MatMul, Select, Slice, Softmax, Transpose};

/// Products of queries and keys, the scores before the softmax.
fn scores(b: &mut Build, q: ValueId, k: ValueId) -> ValueId {
    let rank = b.graph.ty(k).rank();
    let mut perm: Vec<usize> = (0..rank).collect();
    perm.swap(rank - 1, rank - 2);
    let k = b.op(Transpose { perm }, &[k]);
    b.op(MatMul, &[q, k])
}

/// What scores make of values.
fn attended(b: &mut Build, scores: ValueId, v: ValueId) -> ValueId {
    let axis = b.graph.ty(scores).rank() - 1;
    let y = b.op(Softmax { axis, log: false }, &[scores]);
    b.op(MatMul, &[y, v])
}

#[test]
fn recognise_attention() {
    changes("recognise-attention", |b| {
        let (q, k, v) = (b.x(&[2, 3, 5, 4]), b.x(&[2, 3, 7, 4]), b.x(&[2, 3, 7, 6]));
        let (two, mask) = (b.constant(&[], &[2.0]), b.x(&[5, 7]));
        let y = scores(b, q, k);
        let y = b.binary(BinaryOp::Div, y, two);
        let y = b.binary(BinaryOp::Add, mask, y);
        let y = attended(b, y, v);
        b.output(y);
        let q = b.x(&[3, 5, 4]);
        let (k, v) = (b.x(&[3, 6, 4]), b.x(&[3, 6, 4]));
        let half = b.constant(&[1], &[0.5]);
        let (q, k) = (b.binary(BinaryOp::Mul, q, half), b.binary(BinaryOp::Mul, half, k));
        let y = scores(b, q, k);
        let y = attended(b, y, v);
        b.output(y);
        let (x, causal) = (b.x(&[3, 4]), [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        let causal = b.constant(
            &[3, 3],
            &causal.map(|later| if later == 0.0 { 0.0 } else { f32::NEG_INFINITY }),
        );
        let y = scores(b, x, x);
        let y = b.binary(BinaryOp::Add, y, causal);
        let y = attended(b, y, x);
        b.output(y);
    });
    leaves(
        "recognise-attention",
        "scores are wanted, or scaled with their mask",
        |b| {
            let (x, mask) = (b.x(&[2, 5, 4]), b.x(&[5, 5]));
            let y = scores(b, x, x);
            b.output(y);
            let y = attended(b, y, x);
            b.output(y);
            let half = b.constant(&[], &[0.5]);
            let y = scores(b, x, x);
            let y = b.binary(BinaryOp::Add, y, mask);
            let y = b.binary(BinaryOp::Mul, y, half);
            let y = attended(b, y, x);
            b.output(y);
        },
    );
}

/// A number in the place of scores, and minus infinity for what may be all of a row, are not what a mask adds.
#[test]
fn masks_that_forget_scores_stay_in_pieces() {
    for (number, replaces) in [
        (-1e9, true),
        (f32::MIN, true),
        (f32::NEG_INFINITY, true),
        (f32::NEG_INFINITY, false),
    ] {
        leaves("recognise-attention", "the mask is not added, or closes rows", |b| {
            let (x, zero, number) = (b.x(&[5, 4]), b.constant(&[], &[0.0]), b.constant(&[], &[number]));
            let open = b.binary(BinaryOp::Greater, x, zero);
            let open = b.op(Slice::along(&[5, 4], 1, 0, 1), &[open]);
            let y = scores(b, x, x);
            let y = if replaces {
                b.op(Select, &[open, y, number])
            } else {
                let mask = b.op(Select, &[open, zero, number]);
                b.binary(BinaryOp::Add, y, mask)
            };
            let y = attended(b, y, x);
            b.output(y);
        });
    }
}

fn attention(b: &mut Build, [q, k, v]: [ValueId; 3]) -> ValueId {
    let attention = Attention {
        scale: 0.5,
        softcap: 0.0,
        first: None,
        last: Some(0),
        tokens_first: [false; 4],
    };
    b.op(attention, &[q, k, v])
}

#[test]
fn attention_layout() {
    let swap = || Transpose { perm: vec![0, 2, 1, 3] };
    changes("attention-layout", |b| {
        let (q, k, v) = (b.x(&[2, 5, 3, 4]), b.x(&[2, 3, 5, 4]), b.x(&[2, 5, 3, 6]));
        let (q, v) = (b.op(swap(), &[q]), b.op(swap(), &[v]));
        let y = attention(b, [q, k, v]);
        let y = b.op(swap(), &[y]);
        b.output(y);
    });
    leaves(
        "attention-layout",
        "other dimensions move, or both orders are wanted",
        |b| {
            let x = b.x(&[2, 5, 4, 3]);
            let x = b.op(Transpose { perm: vec![0, 3, 1, 2] }, &[x]);
            let y = attention(b, [x, x, x]);
            b.output(y);
            let y = b.op(swap(), &[y]);
            b.output(y);
        },
    );
}
