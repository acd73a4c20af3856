use super::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::primitives::{BinaryOp, broadcast};

/// `x` where not negative, else `slope * x`; the slope broadcasts to `x`.
pub(super) const P_RELU: OperatorDef = OperatorDef {
    name: "PRelu",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 9, 16],
    limits: "",
    read: |cx| {
        let (x, slope) = (cx.ty(0)?, cx.ty(1)?);
        if broadcast(&x.shape, &slope.shape)? != x.shape {
            return Err(op_error(format!(
                "the slope {slope} does not broadcast to the input {x}"
            )));
        }
        cx.binary(BinaryOp::PRelu)
    },
};
