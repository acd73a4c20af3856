use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Asinh;

/// The inverse of the hyperbolic sine.
pub(super) const ASINH: OperatorDef = OperatorDef {
    name: "Asinh",
    domain: Domain::Onnx,
    versions: &[9, 22],
    limits: "",
    read: |cx| cx.map(Asinh.into()),
};
