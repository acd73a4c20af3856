//! What keeps a query from keys: masks, causality, windows, padding.

use super::compose::{binary, expanded, storable};
use super::normalization::{cast, reshaped};
use crate::front::node::NodeContext;
use crate::ir::primitives::{BinaryOp, Concat, Select};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// The extents of the scores.
pub(in crate::front) struct Frame {
    pub(in crate::front) batch: usize,
    pub(in crate::front) queries: usize,
    pub(in crate::front) keys: usize,
    /// Elements of a query.
    pub(in crate::front) size: usize,
}

/// Query `i` attends the keys from `i + first` to `i + last`.
#[derive(Clone, Copy)]
pub(in crate::front) struct Band {
    pub(in crate::front) first: Option<isize>,
    pub(in crate::front) last: Option<isize>,
}

impl Band {
    /// Reads attributes `is_causal` and `.._window_size`; query 0 is at place `offset` of the keys.
    pub(in crate::front) fn read(cx: &mut NodeContext<'_>, offset: usize) -> Result<Self, OpError> {
        let causal = cx.attributes.flag("is_causal", false)?;
        let mut bounds = [None; 2];
        for (bound, name) in bounds.iter_mut().zip(["left_window_size", "right_window_size"]) {
            *bound = match cx.attributes.int(name, -1)? {
                -1 => None,
                size => match isize::try_from(size).ok().filter(|size| *size >= 0) {
                    Some(size) => Some(size),
                    None => {
                        return Err(op_error(format!(
                            "{name} is {size}, it must be -1 or a number of tokens"
                        )));
                    }
                },
            };
        }
        let ahead = if causal { Some(0) } else { bounds[1] };
        let offset = offset as isize;
        Ok(Self {
            first: bounds[0].map(|size| offset.saturating_sub(size)),
            last: ahead.map(|size| offset.saturating_add(size)),
        })
    }
}

impl Frame {
    /// From queries and keys, and which of them have tokens before heads.
    pub(in crate::front) fn new(
        cx: &NodeContext<'_>,
        [q, k]: [ValueId; 2],
        tokens_first: &[bool],
    ) -> Result<Self, OpError> {
        let extents = |value, tokens_first: bool| match cx.value_ty(value).shape[..] {
            [batch, tokens, _, size] if tokens_first => Ok((batch, tokens, size)),
            [batch, _, tokens, size] => Ok((batch, tokens, size)),
            _ => Err(op_error(format!(
                "the operand {} must have 3 or 4 dimensions",
                cx.value_ty(value)
            ))),
        };
        let ((batch, queries, size), (_, keys, _)) = (extents(q, tokens_first[0])?, extents(k, tokens_first[1])?);
        Ok(Self {
            batch,
            queries,
            keys,
            size,
        })
    }
}

/// Input `attn_mask` and what follows from `nonpad_kv_seqlen`, as numbers that are added to scores.
pub(in crate::front) fn read(
    cx: &mut NodeContext<'_>,
    frame: &Frame,
    band: Band,
    dtype: DType,
) -> Result<Option<ValueId>, OpError> {
    let given = if cx.has(3) {
        Some(given(cx, frame, dtype)?)
    } else {
        None
    };
    if !cx.has(6) {
        return Ok(given);
    }
    let padding = padding(cx, frame, band)?;
    let padding = closed(cx, padding, dtype)?;
    added(cx, given, padding).map(Some)
}

