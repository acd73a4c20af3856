use super::sum::chain;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::{Binary, BinaryOp};

/// The mean of any number of operands, with broadcasting from opset 8 on.
pub(super) const MEAN: OperatorDef = OperatorDef {
    name: "Mean",
    domain: Domain::Onnx,
    versions: &[6, 8, 13],
    limits: "",
    read: |cx| {
        let ty = cx.ty(0)?;
        if !ty.dtype.is_float() {
            return Err(op_error(format!(
                "the first operand is {ty}, it must be of a float type"
            )));
        }
        let sum = chain(cx, BinaryOp::Add)?;
        let count = cx.input_count();
        if count == 1 {
            return Ok(vec![sum]);
        }
        let count = cx.scalar(ty.dtype, count as f64);
        Ok(vec![cx.add(Binary::from(BinaryOp::Div), &[sum, count])?])
    },
};
