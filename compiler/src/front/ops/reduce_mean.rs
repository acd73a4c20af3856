use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The mean along some axes.
pub(super) const REDUCE_MEAN: OperatorDef = OperatorDef {
    name: "ReduceMean",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 18],
    limits: "",
    read: |cx| reduce::read(cx, ReduceOp::Mean),
};
