use super::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::primitives::Reshape;

/// Removes the dimensions `axes`, which are 1, or all that are. The axes are an attribute before opset 13.
pub(super) const SQUEEZE: OperatorDef = OperatorDef {
    name: "Squeeze",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 21, 23, 24, 25],
    limits: "`axes` must be known at compile time",
    read: |cx| {
        let ty = cx.ty(0)?;
        let removed: Vec<usize> = match cx.ints_of(1, "axes")? {
            Some(axes) => ty.axes(&axes)?,
            None => (0..ty.rank()).filter(|axis| ty.shape[*axis] == 1).collect(),
        };
        if let Some(axis) = removed.iter().find(|axis| ty.shape[**axis] != 1) {
            return Err(op_error(format!("axis {axis} of {ty} is not 1")));
        }
        let shape = (0..ty.rank()).filter(|axis| !removed.contains(axis)).map(|axis| ty.shape[axis]).collect();
        cx.op(Reshape { shape }, &[0])
    },
};
