use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Softplus;

/// `log(1 + e^x)`.
pub(super) const SOFTPLUS: OperatorDef = OperatorDef {
    name: "Softplus",
    domain: Domain::Onnx,
    versions: &[1, 22],
    limits: "",
    read: |cx| cx.map(Softplus.into()),
};
