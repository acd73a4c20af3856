use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Sinh;

/// The hyperbolic sine.
pub(super) const SINH: OperatorDef = OperatorDef {
    name: "Sinh",
    domain: Domain::Onnx,
    versions: &[9, 22],
    limits: "",
    read: |cx| cx.map(Sinh.into()),
};
