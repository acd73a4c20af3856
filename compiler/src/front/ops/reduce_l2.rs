use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The square root of the sum of squares along some axes.
pub(super) const REDUCE_L2: OperatorDef = OperatorDef {
    name: "ReduceL2",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 18],
    limits: "",
    read: |cx| reduce::read(cx, ReduceOp::L2),
};
