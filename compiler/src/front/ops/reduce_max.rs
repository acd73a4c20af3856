use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The greatest element along some axes.
pub(super) const REDUCE_MAX: OperatorDef = OperatorDef {
    name: "ReduceMax",
    domain: Domain::Onnx,
    versions: &[1, 11, 12, 13, 18, 20],
    limits: "",
    read: |cx| reduce::read(cx, ReduceOp::Max),
};
