use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The logarithm of the sum of exponentials along some axes.
pub(super) const REDUCE_LOG_SUM_EXP: OperatorDef = OperatorDef {
    name: "ReduceLogSumExp",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 18, 28],
    limits: "no integers, as ONNX since opset 28",
    read: |cx| reduce::read(cx, ReduceOp::LogSumExp),
};
