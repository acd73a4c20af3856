use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::MatMul;

/// Matrix product, batched with broadcasting, as `numpy.matmul`.
pub(super) const MAT_MUL: OperatorDef = OperatorDef {
    name: "MatMul",
    domain: Domain::Onnx,
    versions: &[1, 9, 13],
    limits: "",
    read: |cx| cx.op(MatMul, &[0, 1]),
};
