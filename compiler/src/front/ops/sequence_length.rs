use crate::front::node::{Domain, OperatorDef};
use crate::ir::Tensor;

/// The number of tensors in a sequence: a constant.
pub(super) const SEQUENCE_LENGTH: OperatorDef = OperatorDef {
    name: "SequenceLength",
    domain: Domain::Onnx,
    versions: &[11],
    limits: "",
    read: |cx| {
        let len = cx.sequence(0)?.tensors.len() as i64;
        Ok(vec![cx.add_constant(Tensor::i64(&[], &[len]))])
    },
};
