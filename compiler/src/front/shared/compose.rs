//! The words that operators made of several primitives are written in.

use crate::front::node::NodeContext;
use crate::ir::primitives::{Binary, BinaryOp, Expand, Map, Reduce, ReduceOp, Slice, Transpose};
use crate::ir::{OpError, Tensor, ValueId, op_error};
use crate::middle::fold;
use runtime_core::function::AnyFunction;

/// One function of each element of a float.
pub(in crate::front) fn map(
    cx: &mut NodeContext<'_>,
    function: impl Into<AnyFunction>,
    x: ValueId,
) -> Result<ValueId, OpError> {
    let function = function.into();
    cx.add(Map { function }, &[x])
}

/// One function of each pair of elements, with broadcasting.
pub(in crate::front) fn binary(
    cx: &mut NodeContext<'_>,
    op: BinaryOp,
    a: ValueId,
    b: ValueId,
) -> Result<ValueId, OpError> {
    cx.add(Binary::from(op), &[a, b])
}

/// One function of each element and a number.
pub(in crate::front) fn with_number(
    cx: &mut NodeContext<'_>,
    op: BinaryOp,
    x: ValueId,
    number: f64,
) -> Result<ValueId, OpError> {
    let number = cx.scalar(cx.value_ty(x).dtype, number);
    binary(cx, op, x, number)
}

/// Combines the elements along `axes`, which stay with an extent of one.
pub(in crate::front) fn reduce(
    cx: &mut NodeContext<'_>,
    op: ReduceOp,
    x: ValueId,
    mut axes: Vec<usize>,
) -> Result<ValueId, OpError> {
    axes.sort_unstable();
    cx.add(Reduce { op, axes }, &[x])
}

/// The dimensions in the order `perm`.
pub(in crate::front) fn transposed(cx: &mut NodeContext<'_>, x: ValueId, perm: Vec<usize>) -> Result<ValueId, OpError> {
    if perm.is_sorted() {
        Ok(x)
    } else {
        cx.add(Transpose { perm }, &[x])
    }
}

/// `len` elements along `axis` from `start` on.
pub(in crate::front) fn part(
    cx: &mut NodeContext<'_>,
    x: ValueId,
    axis: usize,
    start: usize,
    len: usize,
) -> Result<ValueId, OpError> {
    let slice = Slice::along(&cx.value_ty(x).shape, axis, start, len);
    if slice.is_whole(&cx.value_ty(x).shape) {
        Ok(x)
    } else {
        cx.add(slice, &[x])
    }
}

/// The value repeated to fill a shape.
pub(in crate::front) fn expanded(cx: &mut NodeContext<'_>, x: ValueId, shape: &[usize]) -> Result<ValueId, OpError> {
    if cx.value_ty(x).shape == shape {
        Ok(x)
    } else {
        cx.add(Expand { shape: shape.to_vec() }, &[x])
    }
}

/// The most elements of a constant that an operator makes.
const MAX_STORED: usize = 1 << 22;

/// The number of elements of a constant of this shape, unless they are too many to store.
pub(in crate::front) fn storable(shape: &[usize]) -> Result<usize, OpError> {
    let len = shape.iter().try_fold(1usize, |len, dim| len.checked_mul(*dim));
    len.filter(|len| *len <= MAX_STORED).ok_or_else(|| {
        op_error(format!("a constant of shape {shape:?}")).help(format!("at most {MAX_STORED} elements are supported"))
    })
}

/// A function of numbers, by the kernel, so that it is the same on every machine that compiles.
pub(in crate::front) fn each(function: impl Into<AnyFunction>, values: &[f64]) -> Result<Vec<f64>, OpError> {
    let function = function.into();
    let values = Tensor::f64(&[values.len()], values);
    let results = fold::evaluate(&Map { function }, &[values]).map_err(|e| op_error(e.to_string()))?;
    Ok(results[0].to_f64())
}
