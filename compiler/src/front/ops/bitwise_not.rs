use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::ir::primitives::{Unary, UnaryOp};
use crate::ir::{OpError, op_error};

/// The other value of every bit.
pub(super) const BITWISE_NOT: OperatorDef = OperatorDef {
    name: "BitwiseNot",
    domain: Domain::Onnx,
    versions: &[18],
    limits: "",
    read: |cx| {
        check_integers(cx)?;
        cx.op(Unary { op: UnaryOp::Not }, &[0])
    },
};

/// An error unless all inputs are integers.
pub(super) fn check_integers(cx: &NodeContext<'_>) -> Result<(), OpError> {
    match cx.operands().types().find(|ty| !ty.dtype.is_integer()) {
        Some(ty) => Err(op_error(format!("an operand is {ty}, it must hold integers"))),
        None => Ok(()),
    }
}
