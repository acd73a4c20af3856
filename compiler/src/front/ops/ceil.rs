use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Ceil;

/// The least integer that is not below.
pub(super) const CEIL: OperatorDef = OperatorDef {
    name: "Ceil",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| cx.map(Ceil.into()),
};
