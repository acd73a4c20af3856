use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Cos;

/// The cosine of an angle in radians.
pub(super) const COS: OperatorDef = OperatorDef {
    name: "Cos",
    domain: Domain::Onnx,
    versions: &[7, 22],
    limits: "",
    read: |cx| cx.map(Cos.into()),
};
