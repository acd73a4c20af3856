use super::{Domain, OperatorDef};
use crate::primitives::BinaryOp;

/// `a == b`, with broadcasting.
pub(super) const EQUAL: OperatorDef = OperatorDef {
    name: "Equal",
    domain: Domain::Onnx,
    versions: &[7, 11, 13, 19],
    limits: "no strings",
    read: |cx| cx.binary(BinaryOp::Equal),
};
