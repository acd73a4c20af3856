use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Atanh;

/// The inverse of the hyperbolic tangent.
pub(super) const ATANH: OperatorDef = OperatorDef {
    name: "Atanh",
    domain: Domain::Onnx,
    versions: &[9, 22],
    limits: "",
    read: |cx| cx.map(Atanh.into()),
};
