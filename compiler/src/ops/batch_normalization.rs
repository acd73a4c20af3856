use super::normalization::{cast, reshaped};
use super::{Domain, OperatorDef};
use crate::import::NodeContext;
use crate::ir::{DType, OpError, ValueId, op_error};
use crate::primitives::{Binary, BinaryOp, Map, ScaleShift};
use runtime_core::function::{Identity, Sqrt};

/// `(x - mean) / sqrt(var + epsilon) * scale + bias` for each channel (each element where `spatial` is 0).
pub(super) const BATCH_NORMALIZATION: OperatorDef = OperatorDef {
    name: "BatchNormalization",
    domain: Domain::Onnx,
    versions: &[1, 6, 7, 9, 14, 15],
    limits: "inference only; float16 and bfloat16 are computed in float32",
    read: |cx| {
        let epsilon = cx.attributes.float("epsilon", 1e-5)?;
        cx.attributes.ignore("momentum");
        let training = if cx.opset() < 7 {
            !cx.attributes.flag("is_test", false)?
        } else {
            cx.attributes.flag("training_mode", false)?
        };
        if training {
            return Err(op_error("it is in training mode").help("export the model for inference"));
        }
        let spatial = cx.opset() >= 9 || cx.attributes.flag("spatial", true)?;
        let ty = cx.ty(0)?;
        if !ty.dtype.is_float() || ty.rank() < 2 {
            return Err(op_error(format!(
                "the input {ty} must hold floats and have a batch and channels"
            )));
        }
        let single = ty.dtype != DType::F64;
        let dtype = if single { DType::F32 } else { DType::F64 };
        let [x, scale, bias, mean, var] = operands(cx, dtype)?;
        let epsilon = cx.scalar(dtype, f64::from(epsilon));
        let var = cx.add(Binary::from(BinaryOp::Add), &[var, epsilon])?;
        let deviation = cx.add(Map { function: Sqrt.into() }, &[var])?;
        let scale = cx.add(Binary::from(BinaryOp::Div), &[scale, deviation])?;
        let mean = cx.add(Binary::from(BinaryOp::Mul), &[mean, scale])?;
        let shift = cx.add(Binary::from(BinaryOp::Sub), &[bias, mean])?;
        let y = if single && spatial {
            cx.add(
                ScaleShift {
                    axis: 1,
                    activation: Identity.into(),
                },
                &[x, scale, shift],
            )?
        } else {
            let mut shape = ty.shape[1..].to_vec();
            if spatial {
                shape[1..].fill(1);
            }
            let (scale, shift) = (reshaped(cx, scale, &shape)?, reshaped(cx, shift, &shape)?);
            let y = cx.add(Binary::from(BinaryOp::Mul), &[x, scale])?;
            cx.add(Binary::from(BinaryOp::Add), &[y, shift])?
        };
        Ok(vec![cast(cx, y, ty.dtype)?])
    },
};

fn operands(cx: &mut NodeContext<'_>, dtype: DType) -> Result<[ValueId; 5], OpError> {
    let mut values = [cx.input(0)?; 5];
    for (i, value) in values.iter_mut().enumerate() {
        *value = cx.input(i)?;
        *value = cast(cx, *value, dtype)?;
    }
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::super::testing::{Given, Known, float, int, run};
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
        let training = [exact, int("training_mode", 1)];
        assert!(run(14, "BatchNormalization", &training, &node(&[2]), 1).is_err_and(|e| e.contains("inference")));
    }
}
