use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::{Unary, UnaryOp};
use runtime_core::function::Abs;

/// The absolute value; integers wrap.
pub(super) const ABS: OperatorDef = OperatorDef {
    name: "Abs",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| {
        if cx.ty(0)?.dtype.is_float() {
            return cx.map(Abs.into());
        }
        cx.op(Unary { op: UnaryOp::Abs }, &[0])
    },
};
