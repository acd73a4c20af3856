use super::bitwise_not::check_integers;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::BinaryOp;

/// The bits that either has, with broadcasting.
pub(super) const BITWISE_OR: OperatorDef = OperatorDef {
    name: "BitwiseOr",
    domain: Domain::Onnx,
    versions: &[18],
    limits: "",
    read: |cx| {
        check_integers(cx)?;
        cx.binary(BinaryOp::Or)
    },
};
