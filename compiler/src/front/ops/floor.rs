use crate::front::node::{Domain, OperatorDef};
use runtime_core::function::Floor;

/// The greatest integer that is not above.
pub(super) const FLOOR: OperatorDef = OperatorDef {
    name: "Floor",
    domain: Domain::Onnx,
    versions: &[1, 6, 13],
    limits: "",
    read: |cx| cx.map(Floor.into()),
};
