use super::bitwise_not::check_integers;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::BinaryOp;

/// The bits that both have, with broadcasting.
pub(super) const BITWISE_AND: OperatorDef = OperatorDef {
    name: "BitwiseAnd",
    domain: Domain::Onnx,
    versions: &[18],
    limits: "",
    read: |cx| {
        check_integers(cx)?;
        cx.binary(BinaryOp::And)
    },
};
