use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::pair;
use crate::ir::primitives::BinaryOp;

/// `a == b`, with broadcasting.
pub(super) const EQUAL: OperatorDef = OperatorDef {
    name: "Equal",
    domain: Domain::Onnx,
    versions: &[1, 7, 11, 13, 19],
    limits: "no strings",
    read: |cx| pair::read(cx, BinaryOp::Equal),
};
