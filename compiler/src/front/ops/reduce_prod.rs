use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::reduce;
use crate::ir::primitives::ReduceOp;

/// The product along some axes.
pub(super) const REDUCE_PROD: OperatorDef = OperatorDef {
    name: "ReduceProd",
    domain: Domain::Onnx,
    versions: &[1, 11, 13, 18],
    limits: "",
    read: |cx| reduce::read(cx, ReduceOp::Prod),
};
