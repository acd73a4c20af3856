use super::bitwise_not::check_integers;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::op_error;
use crate::ir::primitives::BinaryOp;

/// The first operand's bits moved by as many places as the second says. Opset 28 added signed integers, which keep
/// their sign to the right.
pub(super) const BIT_SHIFT: OperatorDef = OperatorDef {
    name: "BitShift",
    domain: Domain::Onnx,
    versions: &[11, 28],
    limits: "",
    read: |cx| {
        check_integers(cx)?;
        let op = match &cx.attributes.string("direction", "")?[..] {
            "LEFT" => BinaryOp::ShiftLeft,
            "RIGHT" => BinaryOp::ShiftRight,
            other => {
                let message = format!("attribute `direction` is `{}`", other.escape_debug());
                return Err(op_error(message).help("supported: `LEFT`, `RIGHT`"));
            }
        };
        cx.binary(op)
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, run, text};
    use crate::ir::{DType, Tensor};

    #[test]
    fn shifts_beyond_the_width() {
        let x = || Given(Tensor::i32(&[4], &[-8, 8, -8, 1]));
        let by = || Given(Tensor::i32(&[4], &[2, 32, -1, 31]));
        let shift = |direction| run(28, "BitShift", &[text("direction", direction)], &[x(), by()], 1);
        assert_eq!(shift("RIGHT"), Ok(vec![Tensor::i32(&[4], &[-2, 0, -1, 0])]));
        assert_eq!(shift("LEFT"), Ok(vec![Tensor::i32(&[4], &[-32, 0, 0, i32::MIN])]));
        assert!(shift("UP").is_err_and(|e| e.contains("LEFT")));
        let bytes = || Given(Tensor::new(DType::Bool, vec![1], vec![1]));
        assert!(run(28, "BitShift", &[text("direction", "LEFT")], &[bytes(), bytes()], 1).is_err());
    }
}
