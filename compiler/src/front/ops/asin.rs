use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Asin;

/// The angle in radians whose sine is `x`.
pub(super) const ASIN: OperatorDef = OperatorDef {
    name: "Asin",
    domain: Domain::Onnx,
    versions: &[7, 22],
    limits: "",
    read: |cx| cx.map(Asin.into()),
};
