use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Reciprocal;

/// `1 / x`.
pub(super) const RECIPROCAL: OperatorDef = OperatorDef {
    name: "Reciprocal",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| cx.map(Reciprocal.into()),
};
