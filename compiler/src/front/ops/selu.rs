use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Selu;

/// `gamma * x` where positive, else `gamma * alpha * (e^x - 1)`.
pub(super) const SELU: OperatorDef = OperatorDef {
    name: "Selu",
    domain: Domain::Onnx,
    versions: &[1, 6, 22],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 1.673_263_2)?;
        let gamma = cx.attributes.float("gamma", 1.050_701)?;
        cx.map(Selu { alpha, gamma }.into())
    },
};
