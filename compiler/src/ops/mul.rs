use super::{Domain, OperatorDef};
use crate::primitives::BinaryOp;

/// `a * b`, with broadcasting; integers wrap.
pub(super) const MUL: OperatorDef = OperatorDef {
    name: "Mul",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 13, 14],
    limits: "",
    read: |cx| cx.binary(BinaryOp::Mul),
};
