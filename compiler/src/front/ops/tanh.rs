use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Tanh;

/// The hyperbolic tangent.
pub(super) const TANH: OperatorDef = OperatorDef {
    name: "Tanh",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| cx.map(Tanh.into()),
};
