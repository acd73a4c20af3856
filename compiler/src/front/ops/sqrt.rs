use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Sqrt;

/// The square root; NaN for negative numbers.
pub(super) const SQRT: OperatorDef = OperatorDef {
    name: "Sqrt",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| cx.map(Sqrt.into()),
};
