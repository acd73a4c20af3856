//! What the operators with sub-graphs have in common: conditions that may be known, state that may stop changing.

use super::normalization::reshaped;
use crate::front::node::{Item, NodeContext, Sequence};
use crate::ir::primitives::{Binary, BinaryOp, Concat, Select, Slice, Transpose};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// Iterations of a loop that may be written out.
const MAX_ITERATIONS: u64 = 1 << 12;

/// The condition as a scalar.
pub(in crate::front) fn condition(cx: &mut NodeContext<'_>, value: ValueId) -> Result<ValueId, OpError> {
    let ty = cx.value_ty(value);
    if ty.dtype != DType::Bool || ty.len() != 1 {
        return Err(op_error(format!("the condition is {ty}, it must be one bool")));
    }
    reshaped(cx, value, &[])
}

/// The condition's value, if it is known at compile time.
pub(in crate::front) fn known(cx: &NodeContext<'_>, condition: ValueId) -> Option<bool> {
    cx.value(condition)?.scalar_f64().map(|value| value != 0.0)
}

/// `a` where the condition holds, else `b`.
pub(in crate::front) fn select(
    cx: &mut NodeContext<'_>,
    condition: ValueId,
    a: ValueId,
    b: ValueId,
) -> Result<ValueId, OpError> {
    let (a_ty, b_ty) = (cx.value_ty(a), cx.value_ty(b));
    if a_ty != b_ty {
        let message = format!("an output is {a_ty} or {b_ty}, by a condition that is computed at run time");
        return Err(cx.unknown(condition, message));
    }
    if a == b {
        return Ok(a);
    }
    cx.add(Select, &[condition, a, b])
}

/// [`select`] of tensors, or of sequences of the same number of tensors.
pub(in crate::front) fn select_item(
    cx: &mut NodeContext<'_>,
    condition: ValueId,
    a: &Item,
    b: &Item,
) -> Result<Item, OpError> {
    match (a, b) {
        (Item::Tensor(a), Item::Tensor(b)) => select(cx, condition, *a, *b).map(Item::Tensor),
        (Item::Sequence(a), Item::Sequence(b)) if a.tensors.len() == b.tensors.len() => {
            let pairs = a.tensors.iter().zip(&b.tensors);
            let tensors = pairs
                .map(|(a, b)| select(cx, condition, *a, *b))
                .collect::<Result<_, _>>()?;
            Ok(Item::Sequence(Sequence { tensors, ..*a }))
        }
        _ => {
            let message = "the length of a sequence depends on a condition that is computed at run time";
            Err(cx.unknown(condition, message))
        }
    }
}

/// Both conditions; the first may be absent, which is true.
pub(in crate::front) fn both(
    cx: &mut NodeContext<'_>,
    first: Option<ValueId>,
    second: ValueId,
) -> Result<ValueId, OpError> {
    match first {
        Some(first) => cx.add(Binary::from(BinaryOp::And), &[first, second]),
        None => Ok(second),
    }
}

/// A condition of the body's that counts for some runtimes and not for others.
pub(in crate::front) fn ignored_condition() -> OpError {
    op_error("the loop has no condition, yet its body gives one that is not always true").help(
        "ONNX ignores such a condition, ONNX Runtime does not: give the loop the condition true, or let its body give true",
    )
}

/// Whether so many trips may be written out.
pub(in crate::front) fn can_be_unrolled(trips: u64) -> bool {
    trips <= MAX_ITERATIONS
}

/// An error if iteration `index` is one too many.
pub(in crate::front) fn bound(index: u64) -> Result<(), OpError> {
    if index < MAX_ITERATIONS {
        return Ok(());
    }
    Err(op_error(format!(
        "nothing that is known at compile time ends the loop within {MAX_ITERATIONS} iterations"
    ))
    .help("loops are unrolled: make the trip count a smaller constant"))
}

/// Element `index` along `axis`, without that dimension.
pub(in crate::front) fn element(
    cx: &mut NodeContext<'_>,
    value: ValueId,
    axis: usize,
    index: usize,
) -> Result<ValueId, OpError> {
    let mut shape = cx.value_ty(value).shape.clone();
    let slice = Slice::along(&shape, axis, index, 1);
    let slice = if slice.is_whole(&shape) {
        value
    } else {
        cx.add(slice, &[value])?
    };
    shape.remove(axis);
    reshaped(cx, slice, &shape)
}

/// The elements, of one shape, side by side along a new dimension `axis`.
pub(in crate::front) fn stacked(
    cx: &mut NodeContext<'_>,
    elements: &[ValueId],
    axis: usize,
) -> Result<ValueId, OpError> {
    let mut rows = vec![];
    for element in elements {
        let shape = [&[1], &cx.value_ty(*element).shape[..]].concat();
        rows.push(reshaped(cx, *element, &shape)?);
    }
    let all = match rows[..] {
        [only] => only,
        _ => cx.add(Concat { axis: 0 }, &rows)?,
    };
    if axis == 0 {
        return Ok(all);
    }
    let mut perm: Vec<usize> = (1..cx.value_ty(all).rank()).collect();
    perm.insert(axis, 0);
    cx.add(Transpose { perm }, &[all])
}

/// The result of [`stacked`] for no elements, which would be like `element`.
pub(in crate::front) fn stacked_none(cx: &mut NodeContext<'_>, element: ValueId, axis: usize) -> ValueId {
    let ty = cx.value_ty(element);
    let (dtype, mut shape) = (ty.dtype, ty.shape.clone());
    shape.insert(axis, 0);
    cx.add_constant(Tensor::new(dtype, shape, vec![]))
}

/// An axis of a tensor of `rank` dimensions, negative from the end.
pub(in crate::front) fn axis(axis: i64, rank: usize) -> Result<usize, OpError> {
    let from_front = if axis < 0 {
        axis.saturating_add(rank as i64)
    } else {
        axis
    };
    usize::try_from(from_front)
        .ok()
        .filter(|axis| *axis < rank)
        .ok_or_else(|| op_error(format!("axis {axis} is outside {rank} dimensions")))
}
