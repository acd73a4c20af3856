use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::HardSigmoid;

/// `max(0, min(1, alpha * x + beta))`.
pub(super) const HARD_SIGMOID: OperatorDef = OperatorDef {
    name: "HardSigmoid",
    domain: Domain::Onnx,
    versions: &[1, 6, 22],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 0.2)?;
        let beta = cx.attributes.float("beta", 0.5)?;
        cx.map(HardSigmoid { alpha, beta }.into())
    },
};
