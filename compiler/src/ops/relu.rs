use super::{Domain, OperatorDef};
use runtime_core::function::AnyFunction;

/// `max(x, 0)`.
pub(super) const RELU: OperatorDef = OperatorDef {
    name: "Relu",
    domain: Domain::Onnx,
    versions: &[1, 6, 13, 14],
    limits: "",
    read: |cx| cx.map(AnyFunction::Relu(runtime_core::function::Relu)),
};
