use super::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::primitives::BinaryOp;

/// The remainder, with the sign of the divisor or, with `fmod`, of the dividend. Floats need `fmod` before opset 28.
pub(super) const MOD: OperatorDef = OperatorDef {
    name: "Mod",
    domain: Domain::Onnx,
    versions: &[10, 13, 28],
    limits: "",
    read: |cx| {
        let truncated = cx.attributes.flag("fmod", false)?;
        let ty = cx.ty(0)?;
        if !truncated && ty.dtype.is_float() && cx.opset() < 28 {
            return Err(op_error(format!("`fmod` is 0, which is not defined for {ty} before opset 28"))
                .help("set `fmod` to 1"));
        }
        cx.binary(if truncated { BinaryOp::Fmod } else { BinaryOp::Mod })
    },
};
