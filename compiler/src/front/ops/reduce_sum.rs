use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The sum along some axes.
pub(super) const REDUCE_SUM: OperatorDef = OperatorDef {
    name: "ReduceSum",
    domain: Domain::Onnx,
    versions: &[1, 11, 13],
    limits: "",
    read: |cx| reduce::read(cx, ReduceOp::Sum),
};
