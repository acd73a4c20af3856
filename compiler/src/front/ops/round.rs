use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Round;

/// The nearest integer, of two the even one.
pub(super) const ROUND: OperatorDef = OperatorDef {
    name: "Round",
    domain: Domain::Onnx,
    versions: &[11, 22],
    limits: "",
    read: |cx| cx.map(Round.into()),
};
