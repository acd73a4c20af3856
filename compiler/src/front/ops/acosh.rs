use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Acosh;

/// The inverse of the hyperbolic cosine.
pub(super) const ACOSH: OperatorDef = OperatorDef {
    name: "Acosh",
    domain: Domain::Onnx,
    versions: &[9, 22],
    limits: "",
    read: |cx| cx.map(Acosh.into()),
};
