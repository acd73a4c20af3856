use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Acos;

/// The angle in radians whose cosine is `x`.
pub(super) const ACOS: OperatorDef = OperatorDef {
    name: "Acos",
    domain: Domain::Onnx,
    versions: &[7, 22],
    limits: "",
    read: |cx| cx.map(Acos.into()),
};
