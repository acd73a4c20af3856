use super::{Domain, OperatorDef, not::check_booleans, pair};
use crate::ir::primitives::BinaryOp;

/// Whether both are true, with broadcasting.
pub(super) const AND: OperatorDef = OperatorDef {
    name: "And",
    domain: Domain::Onnx,
    versions: &[1, 7],
    limits: "",
    read: |cx| {
        check_booleans(cx)?;
        pair::read(cx, BinaryOp::And)
    },
};
