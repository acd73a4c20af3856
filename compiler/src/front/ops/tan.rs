use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Tan;

/// The tangent of an angle in radians.
pub(super) const TAN: OperatorDef = OperatorDef {
    name: "Tan",
    domain: Domain::Onnx,
    versions: &[7, 22],
    limits: "",
    read: |cx| cx.map(Tan.into()),
};
