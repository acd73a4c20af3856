use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::compose::{binary, map, reduce, with_number};
use crate::front::shared::normalization::{cast, computed};
use crate::ir::primitives::{BinaryOp, ReduceOp};
use runtime_core::function::{Sqrt, Square};

/// Added to the deviation, as ONNX's definition by other operators does.
const EPSILON: f64 = 1e-9;

/// Subtracts the mean and divides by the deviation along some axes.
pub(super) const MEAN_VARIANCE_NORMALIZATION: OperatorDef = OperatorDef {
    name: "MeanVarianceNormalization",
    domain: Domain::Onnx,
    versions: &[9, 13],
    limits: "",
    read: |cx| {
        let ty = cx.ty(0)?;
        let axes = cx.attributes.ints("axes")?.unwrap_or_else(|| vec![0, 2, 3]);
        let axes = ty.axes(&axes)?;
        let x = computed(cx, 0)?;
        let mean = reduce(cx, ReduceOp::Mean, x, axes.clone())?;
        let x = binary(cx, BinaryOp::Sub, x, mean)?;
        let square = map(cx, Square, x)?;
        let variance = reduce(cx, ReduceOp::Mean, square, axes)?;
        let deviation = map(cx, Sqrt, variance)?;
        let deviation = with_number(cx, BinaryOp::Add, deviation, EPSILON)?;
        let y = binary(cx, BinaryOp::Div, x, deviation)?;
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, ints, run};
    use crate::ir::Tensor;

    #[test]
    fn equal_elements_give_zeros() {
        let x = Given(Tensor::f32(&[2, 2], &[3.0, 3.0, 1.0, 5.0]));
        let y = run(13, "MeanVarianceNormalization", &[ints("axes", &[-1])], &[x], 1);
        assert_eq!(y, Ok(vec![Tensor::f32(&[2, 2], &[0.0, 0.0, -1.0, 1.0])]));
    }
}
