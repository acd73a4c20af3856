use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::{Binary, BinaryOp};
use runtime_core::function::Relu;

/// `max(x, 0)`.
pub(super) const RELU: OperatorDef = OperatorDef {
    name: "Relu",
    domain: Domain::Onnx,
    versions: &[1, 6, 13, 14],
    limits: "",
    read: |cx| {
        let dtype = cx.ty(0)?.dtype;
        if dtype.is_float() {
            return cx.map(Relu.into());
        }
        let (x, zero) = (cx.input(0)?, cx.scalar(dtype, 0.0));
        Ok(vec![cx.add(Binary::from(BinaryOp::Max), &[x, zero])?])
    },
};
