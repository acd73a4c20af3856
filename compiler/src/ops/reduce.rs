//! What the reductions have in common.

use crate::import::NodeContext;
use crate::ir::{DType, OpError, ValueId};
use crate::primitives::{Cast, Reduce, ReduceOp, Reshape};

/// Reads a reduction: `axes` is an attribute in older versions, an input in newer ones; without it, all axes.
pub(super) fn read(cx: &mut NodeContext<'_>, op: ReduceOp) -> Result<Vec<ValueId>, OpError> {
    let ty = cx.ty(0)?;
    let keepdims = cx.attributes.flag("keepdims", true)?;
    let none_reduces_none = cx.attributes.flag("noop_with_empty_axes", false)?;
    let axes = cx.ints_of(1, "axes")?.unwrap_or_default();
    let mut axes = if axes.is_empty() && !none_reduces_none {
        (0..ty.rank()).collect()
    } else {
        ty.axes(&axes)?
    };
    axes.sort_unstable();
    let mut x = cx.input(0)?;
    if ty.dtype == DType::Bool {
        x = cx.add(Cast { to: DType::U8 }, &[x])?;
    }
    let mut y = cx.add(Reduce { op, axes: axes.clone() }, &[x])?;
    if ty.dtype == DType::Bool {
        y = cx.add(Cast { to: DType::Bool }, &[y])?;
    }
    if !keepdims && !axes.is_empty() {
        let kept = (0..ty.rank())
            .filter(|i| !axes.contains(i))
            .map(|i| ty.shape[i])
            .collect();
        y = cx.add(Reshape { shape: kept }, &[y])?;
    }
    Ok(vec![y])
}
