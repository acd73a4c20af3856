use super::{Domain, OperatorDef};
use crate::primitives::BinaryOp;

/// `a < b`, with broadcasting.
pub(super) const LESS: OperatorDef = OperatorDef {
    name: "Less",
    domain: Domain::Onnx,
    versions: &[7, 9, 13],
    limits: "",
    read: |cx| cx.binary(BinaryOp::Less),
};
