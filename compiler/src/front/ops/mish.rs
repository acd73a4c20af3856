use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Mish;

/// `x * tanh(Softplus(x))`.
pub(super) const MISH: OperatorDef = OperatorDef {
    name: "Mish",
    domain: Domain::Onnx,
    versions: &[18, 22],
    limits: "",
    read: |cx| cx.map(Mish.into()),
};
