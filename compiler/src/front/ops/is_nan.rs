use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::{Unary, UnaryOp};

/// Whether it is not a number.
pub(super) const IS_NAN: OperatorDef = OperatorDef {
    name: "IsNaN",
    domain: Domain::Onnx,
    versions: &[9, 13, 20],
    limits: "no 8-bit floats",
    read: |cx| cx.op(Unary { op: UnaryOp::IsNan }, &[0]),
};
