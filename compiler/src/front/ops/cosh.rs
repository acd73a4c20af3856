use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Cosh;

/// The hyperbolic cosine.
pub(super) const COSH: OperatorDef = OperatorDef {
    name: "Cosh",
    domain: Domain::Onnx,
    versions: &[9, 22],
    limits: "",
    read: |cx| cx.map(Cosh.into()),
};
