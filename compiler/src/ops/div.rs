use super::{Domain, OperatorDef};
use crate::primitives::BinaryOp;

/// `a / b`, with broadcasting; integers round towards zero.
pub(super) const DIV: OperatorDef = OperatorDef {
    name: "Div",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 13, 14],
    limits: "",
    read: |cx| cx.binary(BinaryOp::Div),
};
