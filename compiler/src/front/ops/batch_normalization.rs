use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::compose::{binary, map, reduce, with_number};
use crate::front::shared::normalization::{cast, reshaped};
use crate::ir::primitives::{BinaryOp, ReduceOp, ScaleShift};
use crate::ir::{DType, OpError, ValueId, op_error};
use runtime_core::function::{Identity, Sqrt, Square};

/// `(x - mean) / sqrt(var + epsilon) * scale + bias` for each channel (each element where `spatial` is 0).
pub(super) const BATCH_NORMALIZATION: OperatorDef = OperatorDef {
    name: "BatchNormalization",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 9, 14, 15],
    limits: "opsets 7 to 13 for inference only; float16 and bfloat16 are computed in float32",
    read: |cx| {
        let epsilon = cx.attributes.float("epsilon", 1e-5)?;
        let momentum = cx.attributes.float("momentum", 0.9)?;
        cx.attributes.ignore("consumed_inputs");
        let training = if cx.opset() < 7 {
            !cx.attributes.flag("is_test", false)?
        } else {
            cx.attributes.flag("training_mode", false)?
        };
        let spatial = cx.opset() >= 9 || cx.attributes.flag("spatial", true)?;
        let ty = cx.ty(0)?;
        if !ty.dtype.is_float() || ty.rank() == 0 {
            return Err(op_error(format!("the input {ty} must hold floats and have a batch")));
        }
        let single = ty.dtype != DType::F64;
        let dtype = if single { DType::F32 } else { DType::F64 };
        let [x, scale, bias, mut mean, mut var] = operands(cx, dtype)?;
        // One dimension is a batch of one channel.
        let shape = if ty.rank() == 1 {
            vec![ty.shape[0], 1]
        } else {
            ty.shape.clone()
        };
        let x = reshaped(cx, x, &shape)?;
        let mut running = vec![];
        if training {
            let current = statistics(cx, x, spatial)?;
            for (i, (old, new)) in [mean, var].into_iter().zip(current).enumerate() {
                let old = with_number(cx, BinaryOp::Mul, old, momentum.into())?;
                let new = with_number(cx, BinaryOp::Mul, new, 1.0 - f64::from(momentum))?;
                let average = binary(cx, BinaryOp::Add, old, new)?;
                running.push(cast(cx, average, cx.ty(3 + i)?.dtype)?);
            }
            [mean, var] = current;
        }
        let var = with_number(cx, BinaryOp::Add, var, epsilon.into())?;
        let deviation = map(cx, Sqrt, var)?;
        let scale = binary(cx, BinaryOp::Div, scale, deviation)?;
        let mean = binary(cx, BinaryOp::Mul, mean, scale)?;
        let shift = binary(cx, BinaryOp::Sub, bias, mean)?;
        let y = if single && spatial {
            let activation = Identity.into();
            cx.add(ScaleShift { axis: 1, activation }, &[x, scale, shift])?
        } else {
            let mut shape = shape[1..].to_vec();
            if spatial {
                shape[1..].fill(1);
            }
            let (scale, shift) = (reshaped(cx, scale, &shape)?, reshaped(cx, shift, &shape)?);
            let y = binary(cx, BinaryOp::Mul, x, scale)?;
            binary(cx, BinaryOp::Add, y, shift)?
        };
        let y = reshaped(cx, y, &ty.shape)?;
        Ok([vec![cast(cx, y, ty.dtype)?], running].concat())
    },
};

/// Mean and variance in this batch of each channel, or of each element of an image unless `spatial`.
fn statistics(cx: &mut NodeContext<'_>, x: ValueId, spatial: bool) -> Result<[ValueId; 2], OpError> {
    let ty = cx.value_ty(x).clone();
    if ty.is_empty() {
        return Err(op_error(format!("{ty} has no elements whose mean could be taken")));
    }
    let axes: Vec<usize> = (0..ty.rank())
        .filter(|axis| *axis == 0 || spatial && *axis > 1)
        .collect();
    let mean = reduce(cx, ReduceOp::Mean, x, axes.clone())?;
    let x = binary(cx, BinaryOp::Sub, x, mean)?;
    let square = map(cx, Square, x)?;
    let var = reduce(cx, ReduceOp::Mean, square, axes)?;
    let shape = if spatial { &ty.shape[1..2] } else { &ty.shape[1..] };
    Ok([reshaped(cx, mean, shape)?, reshaped(cx, var, shape)?])
}

fn operands(cx: &mut NodeContext<'_>, dtype: DType) -> Result<[ValueId; 5], OpError> {
    let mut values = [cx.input(0)?; 5];
    for (i, value) in values.iter_mut().enumerate() {
        *value = cx.dequantised_input(i)?;
        *value = cast(cx, *value, dtype)?;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, float, int, run};
    use crate::ir::Tensor;

    #[test]
    fn by_channel_or_by_element() {
        let x = || Given(Tensor::f32(&[1, 2, 1], &[3.0, 5.0]));
        let of = |shape: &[usize], values: [f32; 2]| Known(Tensor::f32(shape, &values));
        let node = |shape: &[usize]| {
            [
                x(),
                of(shape, [2.0, 1.0]),
                of(shape, [1.0, 0.0]),
                of(shape, [1.0, 1.0]),
                of(shape, [4.0, 16.0]),
            ]
        };
        let exact = float("epsilon", 0.0);
        let y = Ok(vec![Tensor::f32(&[1, 2, 1], &[3.0, 1.0])]);
        assert_eq!(
            run(9, "BatchNormalization", std::slice::from_ref(&exact), &node(&[2]), 1),
            y
        );
        assert_eq!(
            run(
                7,
                "BatchNormalization",
                &[exact.clone(), int("spatial", 0)],
                &node(&[2, 1]),
                1
            ),
            y
        );
    }

    #[test]
    fn training_normalises_by_the_batch() {
        let x = Given(Tensor::f32(&[2, 1], &[1.0, 5.0]));
        let of = |value: f32| Given(Tensor::f32(&[1], &[value]));
        let attributes = [float("epsilon", 0.0), float("momentum", 0.5), int("training_mode", 1)];
        let operands = [x, of(2.0), of(1.0), of(7.0), of(2.0)];
        let found = run(15, "BatchNormalization", &attributes, &operands, 3);
        let one = |value: f32| Tensor::f32(&[1], &[value]);
        assert_eq!(found, Ok(vec![Tensor::f32(&[2, 1], &[-1.0, 3.0]), one(5.0), one(3.0)]));
    }
}
