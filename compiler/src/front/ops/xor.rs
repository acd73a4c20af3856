use super::{Domain, OperatorDef, not::check_booleans, pair};
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
