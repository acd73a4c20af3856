use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::{Silu, Swish};

/// `x * Sigmoid(alpha * x)`.
pub(super) const SWISH: OperatorDef = OperatorDef {
    name: "Swish",
    domain: Domain::Onnx,
    versions: &[24],
    limits: "",
    read: |cx| {
        let alpha = cx.attributes.float("alpha", 1.0)?;
        cx.map(if alpha == 1.0 {
            Silu.into()
        } else {
            Swish { alpha }.into()
        })
    },
};
