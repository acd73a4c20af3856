use crate::front::node::{Domain, OperatorDef};
use crate::ir::Tensor;

/// The number of elements: a constant.
pub(super) const SIZE: OperatorDef = OperatorDef {
    name: "Size",
    domain: Domain::Onnx,
    versions: &[1, 13, 19, 21, 23, 24, 25],
    limits: "",
    read: |cx| {
        let len = cx.ty(0)?.len() as i64;
        Ok(vec![cx.add_constant(Tensor::i64(&[], &[len]))])
    },
};
