use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The logarithm of the sum along some axes.
pub(super) const REDUCE_LOG_SUM: OperatorDef = OperatorDef {
    name: "ReduceLogSum",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 18, 28],
    limits: "",
    read: |cx| reduce::read(cx, ReduceOp::LogSum),
};
