use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{binary, part};
use crate::front::shared::heads::{Masks, Settings, after};
use crate::front::shared::normalization::{cast, in_f32};
use crate::ir::primitives::BinaryOp;
use crate::ir::{OpError, ValueId, op_error};

/// Attention of queries to keys and values, which may come from earlier runs.
pub(super) const MULTI_HEAD_ATTENTION: OperatorDef = OperatorDef {
    name: "MultiHeadAttention",
    domain: Domain::Microsoft,
    versions: &[1],
    limits: "packed keys and values, masks of 3 batch + 2, shared buffers, output `qk`; computed in float32",
    read: |cx| {
        let settings = Settings::read(cx)?;
        let dtype = cx.ty(0)?.dtype;
        if !cx.has(1) || !cx.has(2) || cx.ty(0)?.rank() != 3 {
            return Err(op_error("packed queries, keys and values are not supported")
                .help("supported: a query of 3 dimensions, with a key and a value of 3 or 4"));
        }
        if cx.has(8) || cx.has(9) || cx.wants_output(3) {
            return Err(op_error(
                "shared buffers, cache_indirection and the output `qk` are not supported",
            ));
        }
        let q = in_f32(cx, 0)?;
        let q = biased(cx, q, 0)?;
        let q = settings.split(cx, q)?;
        let mut kept = [None; 2];
        for (kept, index) in kept.iter_mut().zip([6, 7]) {
            *kept = if cx.has(index) { Some(cx.input(index)?) } else { None };
        }
        let mut present = [q; 2];
        for (index, value) in present.iter_mut().enumerate() {
            let x = in_f32(cx, index + 1)?;
            // Keys and values of 4 dimensions have their bias already.
            *value = if cx.value_ty(x).rank() == 4 {
                if kept[index].is_some() {
                    return Err(op_error("keys and values of 4 dimensions after those of earlier runs"));
                }
                x
            } else {
                let x = biased(cx, x, index + 1)?;
                let x = settings.split(cx, x)?;
                after(cx, kept[index], x)?
            };
        }
        let masks = Masks {
            padding: cx.has(4).then_some(4),
            bias: cx.has(5).then_some(5),
        };
        let y = settings.attend(cx, [q, present[0], present[1]], &masks)?;
        [y, present[0], present[1]]
            .into_iter()
            .map(|value| cast(cx, value, dtype))
            .collect()
    },
};

/// `[batch, tokens, hidden]` plus its part of the bias, input 3, which has those of queries, keys and values after each
/// other.
fn biased(cx: &mut NodeContext<'_>, x: ValueId, operand: usize) -> Result<ValueId, OpError> {
    if !cx.has(3) {
        return Ok(x);
    }
    let bias = in_f32(cx, 3)?;
    let hidden = cx.ty(0)?.shape[2];
    let given = cx.value_ty(bias).clone();
    let own = cx.value_ty(x).shape[2];
    if given.rank() != 1 || given.len() < operand * hidden + own {
        return Err(op_error(format!(
            "input 3 is {given}, which does not hold the bias of input {operand}"
        )));
    }
    let bias = part(cx, bias, 0, operand * hidden, own)?;
    binary(cx, BinaryOp::Add, x, bias)
}
