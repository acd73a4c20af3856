use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Celu;

/// `max(0, x) + min(0, alpha * (e^(x / alpha) - 1))`.
pub(super) const CELU: OperatorDef = OperatorDef {
    name: "Celu",
    domain: Domain::Onnx,
    versions: &[12, 28],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 1.0)?;
        cx.map(Celu { alpha }.into())
    },
};
