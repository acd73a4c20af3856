use super::global_average_pool;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::ReduceOp;

/// The greatest element of each channel of each image.
pub(super) const GLOBAL_MAX_POOL: OperatorDef = OperatorDef {
    name: "GlobalMaxPool",
    domain: Domain::Onnx,
    versions: &[1, 22],
    limits: "",
    read: |cx| global_average_pool::read(cx, ReduceOp::Max),
};
