//! What `Attention` and `QAttention` of `com.microsoft` do after their product: queries, keys and values side by side.

use super::compose::part;
use super::heads::{Masks, Settings, after};
use super::normalization::{cast, reshaped};
use crate::front::node::NodeContext;
use crate::ir::primitives::Concat;
use crate::ir::{DType, OpError, ValueId, op_error};

/// Attention over `[batch, tokens, q + k + v]` in `f32`, the parts of these sizes; keys and values of earlier runs are
/// input `past`, `[2, batch, heads, tokens, size]`. Gives the output, and the keys and values for the next run.
pub(in crate::front) fn attend(
    cx: &mut NodeContext<'_>,
    settings: &Settings,
    joint: ValueId,
    sizes: [usize; 3],
    masks: &Masks,
    past: usize,
) -> Result<[ValueId; 2], OpError> {
    let ty = cx.value_ty(joint).clone();
    if ty.rank() != 3 || ty.shape[2] != sizes.iter().sum::<usize>() {
        return Err(op_error(format!("the product {ty} does not divide into {sizes:?}")));
    }
    let mut parts = [joint; 3];
    let mut start = 0;
    for (value, size) in parts.iter_mut().zip(sizes) {
        let slice = part(cx, joint, 2, start, size)?;
        *value = settings.split(cx, slice)?;
        start += size;
    }
    let mut kept = [None; 2];
    if cx.has(past) {
        let (value, ty) = (cx.input(past)?, cx.ty(past)?);
        let &[2, batch, heads, tokens, size] = &ty.shape[..] else {
            return Err(op_error(format!(
                "input {past} is {ty}, it must be [2, batch, heads, tokens, size]"
            )));
        };
        for (index, kept) in kept.iter_mut().enumerate() {
            let half = part(cx, value, 0, index, 1)?;
            *kept = Some(reshaped(cx, half, &[batch, heads, tokens, size])?);
        }
    }
    let k = after(cx, kept[0], parts[1])?;
    let v = after(cx, kept[1], parts[2])?;
    let y = settings.attend(cx, [parts[0], k, v], masks)?;
    if !cx.wants_output(1) {
        return Ok([y, y]);
    }
    let mut present = [k, v];
    for value in &mut present {
        let shape = [&[1], &cx.value_ty(*value).shape[..]].concat();
        *value = reshaped(cx, *value, &shape)?;
    }
    if cx.value_ty(k) != cx.value_ty(v) {
        return Err(op_error("keys and values of different sizes are no single output"));
    }
    Ok([y, cx.add(Concat { axis: 0 }, &present)?])
}

/// The outputs in the element type of input 0, or of floats where that is quantised.
pub(in crate::front) fn outputs(
    cx: &mut NodeContext<'_>,
    outputs: [ValueId; 2],
    to: DType,
) -> Result<Vec<ValueId>, OpError> {
    outputs.into_iter().map(|output| cast(cx, output, to)).collect()
}
