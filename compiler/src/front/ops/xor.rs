use super::not::check_booleans;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::pair;
use crate::ir::primitives::BinaryOp;

/// Whether exactly one is true, with broadcasting.
pub(super) const XOR: OperatorDef = OperatorDef {
    name: "Xor",
    domain: Domain::Onnx,
    versions: &[1, 7],
    limits: "",
    read: |cx| {
        check_booleans(cx)?;
        pair::read(cx, BinaryOp::Xor)
    },
};
