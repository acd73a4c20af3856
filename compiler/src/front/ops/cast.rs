use crate::front::load;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::Cast;
use crate::ir::{DType, OpError, op_error};

/// The greatest number of an element type that had a name before opset 6.
const NUMBERS: i64 = 16;

/// The number of strings.
const STRING: i64 = 8;

/// Converts elements to type `to`, a name before opset 6. `saturate` and `round_mode` matter only for 8-bit floats,
/// which are refused.
pub(super) const CAST: OperatorDef = OperatorDef {
    name: "Cast",
    domain: Domain::Onnx,
    versions: &[1, 6, 9, 13, 19, 21, 23, 24, 25, 28],
    limits: "no strings, no numbers of less than 8 bits, no 8-bit floats",
    read: |cx| {
        cx.attributes.ignore("saturate");
        cx.attributes.ignore("round_mode");
        let to = if cx.opset() < 6 {
            let name = cx.attributes.string("to", "")?;
            (1..=NUMBERS).find(|number| load::dtype_name(*number as i32) == name)
        } else {
            Some(cx.attributes.required_int("to")?)
        };
        let to = to.unwrap_or(0);
        match cx.names(0) {
            Some(_) if to == STRING => return Ok(vec![cx.input(0)?]),
            Some(_) => return Err(op_error("strings are not read as numbers").help("store the numbers in the model")),
            None => {}
        }
        let to = element_type(to)?;
        if cx.ty(0)?.dtype == to {
            return Ok(vec![cx.input(0)?]);
        }
        cx.op(Cast { to }, &[0])
    },
};

/// The element type that has this number in ONNX.
pub(super) fn element_type(number: i64) -> Result<DType, OpError> {
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    load::dtype(number).ok_or_else(|| {
        op_error(format!("element type {} is not supported", load::dtype_name(number)))
            .help("supported: floats of 16 bits and more, integers of 8 bits and more, booleans")
    })
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run, text};
    use crate::ir::Tensor;

    #[test]
    fn the_type_was_a_name_once() {
        let x = || Given(Tensor::f32(&[2], &[1.5, -1.5]));
        let cast = Ok(vec![Tensor::i32(&[2], &[1, -1])]);
        assert_eq!(run(1, "Cast", &[text("to", "INT32")], &[x()], 1), cast);
        assert_eq!(run(6, "Cast", &[int("to", 6)], &[x()], 1), cast);
        assert!(run(1, "Cast", &[text("to", "INTEGER")], &[x()], 1).is_err());
        assert!(run(6, "Cast", &[int("to", i64::MAX)], &[x()], 1).is_err());
    }
}
