use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::LeakyRelu;

/// `x` where not negative, else `alpha * x`.
pub(super) const LEAKY_RELU: OperatorDef = OperatorDef {
    name: "LeakyRelu",
    domain: Domain::Onnx,
    versions: &[1, 6, 16],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 0.01)?;
        cx.map(LeakyRelu { alpha }.into())
    },
};
