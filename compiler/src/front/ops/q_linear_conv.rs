use super::conv_integer::{conv, geometry, of_channels};
use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::q_linear::{bias, dequantised, has_integer_kernel, quantised, scales};
use crate::front::shared::quantization::{check, parameter, requantised, zero_point};
use crate::ir::{DType, OpError, ValueId};
use runtime_core::function::Identity;

/// A convolution of a quantised image with quantised weights, quantised.
pub(super) const Q_LINEAR_CONV: OperatorDef = OperatorDef {
    name: "QLinearConv",
    domain: Domain::Onnx,
    versions: &[10],
    limits: "",
    read: |cx| {
        if let Some(y) = in_integers(cx)? {
            return Ok(vec![y]);
        }
        let bias = if cx.has(8) {
            check(cx, 8, &[DType::I32])?;
            Some(cx.input(8)?)
        } else {
            None
        };
        let sums = conv(cx, [0, 3], [2, 5], bias)?;
        let ty = cx.value_ty(sums).clone();
        let x_scale = parameter(cx, 1, &[])?;
        let w_scale = of_channels(cx, 4, ty.shape[1], ty.rank())?;
        let y_scale = parameter(cx, 6, &[])?;
        let to = check(cx, 7, &[DType::I8, DType::U8])?.dtype;
        let zero_point = zero_point(cx, 7, to, &[])?;
        Ok(vec![requantised(
            cx,
            sums,
            [x_scale, w_scale, y_scale],
            zero_point,
            to,
        )?])
    },
};

/// The convolution by a kernel in integers, if there is one for its operands.
fn in_integers(cx: &mut NodeContext<'_>) -> Result<Option<ValueId>, OpError> {
    let w = cx.ty(3)?;
    let per_channel = w.shape.get(1..).map_or(0, |shape| shape.iter().product());
    if !(3..=4).contains(&w.rank()) || per_channel == 0 {
        return Ok(None);
    }
    if !has_integer_kernel(cx, |index| index / per_channel) {
        return Ok(None);
    }
    let dtype = cx.ty(0)?.dtype;
    let mut operands = vec![dequantised(cx, 0, [1, 2], 0)?, dequantised(cx, 3, [4, 5], 0)?];
    if cx.has(8) {
        let steps = scales(cx, 1, 4, 1.0)?;
        operands.push(bias(cx, 8, steps)?);
    }
    let conv = geometry(cx, [0, 3], Identity.into())?;
    let y = cx.add(conv, &operands)?;
    quantised(cx, y, [6, 7], dtype).map(Some)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn scales_of_channels_and_a_bias() {
        let bytes = |shape: &[usize], values: &[u8]| Tensor::new(DType::U8, shape.to_vec(), values.to_vec());
        let one = |value| Known(Tensor::f32(&[], &[value]));
        let operands = [
            Given(bytes(&[1, 1, 2], &[12, 8])),
            one(0.5),
            Known(bytes(&[], &[10])),
            Given(Tensor::new(DType::I8, vec![2, 1, 1], vec![3, 255])),
            Known(Tensor::f32(&[2], &[1.0, 4.0])),
            Known(Tensor::new(DType::I8, vec![2], vec![0, 0])),
            one(1.0),
            Given(bytes(&[], &[100])),
            Known(Tensor::i32(&[2], &[1, -100])),
        ];
        let y = run(10, "QLinearConv", &[], &operands, 1);
        // 7 / 2, -5 / 2, -102 * 2, -98 * 2.
        assert_eq!(y, Ok(vec![bytes(&[1, 2, 2], &[104, 98, 0, 0])]));
    }
}
