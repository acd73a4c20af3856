use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Sigmoid;

/// `1 / (1 + e^-x)`.
pub(super) const SIGMOID: OperatorDef = OperatorDef {
    name: "Sigmoid",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| cx.map(Sigmoid.into()),
};
