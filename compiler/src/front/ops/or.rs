use super::not::check_booleans;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::pair;
use crate::ir::primitives::BinaryOp;

/// Whether one is true, with broadcasting.
pub(super) const OR: OperatorDef = OperatorDef {
    name: "Or",
    domain: Domain::Onnx,
    versions: &[1, 7],
    limits: "",
    read: |cx| {
        check_booleans(cx)?;
        pair::read(cx, BinaryOp::Or)
    },
};
