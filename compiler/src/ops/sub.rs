use super::{Domain, OperatorDef};
use crate::primitives::BinaryOp;

/// `a - b`, with broadcasting; integers wrap.
pub(super) const SUB: OperatorDef = OperatorDef {
    name: "Sub",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 13, 14],
    limits: "",
    read: |cx| cx.binary(BinaryOp::Sub),
};
