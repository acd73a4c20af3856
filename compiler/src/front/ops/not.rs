use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Unary, UnaryOp};
use crate::ir::{DType, OpError, op_error};

/// Whether it is false.
pub(super) const NOT: OperatorDef = OperatorDef {
    name: "Not",
    domain: Domain::Onnx,
    versions: &[1],
    limits: "",
    read: |cx| {
        check_booleans(cx)?;
        cx.op(Unary { op: UnaryOp::Not }, &[0])
    },
};

/// An error unless all inputs are booleans.
pub(super) fn check_booleans(cx: &NodeContext<'_>) -> Result<(), OpError> {
    match cx.operands().types().find(|ty| ty.dtype != DType::Bool) {
        Some(ty) => Err(op_error(format!("an operand is {ty}, it must be of type bool"))),
        None => Ok(()),
    }
}
