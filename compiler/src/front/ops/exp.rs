use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Exp;

/// `e^x`.
pub(super) const EXP: OperatorDef = OperatorDef {
    name: "Exp",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| cx.map(Exp.into()),
};
