use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::Select;

/// The second operand where the first is true, the third elsewhere, with broadcasting.
pub(super) const WHERE: OperatorDef = OperatorDef {
    name: "Where",
    domain: Domain::Onnx,
    versions: &[9, 16],
    limits: "",
    read: |cx| cx.op(Select, &[0, 1, 2]),
};
