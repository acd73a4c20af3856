use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::{Unary, UnaryOp};

/// Whether it is infinite, with a sign that counts.
pub(super) const IS_INF: OperatorDef = OperatorDef {
    name: "IsInf",
    domain: Domain::Onnx,
    versions: &[10, 20],
    limits: "no 8-bit floats",
    read: |cx| {
        let negative = cx.attributes.flag("detect_negative", true)?;
        let positive = cx.attributes.flag("detect_positive", true)?;
        let op = UnaryOp::IsInf { negative, positive };
        cx.op(Unary { op }, &[0])
    },
};
