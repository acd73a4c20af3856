use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Atan;

/// The angle in radians whose tangent is `x`.
pub(super) const ATAN: OperatorDef = OperatorDef {
    name: "Atan",
    domain: Domain::Onnx,
    versions: &[7, 22],
    limits: "",
    read: |cx| cx.map(Atan.into()),
};
