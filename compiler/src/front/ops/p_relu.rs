use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::reshaped;
use crate::ir::op_error;
use crate::ir::primitives::{Binary, BinaryOp, broadcast};

/// `x` where not negative, else `slope * x`; the slope broadcasts to `x`. Before opset 7 it is one number, or one for
/// each channel.
pub(super) const P_RELU: OperatorDef = OperatorDef {
    name: "PRelu",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 9, 16],
    limits: "",
    read: |cx| {
        let (x, mut slope) = (cx.ty(0)?, cx.ty(1)?);
        if cx.opset() < 7 && slope.rank() == 1 && slope.len() > 1 {
            slope.shape.resize(x.rank().max(2) - 1, 1);
        }
        if broadcast(&x.shape, &slope.shape)? != x.shape {
            return Err(op_error(format!(
                "the slope {slope} does not broadcast to the input {x}"
            )));
        }
        let slope = reshaped(cx, cx.input(1)?, &slope.shape)?;
        cx.add_all(Binary::from(BinaryOp::PRelu), &[cx.input(0)?, slope])
    },
};
