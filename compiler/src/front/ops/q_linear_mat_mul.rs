use super::mat_mul_integer::product;
use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::reshaped;
use crate::front::shared::q_linear::{dequantised, has_integer_kernel, quantised};
use crate::front::shared::quantization::{check, parameter, requantised, zero_point};
use crate::ir::primitives::MatMul;
use crate::ir::{DType, OpError, ValueId};

/// The product of two quantised matrices, quantised.
pub(super) const Q_LINEAR_MAT_MUL: OperatorDef = OperatorDef {
    name: "QLinearMatMul",
    domain: Domain::Onnx,
    versions: &[10, 21],
    limits: "to int8 and uint8; one scale for the result; scales are computed in float32",
    read: |cx| {
        if let Some(y) = in_integers(cx)? {
            return Ok(vec![y]);
        }
        let product = product(cx, [0, 3], [2, 5])?;
        let a_scale = product.parameter(cx, 1, 0)?;
        let b_scale = product.parameter(cx, 4, 1)?;
        let y_scale = parameter(cx, 6, &[])?;
        let to = check(cx, 7, &[DType::I8, DType::U8])?.dtype;
        let zero_point = zero_point(cx, 7, to, &[])?;
        let y = requantised(cx, product.value, [a_scale, b_scale, y_scale], zero_point, to)?;
        Ok(vec![reshaped(cx, y, &product.shape)?])
    },
};

/// The product by a kernel in integers, if there is one for its operands.
fn in_integers(cx: &mut NodeContext<'_>) -> Result<Option<ValueId>, OpError> {
    let (x, w) = (cx.ty(0)?, cx.ty(3)?);
    let [k, n] = w.shape[..] else { return Ok(None) };
    if x.rank() < 2 || x.is_empty() || w.is_empty() || x.shape.last() != Some(&k) {
        return Ok(None);
    }
    if [1, 4]
        .iter()
        .any(|scale| cx.ty(*scale).is_ok_and(|ty| ty.len() > if *scale == 1 { 1 } else { n }))
    {
        return Ok(None);
    }
    if !has_integer_kernel(cx, |index| index % n) {
        return Ok(None);
    }
    let dtype = x.dtype;
    let (a, b) = (dequantised(cx, 0, [1, 2], 0)?, dequantised(cx, 3, [4, 5], 1)?);
    let y = cx.add(MatMul, &[a, b])?;
    quantised(cx, y, [6, 7], dtype).map(Some)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, Known, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn scales_of_rows_and_columns() {
        let bytes = |shape: &[usize], values: &[u8]| Tensor::new(DType::U8, shape.to_vec(), values.to_vec());
        let scales = |values: &[f32]| Known(Tensor::f32(&[values.len()], values));
        let operands = [
            Given(bytes(&[2, 1], &[5, 7])),
            scales(&[0.5, 1.0]),
            Known(bytes(&[2], &[0, 4])),
            Given(bytes(&[1, 2], &[3, 9])),
            scales(&[1.0, 2.0]),
            Known(bytes(&[2], &[0, 0])),
            scales(&[1.0]),
            Given(Tensor::scalar(DType::I8, 1.0)),
        ];
        // 7.5, 45, 9 and 54, the first of which is between two integers.
        let y = run(21, "QLinearMatMul", &[], &operands, 1);
        assert_eq!(y, Ok(vec![Tensor::new(DType::I8, vec![2, 2], vec![9, 46, 10, 55])]));
    }

    #[test]
    fn zero_points_that_are_missing_are_zero_and_too_few_are_an_error() {
        let bytes = |shape: &[usize], values: &[u8]| Tensor::new(DType::U8, shape.to_vec(), values.to_vec());
        let scale = || Known(Tensor::f32(&[], &[0.5]));
        let zero = || Known(Tensor::scalar(DType::U8, 128.0));
        let product = |b_zero_point| {
            let w = Known(bytes(&[2, 3], &[53, 137, 169, 185, 88, 109]));
            let x = Given(bytes(&[1, 2], &[129, 127]));
            let operands = [x, scale(), zero(), w, scale(), b_zero_point, scale(), zero()];
            run(21, "QLinearMatMul", &[], &operands, 1)
        };
        assert_eq!(product(Absent), product(Known(bytes(&[], &[0]))));
        assert!(product(Absent).is_ok());
        assert!(product(Known(bytes(&[2], &[128, 128]))).is_err());
    }
}
