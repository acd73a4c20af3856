use super::skip_layer_normalization::normalised;
use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{binary, expanded, part, reduce};
use crate::front::shared::normalization::{cast, in_f32, reshaped};
use crate::ir::primitives::{BinaryOp, Gather, ReduceOp};
use crate::ir::{DType, OpError, ValueId, op_error};

/// The sum of the embeddings of words, positions and segments, normalised, scaled and shifted; and how many tokens are
/// open.
pub(super) const EMBED_LAYER_NORMALIZATION: OperatorDef = OperatorDef {
    name: "EmbedLayerNormalization",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "computed in float32",
    read: |cx| {
        let epsilon = cx.attributes.float("epsilon", 1e-12)?;
        cx.attributes.ignore("mask_index_type");
        let (ids, dtype) = (cx.ty(0)?, cx.ty(2)?.dtype);
        let &[batch, tokens] = &ids.shape[..] else {
            return Err(op_error(format!("the input {ids} must have a batch and tokens")));
        };
        let mut sum = looked_up(cx, 2, 0)?;
        let positions = if cx.has(8) {
            if cx.ty(8)?.shape.last() != Some(&tokens) {
                return Err(op_error(format!("position_ids are {} for {ids}", cx.ty(8)?)));
            }
            looked_up(cx, 3, 8)?
        } else {
            let table = in_f32(cx, 3)?;
            part(cx, table, 0, 0, tokens)?
        };
        sum = binary(cx, BinaryOp::Add, sum, positions)?;
        if cx.has(1) {
            let segments = looked_up(cx, 4, 1)?;
            sum = binary(cx, BinaryOp::Add, sum, segments)?;
        }
        let y = normalised(cx, sum, [Some(5), Some(6)], epsilon, false)?;
        let open = if cx.has(7) {
            let mask = cx.input(7)?;
            let one = cx.scalar(cx.value_ty(mask).dtype, 1.0);
            let ones = binary(cx, BinaryOp::Equal, mask, one)?;
            let ones = cast(cx, ones, DType::I32)?;
            let count = reduce(cx, ReduceOp::Sum, ones, vec![1])?;
            reshaped(cx, count, &[batch])?
        } else {
            let zero = cx.scalar(DType::I32, 0.0);
            expanded(cx, zero, &[batch])?
        };
        Ok(vec![cast(cx, y, dtype)?, open, cast(cx, sum, dtype)?])
    },
};

/// Rows of the table, input `table`, by the numbers of input `ids`.
fn looked_up(cx: &mut NodeContext<'_>, table: usize, ids: usize) -> Result<ValueId, OpError> {
    let rows = in_f32(cx, table)?;
    cx.add(Gather { axis: 0 }, &[rows, cx.input(ids)?])
}
