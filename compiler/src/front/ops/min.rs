use super::sum::chain;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::BinaryOp;

/// The least of any number of operands, with broadcasting from opset 8 on; NaN if one is.
pub(super) const MIN: OperatorDef = OperatorDef {
    name: "Min",
    domain: Domain::Onnx,
    versions: &[6, 8, 12, 13],
    limits: "",
    read: |cx| Ok(vec![chain(cx, BinaryOp::Min)?]),
};
