use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reals;
use runtime_core::function::Shrink;

/// `x + bias` below `-lambd`, `x - bias` above `lambd`, else 0.
pub(super) const SHRINK: OperatorDef = OperatorDef {
    name: "Shrink",
    domain: Domain::Onnx,
    versions: &[9],
    limits: "",
    read: |cx| {
        let bias = cx.attributes.float("bias", 0.0)?;
        let lambd = cx.attributes.float("lambd", 0.5)?;
        reals::map(cx, Shrink { bias, lambd }.into())
    },
};
