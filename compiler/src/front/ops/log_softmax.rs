use super::softmax;
use crate::front::node::{Domain, OperatorDef};

/// Logarithms of the probabilities of `Softmax`; before opset 13 over all dimensions from `axis` on together.
pub(super) const LOG_SOFTMAX: OperatorDef = OperatorDef {
    name: "LogSoftmax",
    domain: Domain::Onnx,
    versions: &[1, 11, 13],
    limits: "",
    read: |cx| softmax::read(cx, true),
};
