use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reals;
use runtime_core::function::Erf;

/// The error function.
pub(super) const ERF: OperatorDef = OperatorDef {
    name: "Erf",
    domain: Domain::Onnx,
    versions: &[9, 13],
    limits: "",
    read: |cx| reals::map(cx, Erf.into()),
};
