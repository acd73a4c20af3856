use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::BinaryOp;

/// `a >= b`, with broadcasting.
pub(super) const GREATER_OR_EQUAL: OperatorDef = OperatorDef {
    name: "GreaterOrEqual",
    domain: Domain::Onnx,
    versions: &[12, 16],
    limits: "",
    read: |cx| cx.binary(BinaryOp::GreaterOrEqual),
};
