use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::HardSwish;

/// `x * max(0, min(1, x / 6 + 0.5))`.
pub(super) const HARD_SWISH: OperatorDef = OperatorDef {
    name: "HardSwish",
    domain: Domain::Onnx,
    versions: &[14, 22],
    limits: "",
    read: |cx| cx.map(HardSwish.into()),
};
