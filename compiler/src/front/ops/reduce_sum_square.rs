use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The sum of squares along some axes.
pub(super) const REDUCE_SUM_SQUARE: OperatorDef = OperatorDef {
    name: "ReduceSumSquare",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 18],
    limits: "",
    read: |cx| reduce::read(cx, ReduceOp::SumSquare),
};
