use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::pair;
use crate::ir::primitives::BinaryOp;

/// `a < b`, with broadcasting.
pub(super) const LESS: OperatorDef = OperatorDef {
    name: "Less",
    domain: Domain::Onnx,
    versions: &[1, 7, 9, 13],
    limits: "",
    read: |cx| pair::read(cx, BinaryOp::Less),
};
