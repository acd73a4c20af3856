//! What the normalisations have in common: kernels compute in `f32`, along the last dimensions.

use super::compose::{binary, map, reduce};
use crate::front::node::NodeContext;
use crate::ir::primitives::{BinaryOp, Cast, ReduceOp, Reshape, Softmax, Transpose};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use runtime_core::function::{Exp, Log};

/// The most elements of a constant made of one number.
const MAX_FILLED: usize = 1 << 22;

/// The value in another element type.
pub(in crate::front) fn cast(cx: &mut NodeContext<'_>, value: ValueId, to: DType) -> Result<ValueId, OpError> {
    if cx.value_ty(value).dtype == to {
        Ok(value)
    } else {
        cx.add(Cast { to }, &[value])
    }
}

/// Input `index` in `f32`.
pub(in crate::front) fn in_f32(cx: &mut NodeContext<'_>, index: usize) -> Result<ValueId, OpError> {
    let ty = cx.ty(index)?;
    if !ty.dtype.is_float() {
        return Err(op_error(format!("input {index} is {ty}, it must hold floats")));
    }
    let value = cx.input(index)?;
    cast(cx, value, DType::F32)
}

/// Input `index` in the type to compute in: `f64` as it is, other floats as `f32`.
pub(in crate::front) fn computed(cx: &mut NodeContext<'_>, index: usize) -> Result<ValueId, OpError> {
    if cx.ty(index)?.dtype == DType::F64 {
        cx.input(index)
    } else {
        in_f32(cx, index)
    }
}

/// Reads `stash_type`, the type to compute in.
pub(in crate::front) fn stash_type(cx: &mut NodeContext<'_>) -> Result<(), OpError> {
    match cx.attributes.int("stash_type", 1)? {
        1 => Ok(()),
        other => Err(op_error(format!("stash_type is {other}")).help("supported: 1, to compute in float32")),
    }
}

/// The value with another shape.
pub(in crate::front) fn reshaped(
    cx: &mut NodeContext<'_>,
    value: ValueId,
    shape: &[usize],
) -> Result<ValueId, OpError> {
    if cx.value_ty(value).shape == shape {
        Ok(value)
    } else {
        cx.add(Reshape { shape: shape.to_vec() }, &[value])
    }
}

/// `count` times `value`.
pub(in crate::front) fn filled(cx: &mut NodeContext<'_>, count: usize, value: f32) -> Result<ValueId, OpError> {
    if count > MAX_FILLED {
        return Err(op_error(format!("rows of {count} elements")).help(format!("at most {MAX_FILLED} are supported")));
    }
    Ok(cx.add_constant(Tensor::f32(&[count], &vec![value; count])))
}

/// Moves the channels (dimension 1) last, applies `normalise`, and moves them back.
pub(in crate::front) fn channels_last(
    cx: &mut NodeContext<'_>,
    x: ValueId,
    normalise: impl FnOnce(&mut NodeContext<'_>, ValueId) -> Result<ValueId, OpError>,
) -> Result<ValueId, OpError> {
    let rank = cx.value_ty(x).rank();
    if rank < 2 {
        return Err(op_error(format!(
            "the input {} must have a batch and channels",
            cx.value_ty(x)
        )));
    }
    let perm: Vec<usize> = std::iter::once(0).chain(2..rank).chain([1]).collect();
    let transpose = Transpose { perm };
    let back = Transpose {
        perm: transpose.inverse(),
    };
    let x = cx.add(transpose, &[x])?;
    let y = normalise(cx, x)?;
    cx.add(back, &[y])
}

/// The softmax of `x` along `axis`, or its logarithm. Double precision takes the function apart: the kernel computes in
/// single precision.
pub(in crate::front) fn softmax(
    cx: &mut NodeContext<'_>,
    x: ValueId,
    axis: usize,
    log: bool,
) -> Result<ValueId, OpError> {
    let ty = cx.value_ty(x);
    if ty.dtype != DType::F64 || ty.is_empty() {
        return cx.add(Softmax { axis, log }, &[x]);
    }
    let greatest = reduce(cx, ReduceOp::Max, x, vec![axis])?;
    let x = binary(cx, BinaryOp::Sub, x, greatest)?;
    let powers = map(cx, Exp, x)?;
    let sum = reduce(cx, ReduceOp::Sum, powers, vec![axis])?;
    if log {
        let shift = map(cx, Log, sum)?;
        binary(cx, BinaryOp::Sub, x, shift)
    } else {
        binary(cx, BinaryOp::Div, powers, sum)
    }
}
