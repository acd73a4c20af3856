use super::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::load;
use crate::primitives::Cast;

/// Converts elements to type `to`. `saturate` and `round_mode` matter only for 8-bit floats, which are refused.
pub(super) const CAST: OperatorDef = OperatorDef {
    name: "Cast",
    domain: Domain::Onnx,
    versions: &[6, 9, 13, 19, 21, 23, 24, 25, 28],
    limits: "no strings, no numbers of less than 8 bits, no 8-bit floats",
    read: |cx| {
        cx.attributes.ignore("saturate");
        cx.attributes.ignore("round_mode");
        let number = i32::try_from(cx.attributes.required_int("to")?).unwrap_or(i32::MAX);
        let to = load::dtype(number).ok_or_else(|| {
            op_error(format!("element type {} is not supported", load::dtype_name(number)))
                .help("supported: floats of 16 bits and more, integers of 8 bits and more, booleans")
        })?;
        if cx.ty(0)?.dtype == to {
            return Ok(vec![cx.input(0)?]);
        }
        cx.op(Cast { to }, &[0])
    },
};
