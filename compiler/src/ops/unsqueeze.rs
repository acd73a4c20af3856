use super::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::primitives::Reshape;

/// Inserts dimensions of 1 at `axes` of the output. The axes are an attribute before opset 13.
pub(super) const UNSQUEEZE: OperatorDef = OperatorDef {
    name: "Unsqueeze",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 21, 23, 24, 25],
    limits: "`axes` must be known at compile time",
    read: |cx| {
        let ty = cx.ty(0)?;
        let axes = cx.ints_of(1, "axes")?.ok_or_else(|| op_error("`axes` is missing"))?;
        let mut dims = ty.shape.iter().copied();
        let inserted = ty.with_shape(vec![1; ty.rank() + axes.len()]).axes(&axes)?;
        let shape = (0..ty.rank() + axes.len())
            .map(|axis| if inserted.contains(&axis) { 1 } else { dims.next().unwrap_or(1) })
            .collect();
        cx.op(Reshape { shape }, &[0])
    },
};
