use super::{Domain, OperatorDef, not::check_booleans};
use crate::primitives::BinaryOp;

/// Whether both are true, with broadcasting.
pub(super) const AND: OperatorDef = OperatorDef {
    name: "And",
    domain: Domain::Onnx,
    versions: &[7],
    limits: "",
    read: |cx| {
        check_booleans(cx)?;
        cx.binary(BinaryOp::And)
    },
};
