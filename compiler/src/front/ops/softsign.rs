use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Softsign;

/// `x / (1 + |x|)`.
pub(super) const SOFTSIGN: OperatorDef = OperatorDef {
    name: "Softsign",
    domain: Domain::Onnx,
    versions: &[1, 22],
    limits: "",
    read: |cx| cx.map(Softsign.into()),
};
