use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::BinaryOp;

/// `a <= b`, with broadcasting.
pub(super) const LESS_OR_EQUAL: OperatorDef = OperatorDef {
    name: "LessOrEqual",
    domain: Domain::Onnx,
    versions: &[12, 16],
    limits: "",
    read: |cx| cx.binary(BinaryOp::LessOrEqual),
};
