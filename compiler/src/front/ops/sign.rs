use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::{Unary, UnaryOp};
use runtime_core::function::Sign;

/// -1, 0 or 1; NaN stays NaN.
pub(super) const SIGN: OperatorDef = OperatorDef {
    name: "Sign",
    domain: Domain::Onnx,
    versions: &[9, 13],
    limits: "",
    read: |cx| {
        if cx.ty(0)?.dtype.is_float() {
            return cx.map(Sign.into());
        }
        cx.op(Unary { op: UnaryOp::Sign }, &[0])
    },
};
