use crate::front::node::{Domain, Item, NodeContext, OperatorDef, Sequence};
use crate::front::shared::normalization::reshaped;
use crate::front::shared::sequences::bound;
use crate::ir::primitives::Slice;
use crate::ir::{OpError, op_error};

/// Parts along `axis` as a sequence: of one element each, of `split` elements each with a smaller last one, or of the
/// sizes `split`.
pub(super) const SPLIT_TO_SEQUENCE: OperatorDef = OperatorDef {
    name: "SplitToSequence",
    domain: Domain::Onnx,
    versions: &[11, 24],
    limits: "`split` must be known at compile time",
    read: |cx| {
        let (value, ty) = (cx.input(0)?, cx.ty(0)?);
        let axis = cx.attributes.int("axis", 0)?;
        let axis = ty.axis(axis)?;
        let keepdims = cx.attributes.flag("keepdims", true)?;
        let sizes = sizes(cx, ty.shape[axis])?;
        let mut tensors = vec![];
        let mut start = 0;
        for len in sizes {
            let slice = Slice::along(&ty.shape, axis, start, len);
            let whole = slice.is_whole(&ty.shape);
            let mut part = if whole { value } else { cx.add(slice, &[value])? };
            // With sizes of its own it keeps the dimension, whatever `keepdims` says.
            if !cx.has(1) && !keepdims {
                let mut shape = ty.shape.clone();
                shape.remove(axis);
                part = reshaped(cx, part, &shape)?;
            }
            tensors.push(part);
            start += len;
        }
        cx.give(vec![Item::Sequence(Sequence {
            dtype: ty.dtype,
            tensors,
        })])
    },
};

/// The sizes of the parts of a dimension.
fn sizes(cx: &NodeContext<'_>, dim: usize) -> Result<Vec<usize>, OpError> {
    if !cx.has(1) {
        bound(dim)?;
        return Ok(vec![1; dim]);
    }
    let given = cx.ints(1, "split")?;
    let wrong = || op_error(format!("`split` is {given:?}, which does not part {dim}"));
    let sizes: Option<Vec<usize>> = given.iter().map(|size| usize::try_from(*size).ok()).collect();
    let sizes = sizes.ok_or_else(wrong)?;
    if cx.ty(1)?.rank() == 1 {
        let sum = sizes.iter().try_fold(0usize, |sum, size| sum.checked_add(*size));
        bound(sizes.len())?;
        return if sum == Some(dim) { Ok(sizes) } else { Err(wrong()) };
    }
    let size = sizes.first().copied().filter(|size| *size > 0).ok_or_else(wrong)?;
    bound(dim.div_ceil(size))?;
    Ok((0..dim).step_by(size).map(|start| size.min(dim - start)).collect())
}
