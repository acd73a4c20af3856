use super::{Domain, OperatorDef, not::check_booleans};
use crate::primitives::BinaryOp;

/// Whether one is true, with broadcasting.
pub(super) const OR: OperatorDef = OperatorDef {
    name: "Or",
    domain: Domain::Onnx,
    versions: &[7],
    limits: "",
    read: |cx| {
        check_booleans(cx)?;
        cx.binary(BinaryOp::Or)
    },
};
