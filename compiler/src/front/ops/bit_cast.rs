use super::cast::element_type;
use crate::front::node::{Domain, OperatorDef};
use crate::ir::primitives::BitCast;

/// The same bits as elements of type `to`, which has as many.
pub(super) const BIT_CAST: OperatorDef = OperatorDef {
    name: "BitCast",
    domain: Domain::Onnx,
    versions: &[26],
    limits: "no numbers of less than 8 bits, no 8-bit floats",
    read: |cx| {
        let to = element_type(cx.attributes.required_int("to")?)?;
        if cx.ty(0)?.dtype == to {
            return Ok(vec![cx.input(0)?]);
        }
        cx.op(BitCast { to }, &[0])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn bits_stay() {
        let half = Tensor::new(DType::F16, vec![1], vec![0x00, 0x3c]);
        let bits = Ok(vec![Tensor::new(DType::I16, vec![1], vec![0x00, 0x3c])]);
        assert_eq!(run(26, "BitCast", &[int("to", 5)], &[Given(half.clone())], 1), bits);
        assert_eq!(run(26, "BitCast", &[int("to", 5)], &[Known(half.clone())], 1), bits);
        let wider = run(26, "BitCast", &[int("to", 1)], &[Given(half)], 1);
        assert!(wider.is_err_and(|e| e.contains("differ in size")));
    }
}
