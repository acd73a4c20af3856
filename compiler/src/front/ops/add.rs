use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::pair;
use crate::ir::primitives::BinaryOp;

/// `a + b`, with broadcasting.
pub(super) const ADD: OperatorDef = OperatorDef {
    name: "Add",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 13, 14],
    limits: "",
    read: |cx| pair::read(cx, BinaryOp::Add),
};
