use super::{Domain, OperatorDef, not::check_booleans};
use crate::primitives::BinaryOp;

/// Whether exactly one is true, with broadcasting.
pub(super) const XOR: OperatorDef = OperatorDef {
    name: "Xor",
    domain: Domain::Onnx,
    versions: &[7],
    limits: "",
    read: |cx| {
        check_booleans(cx)?;
        cx.binary(BinaryOp::Xor)
    },
};