/// The mask together with a band that is the same for all batches; unless `nonpad_kv_seqlen` gave one for each.
pub(in crate::front) fn with_band(
    cx: &mut NodeContext<'_>,
    frame: &Frame,
    band: Band,
    mask: Option<ValueId>,
    dtype: DType,
) -> Result<Option<ValueId>, OpError> {
    if cx.has(6) || band.first.is_none() && band.last.is_none() {
        return Ok(mask);
    }
    let shape = [frame.queries, frame.keys];
    storable(&shape)?;
    let open = |i: usize, j: usize| {
        let distance = j as isize - i as isize;
        band.first.is_none_or(|first| first <= distance) && band.last.is_none_or(|last| distance <= last)
    };
    let numbers = (0..frame.queries).flat_map(|i| (0..frame.keys).map(move |j| (i, j)));
    let numbers = numbers.map(|(i, j)| if open(i, j) { 0.0 } else { f64::NEG_INFINITY });
    let numbers: Vec<f64> = numbers.collect();
    let numbers = cx.add_constant(Tensor::f64(&shape, &numbers));
    let numbers = cast(cx, numbers, dtype)?;
    added(cx, mask, numbers).map(Some)
}

fn added(cx: &mut NodeContext<'_>, mask: Option<ValueId>, more: ValueId) -> Result<ValueId, OpError> {
    match mask {
        Some(mask) => binary(cx, BinaryOp::Add, mask, more),
        None => Ok(more),
    }
}

/// Zero where `open`, minus infinity elsewhere.
fn closed(cx: &mut NodeContext<'_>, open: ValueId, dtype: DType) -> Result<ValueId, OpError> {
    let (zero, infinite) = (cx.scalar(dtype, 0.0), cx.scalar(dtype, f64::NEG_INFINITY));
    cx.add(Select, &[open, zero, infinite])
}

/// Input `attn_mask`, as long as the keys: since opset 24 what it lacks is closed.
fn given(cx: &mut NodeContext<'_>, frame: &Frame, dtype: DType) -> Result<ValueId, OpError> {
    let ty = cx.ty(3)?;
    let mask = cx.input(3)?;
    let mask = match ty.dtype {
        DType::Bool => closed(cx, mask, dtype)?,
        _ => cast(cx, mask, dtype)?,
    };
    let Some((last, rest)) = ty.shape.split_last().filter(|_| ty.rank() <= 4) else {
        return Err(op_error(format!("the mask {ty} must have 1 to 4 dimensions")));
    };
    let lacking = frame.keys.saturating_sub(*last);
    if lacking == 0 || *last == 1 && cx.opset() < 24 {
        return Ok(mask);
    }
    let infinite = cx.scalar(dtype, f64::NEG_INFINITY);
    let infinite = expanded(cx, infinite, &[rest, &[lacking]].concat())?;
    cx.add(Concat { axis: rest.len() }, &[mask, infinite])
}

/// Which keys are open in each batch: those that are no padding and lie in the band, which ends with the last of them.
fn padding(cx: &mut NodeContext<'_>, frame: &Frame, band: Band) -> Result<ValueId, OpError> {
    let ty = cx.ty(6)?;
    if ty.shape != [frame.batch] || ty.dtype != DType::I64 {
        return Err(op_error(format!(
            "nonpad_kv_seqlen is {ty}, it must be i64[{}]",
            frame.batch
        )));
    }
    storable(&[frame.keys.max(frame.queries)])?;
    let lengths = cx.input(6)?;
    let lengths = reshaped(cx, lengths, &[frame.batch, 1, 1, 1])?;
    let places: Vec<i64> = (0..frame.keys as i64).collect();
    let places = cx.add_constant(Tensor::i64(&[frame.keys], &places));
    let mut open = binary(cx, BinaryOp::Less, places, lengths)?;
    for (bound, op) in [
        (band.first, BinaryOp::GreaterOrEqual),
        (band.last, BinaryOp::LessOrEqual),
    ] {
        let Some(bound) = bound else { continue };
        let first = (bound as i64).saturating_sub(frame.queries as i64);
        let ends: Vec<i64> = (0..frame.queries as i64).map(|i| first.saturating_add(i)).collect();
        let ends = cx.add_constant(Tensor::i64(&[frame.queries, 1], &ends));
        let ends = binary(cx, BinaryOp::Add, ends, lengths)?;
        let inside = binary(cx, op, places, ends)?;
        open = binary(cx, BinaryOp::And, open, inside)?;
    }
    Ok(open)
}
