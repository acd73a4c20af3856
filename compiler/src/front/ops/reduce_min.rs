use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The least element along some axes.
pub(super) const REDUCE_MIN: OperatorDef = OperatorDef {
    name: "ReduceMin",
    domain: Domain::Onnx,
    versions: &[1, 11, 12, 13, 18, 20],
    limits: "",
    read: |cx| reduce::read(cx, ReduceOp::Min),
};
