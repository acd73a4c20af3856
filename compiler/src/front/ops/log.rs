use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Log;

/// The natural logarithm.
pub(super) const LOG: OperatorDef = OperatorDef {
    name: "Log",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| cx.map(Log.into()),
};
