use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::binary;
use crate::front::shared::heads::{Masks, Settings};
use crate::front::shared::joint_attention::{attend, outputs};
use crate::front::shared::normalization::in_f32;
use crate::ir::op_error;
use crate::ir::primitives::{BinaryOp, MatMul};

/// Attention of tokens to one another, with the product that makes queries, keys and values of them.
pub(super) const MICROSOFT_ATTENTION: OperatorDef = OperatorDef {
    name: "Attention",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "masks of 3 batch + 2 and of 4 dimensions, rotary embedding, shared buffers; computed in float32",
    read: |cx| {
        let settings = Settings::read(cx)?;
        let dtype = cx.ty(0)?.dtype;
        let width = cx.ty(1)?.shape.get(1).copied().unwrap_or(0);
        let sizes = match cx.attributes.ints("qkv_hidden_sizes")? {
            Some(sizes) => sizes.iter().filter_map(|size| usize::try_from(*size).ok()).collect(),
            None => vec![width / 3; 3],
        };
        let sizes = <[usize; 3]>::try_from(sizes).map_err(|sizes| {
            op_error(format!(
                "attribute `qkv_hidden_sizes` is {sizes:?}, it must be 3 numbers"
            ))
        })?;
        let (x, weights) = (in_f32(cx, 0)?, in_f32(cx, 1)?);
        let mut joint = cx.add(MatMul, &[x, weights])?;
        if cx.has(2) {
            let bias = in_f32(cx, 2)?;
            joint = binary(cx, BinaryOp::Add, joint, bias)?;
        }
        if cx.has(6) {
            return Err(op_error(
                "`past_sequence_length` is for buffers that are shared, which is not supported",
            ));
        }
        let masks = Masks {
            padding: cx.has(3).then_some(3),
            bias: cx.has(5).then_some(5),
        };
        let found = attend(cx, &settings, joint, sizes, &masks, 4)?;
        outputs(cx, found, dtype)
    },
};
