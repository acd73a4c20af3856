use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::reshaped;
use crate::front::shared::quantization::{check, quantised};
use crate::ir::primitives::{Binary, BinaryOp, Reduce, ReduceOp, Select};
use crate::ir::{DType, OpError, ValueId};

/// Quantisation to `u8` by the range of the elements, with its scale and zero point.
pub(super) const DYNAMIC_QUANTIZE_LINEAR: OperatorDef = OperatorDef {
    name: "DynamicQuantizeLinear",
    domain: Domain::Onnx,
    versions: &[11],
    limits: "",
    read: |cx| {
        check(cx, 0, &[DType::F32])?;
        let x = cx.input(0)?;
        dynamically(cx, x).map(|outputs| outputs.to_vec())
    },
};

/// `x`, `f32`, as `u8` by its own range: the integers, the scale and the zero point.
pub(super) fn dynamically(cx: &mut NodeContext<'_>, x: ValueId) -> Result<[ValueId; 3], OpError> {
    let (min, max) = (extreme(cx, x, false)?, extreme(cx, x, true)?);
    let range = cx.add(Binary::from(BinaryOp::Sub), &[max, min])?;
    let steps = cx.scalar(DType::F32, 255.0);
    let scale = cx.add(Binary::from(BinaryOp::Div), &[range, steps])?;
    // Zeros only.
    let empty = cx.add(Binary::from(BinaryOp::Equal), &[max, min])?;
    let one = cx.scalar(DType::F32, 1.0);
    let scale = cx.add(Select, &[empty, one, scale])?;
    let (zero, low) = (
        cx.scalar(DType::F32, 0.0),
        cx.add(Binary::from(BinaryOp::Div), &[min, scale])?,
    );
    let zero_point = cx.add(Binary::from(BinaryOp::Sub), &[zero, low])?;
    let zero_point = quantised(cx, zero_point, None, DType::U8)?;
    let quotient = cx.add(Binary::from(BinaryOp::Div), &[x, scale])?;
    let y = quantised(cx, quotient, Some(zero_point), DType::U8)?;
    Ok([y, scale, zero_point])
}

/// The greatest or the least of all elements and zero.
fn extreme(cx: &mut NodeContext<'_>, x: ValueId, greatest: bool) -> Result<ValueId, OpError> {
    let (reduce, limit) = if greatest {
        (ReduceOp::Max, BinaryOp::Max)
    } else {
        (ReduceOp::Min, BinaryOp::Min)
    };
    let axes = (0..cx.value_ty(x).rank()).collect();
    let value = cx.add(Reduce { op: reduce, axes }, &[x])?;
    let value = reshaped(cx, value, &[])?;
    let zero = cx.scalar(DType::F32, 0.0);
    cx.add(Binary::from(limit), &[value, zero])
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn zeros_only() {
        let y = run(
            11,
            "DynamicQuantizeLinear",
            &[],
            &[Given(Tensor::f32(&[2], &[0.0; 2]))],
            3,
        );
        let bytes = |shape: &[usize], values: &[u8]| Tensor::new(DType::U8, shape.to_vec(), values.to_vec());
        let expected = vec![bytes(&[2], &[0, 0]), Tensor::scalar(DType::F32, 1.0), bytes(&[], &[0])];
        assert_eq!(y, Ok(expected));
    }
}
