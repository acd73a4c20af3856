use super::rotary_embedding::read;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::{binary, storable};
use crate::front::shared::normalization::reshaped;
use crate::ir::primitives::BinaryOp;
use crate::ir::{Tensor, op_error};

/// Turns pairs of a head's elements by the angles of a token's position: `position_ids` name it, or that of the first
/// token.
pub(super) const MICROSOFT_ROTARY_EMBEDDING: OperatorDef = OperatorDef {
    name: "RotaryEmbedding",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "`scale` other than 1, packed batches; float16 and bfloat16 are computed in float32",
    read: |cx| {
        let scale = cx.attributes.float("scale", 1.0)?;
        if scale != 1.0 || cx.attributes.flag("is_packed_batching", false)? {
            return Err(op_error("packed batches, and a scale other than 1, are not supported"));
        }
        let ty = cx.ty(0)?;
        let [batch, tokens] = match ty.shape[..] {
            [batch, tokens, _] | [batch, _, tokens, _] => [batch, tokens],
            _ => return Err(op_error(format!("the input {ty} must have 3 or 4 dimensions"))),
        };
        let mut positions = cx.input(1)?;
        if cx.ty(1)?.len() == 1 {
            storable(&[batch, tokens])?;
            let places: Vec<i64> = (0..batch).flat_map(|_| 0..tokens as i64).collect();
            let places = cx.add_constant(Tensor::i64(&[batch, tokens], &places));
            positions = reshaped(cx, positions, &[])?;
            positions = binary(cx, BinaryOp::Add, places, positions)?;
        }
        // By default the caches turn all of a head.
        let turned = 2 * cx.ty(2)?.shape.get(1).copied().unwrap_or(0);
        let heads = match cx.attributes.int("num_heads", 0)? {
            0 if ty.rank() == 3 && turned > 0 => (ty.shape[2] / turned) as i64,
            heads => heads,
        };
        read(cx, heads, [2, 3], Some(positions))
    },
};
