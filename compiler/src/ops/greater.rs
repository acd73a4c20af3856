use super::{Domain, OperatorDef};
use crate::primitives::BinaryOp;

/// `a > b`, with broadcasting.
pub(super) const GREATER: OperatorDef = OperatorDef {
    name: "Greater",
    domain: Domain::Onnx,
    versions: &[7, 9, 13],
    limits: "",
    read: |cx| cx.binary(BinaryOp::Greater),
};
