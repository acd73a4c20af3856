use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::Cast;

/// Converts elements of the first operand to the type of the second.
pub(super) const CAST_LIKE: OperatorDef = OperatorDef {
    name: "CastLike",
    domain: Domain::Onnx,
    versions: &[15, 19, 21, 23, 24, 25],
    limits: "",
    read: |cx| {
        cx.attributes.ignore("saturate");
        cx.attributes.ignore("round_mode");
        let to = cx.ty(1)?.dtype;
        if cx.ty(0)?.dtype == to {
            return Ok(vec![cx.input(0)?]);
        }
        cx.op(Cast { to }, &[0])
    },
};
