use super::cum_sum;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::ReduceOp;

/// The product of each element and all before it along an axis.
pub(super) const CUM_PROD: OperatorDef = OperatorDef {
    name: "CumProd",
    domain: Domain::Onnx,
    versions: &[26],
    limits: "",
    read: |cx| cum_sum::read(cx, ReduceOp::Prod),
};
