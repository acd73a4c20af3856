use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The sum of absolute values along some axes.
pub(super) const REDUCE_L1: OperatorDef = OperatorDef {
    name: "ReduceL1",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 18],
    limits: "",
    read: |cx| reduce::read(cx, ReduceOp::L1),
};
