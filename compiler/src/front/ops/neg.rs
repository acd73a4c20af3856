use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::{Unary, UnaryOp};
use runtime_core::function::Neg;

/// `-x`; integers wrap.
pub(super) const NEG: OperatorDef = OperatorDef {
    name: "Neg",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| {
        if cx.ty(0)?.dtype.is_float() {
            return cx.map(Neg.into());
        }
        cx.op(Unary { op: UnaryOp::Neg }, &[0])
    },
};
