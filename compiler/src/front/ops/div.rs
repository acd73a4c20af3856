use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::pair;
use crate::ir::primitives::BinaryOp;

/// `a / b`, with broadcasting; integers round towards zero.
pub(super) const DIV: OperatorDef = OperatorDef {
    name: "Div",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 13, 14],
    limits: "",
    read: |cx| pair::read(cx, BinaryOp::Div),
};
