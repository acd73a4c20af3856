use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::{binary, reduce, with_number};
use crate::front::shared::normalization::{cast, computed};
use crate::ir::op_error;
use crate::ir::primitives::{BinaryOp, ReduceOp, Select};

/// Divides by the sum of absolute values, or by the root of the sum of squares, along an axis; zeros stay zeros.
pub(super) const LP_NORMALIZATION: OperatorDef = OperatorDef {
    name: "LpNormalization",
    domain: Domain::Onnx,
    versions: &[1, 22],
    limits: "",
    read: |cx| {
        let ty = cx.ty(0)?;
        let axis = ty.axis(cx.attributes.int("axis", -1)?)?;
        let norm = match cx.attributes.int("p", 2)? {
            1 => ReduceOp::L1,
            2 => ReduceOp::L2,
            other => return Err(op_error(format!("p is {other}")).help("ONNX defines 1 and 2")),
        };
        let x = computed(cx, 0)?;
        let norm = reduce(cx, norm, x, vec![axis])?;
        let dtype = cx.value_ty(x).dtype;
        let zero = with_number(cx, BinaryOp::Equal, norm, 0.0)?;
        let one = cx.scalar(dtype, 1.0);
        let norm = cx.add(Select, &[zero, one, norm])?;
        let y = binary(cx, BinaryOp::Div, x, norm)?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, int, run};
    use crate::ir::Tensor;

    #[test]
    fn zeros_stay_and_signs_count_once() {
        let x = || Given(Tensor::f32(&[2, 2], &[0.0, 0.0, -3.0, 1.0]));
        let y = run(22, "LpNormalization", &[int("p", 1)], &[x()], 1);
        assert_eq!(y, Ok(vec![Tensor::f32(&[2, 2], &[0.0, 0.0, -0.75, 0.25])]));
        assert!(run(22, "LpNormalization", &[int("p", 3)], &[x()], 1).is_err());
    }
}
