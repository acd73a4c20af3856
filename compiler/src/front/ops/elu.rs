use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Elu;

/// `x` where not negative, else `alpha * (e^x - 1)`.
pub(super) const ELU: OperatorDef = OperatorDef {
    name: "Elu",
    domain: Domain::Onnx,
    versions: &[1, 6, 22],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 1.0)?;
        cx.map(Elu { alpha }.into())
    },
};
