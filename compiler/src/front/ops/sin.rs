use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Sin;

/// The sine of an angle in radians.
pub(super) const SIN: OperatorDef = OperatorDef {
    name: "Sin",
    domain: Domain::Onnx,
    versions: &[7, 22],
    limits: "",
    read: |cx| cx.map(Sin.into()),
};
