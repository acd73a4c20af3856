use crate::front::load;
use crate::front::node::{Domain, OperatorDef};
use crate::front::shared::normalization::{cast, reshaped};
use crate::front::shared::quantization::{Granularity, centred, check, known_quantization, with_normal_scales};
use crate::ir::primitives::{Binary, BinaryOp};
use crate::ir::{DType, op_error};

/// `(x - zero_point) * scale`.
pub(super) const DEQUANTIZE_LINEAR: OperatorDef = OperatorDef {
    name: "DequantizeLinear",
    domain: Domain::Onnx,
    versions: &[10, 13, 19, 21, 23, 24, 25, 28],
    limits: "of int8, uint8, int16, uint16 and int32, and of int4 and uint4 that are stored in the model; computed in float32",
    read: |cx| {
        let quantised = [DType::I8, DType::U8, DType::I16, DType::U16, DType::I32];
        let ty = check(cx, 0, &quantised)?;
        let scale_ty = check(cx, 1, &[DType::F32, DType::F16, DType::Bf16])?;
        let to = match cx.attributes.int("output_dtype", 0)? {
            0 => scale_ty.dtype,
            number => {
                let given = i32::try_from(number).ok().and_then(load::dtype);
                let float = given.filter(|dtype| dtype.is_float() && *dtype != DType::F64);
                float.ok_or_else(|| {
                    op_error(format!("output_dtype is {number}, which is not supported"))
                        .help("supported: float32 (1), float16 (10), bfloat16 (16)")
                })?
            }
        };
        if to == DType::F32
            && let Some(from) = known_quantization(cx, ty.dtype)?
        {
            let x = cx.input(0)?;
            let (x, from) = with_normal_scales(cx, x, from);
            // A scale of zero of what is computed at run time is a factor like others.
            if cx.value(x).is_some() || from.scales.iter().all(|scale| scale.is_normal() || *scale < 0.0) {
                return Ok(vec![cx.add(crate::ir::primitives::DequantizeLinear { from }, &[x])?]);
            }
        }
        let granularity = Granularity::read(cx)?;
        let (x, scale) = (cx.input(0)?, cx.input(1)?);
        let x = reshaped(cx, x, &granularity.shape)?;
        let zero_point = granularity.zero_point(cx, ty.dtype)?;
        let exact = if ty.dtype == DType::I32 { DType::I32 } else { DType::F32 };
        let x = centred(cx, x, zero_point, exact)?;
        let (x, scale) = (cast(cx, x, DType::F32)?, cast(cx, scale, DType::F32)?);
        let scale = granularity.spread(cx, scale)?;
        let y = cx.add(Binary::from(BinaryOp::Mul), &[x, scale])?;
        let y = cast(cx, y, to)?;
        Ok(vec![reshaped(cx, y, &ty.shape)?])
    },
};

/// The same, as ONNX Runtime writes it for 16 bits before opset 21.
pub(super) const MICROSOFT_DEQUANTIZE_LINEAR: OperatorDef = OperatorDef {
    domain: Domain::Microsoft,
    versions: &[1],
    ..DEQUANTIZE_LINEAR
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Given, Known, int, run};
    use crate::ir::{DType, Tensor};

    #[test]
    fn types_of_the_result() {
        let x = || Given(Tensor::new(DType::I8, vec![2], vec![130, 5]));
        let scale = || Known(Tensor::scalar(DType::F32, 0.5));
        let zero = || Known(Tensor::scalar(DType::I8, -3.0));
        let to = |dtype| {
            run(
                23,
                "DequantizeLinear",
                &[int("output_dtype", dtype)],
                &[x(), scale(), zero()],
                1,
            )
        };
        assert_eq!(to(0), Ok(vec![Tensor::f32(&[2], &[-61.5, 4.0])]));
        assert!(to(10).is_ok_and(|y| y[0].dtype == DType::F16 && y[0].to_f64() == [-61.5, 4.0]));
        assert!(to(11).is_err_and(|e| e.contains("output_dtype")));
        let unsigned = Known(Tensor::scalar(DType::U8, 0.0));
        let mixed = run(23, "DequantizeLinear", &[], &[x(), scale(), unsigned], 1);
        assert!(mixed.is_err_and(|e| e.contains("zero point")));
    }

    #[test]
    fn scales_of_zero() {
        let scales = Known(Tensor::f32(&[3], &[0.5, 0.0, 1e-40]));
        let integers = Tensor::new(DType::I8, vec![3, 2], vec![2, 4, 6, 8, 10, 12]);
        let constant = run(
            13,
            "DequantizeLinear",
            &[int("axis", 0)],
            &[Known(integers.clone()), scales],
            1,
        );
        assert_eq!(
            constant,
            Ok(vec![Tensor::f32(&[3, 2], &[1.0, 2.0, 0.0, 0.0, 0.0, 0.0])])
        );
        let zero = || Known(Tensor::f32(&[], &[0.0]));
        let computed = run(13, "DequantizeLinear", &[], &[Given(integers), zero()], 1);
        assert_eq!(computed, Ok(vec![Tensor::f32(&[3, 2], &[0.0; 6])]));
        let negative = Known(Tensor::f32(&[], &[-0.5]));
        let known = Known(Tensor::new(DType::I8, vec![1], vec![2]));
        assert!(run(13, "DequantizeLinear", &[], &[known, negative], 1).is_err_and(|e| e.contains("-5e-1")));
    }

    #[test]
    fn large_integers() {
        let x = Given(Tensor::i32(&[1], &[16_777_217]));
        let zero = Given(Tensor::scalar(DType::I32, 16_777_216.0));
        let y = run(
            10,
            "DequantizeLinear",
            &[],
            &[x, Given(Tensor::f32(&[], &[2.0])), zero],
            1,
        );
        assert_eq!(y, Ok(vec![Tensor::f32(&[1], &[2.0])]));
    }
}
