use crate::front::load;
use crate::front::node::{Domain, NodeContext, OperatorDef};
use crate::front::shared::normalization::{cast, reshaped};
use crate::front::shared::quantization::{Granularity, check, known_quantization, quantised};
use crate::ir::primitives::{Binary, BinaryOp};
use crate::ir::{DType, OpError, op_error};

/// `round(x / scale) + zero_point`, limited to the range of the result's type.
pub(super) const QUANTIZE_LINEAR: OperatorDef = OperatorDef {
    name: "QuantizeLinear",
    domain: Domain::Onnx,
    versions: &[10, 13, 19, 21, 23, 24, 25, 28],
    limits: "to int8, uint8, int16 and uint16",
    read: |cx| {
        let ty = check(cx, 0, &[DType::F32, DType::F16, DType::Bf16, DType::I32])?;
        let scale_ty = check(cx, 1, &[DType::F32, DType::F16, DType::Bf16, DType::I32])?;
        // How floats of 8 bits overflow.
        cx.attributes.ignore("saturate");
        let to = output_dtype(cx)?;
        let precision = precision(cx, scale_ty.dtype)?;
        if ty.dtype == DType::F32
            && precision == DType::F32
            && to != DType::I32
            && let Some(to) = known_quantization(cx, to)?
        {
            return cx.op(crate::ir::primitives::QuantizeLinear { to }, &[0]);
        }
        let granularity = Granularity::read(cx)?;
        let (x, scale) = (cx.input(0)?, cx.input(1)?);
        let x = reshaped(cx, x, &granularity.shape)?;
        let (x, scale) = (cast(cx, x, precision)?, cast(cx, scale, precision)?);
        let scale = granularity.spread(cx, scale)?;
        let quotient = cx.add(Binary::from(BinaryOp::Div), &[x, scale])?;
        let exact = if precision == DType::F64 {
            DType::F64
        } else {
            DType::F32
        };
        let quotient = cast(cx, quotient, exact)?;
        let zero_point = granularity.zero_point(cx, to)?;
        let y = quantised(cx, quotient, zero_point, to)?;
        Ok(vec![reshaped(cx, y, &ty.shape)?])
    },
};

/// The type of the result: that of the zero point, or `output_dtype`, or `u8`.
fn output_dtype(cx: &mut NodeContext<'_>) -> Result<DType, OpError> {
    let number = cx.attributes.int("output_dtype", 0)?;
    let zero_point = if cx.has(2) { Some(cx.ty(2)?.dtype) } else { None };
    if number == 0 {
        return Ok(zero_point.unwrap_or(DType::U8));
    }
    let given = i32::try_from(number).ok().and_then(load::dtype).ok_or_else(|| {
        op_error(format!("output_dtype is {number}, which is not supported"))
            .help("supported: int8 (3), uint8 (2), int16 (5), uint16 (4)")
    })?;
    match zero_point {
        Some(zero_point) if zero_point != given => Err(op_error(format!(
            "output_dtype is {given}, but the zero point is {zero_point}"
        ))),
        _ => Ok(given),
    }
}

/// The type to divide in: `precision`, or the scale's, which decides since opset 23. A quotient of integers is exact.
fn precision(cx: &mut NodeContext<'_>, scale: DType) -> Result<DType, OpError> {
    let number = cx.attributes.int("precision", 0)?;
    if number == 0 {
        return Ok(match scale {
            DType::I32 => DType::F64,
            _ if cx.opset() < 23 => DType::F32,
            scale => scale,
        });
    }
    let given = i32::try_from(number).ok().and_then(load::dtype);
    given.filter(|dtype| dtype.is_float()).ok_or_else(|| {
        op_error(format!("precision is {number}, which is not supported"))
            .help("supported: float32 (1), float16 (10), float64 (11), bfloat16 (16)")
    })
}

/// The same, as ONNX Runtime writes it for 16 bits before opset 21.
pub(super) const MICROSOFT_QUANTIZE_LINEAR: OperatorDef = OperatorDef {
    domain: Domain::Microsoft,
    versions: &[1],
    ..QUANTIZE_LINEAR
};

#[cfg(test)]
mod tests {
    use crate::front::testing::{Absent, Given, Known, int, run};
    use crate::ir::{DType, Tensor};

    fn bytes(shape: &[usize], values: &[u8]) -> Tensor {
        Tensor::new(DType::U8, shape.to_vec(), values.to_vec())
    }

    #[test]
    fn ties_go_to_even_before_the_zero_point() {
        let x = || Given(Tensor::f32(&[6], &[0.5, 1.5, 2.5, -1e30, 1e30, -2.5]));
        let scale = || Known(Tensor::scalar(DType::F32, 1.0));
        let y = run(10, "QuantizeLinear", &[], &[x(), scale()], 1);
        assert_eq!(y, Ok(vec![bytes(&[6], &[0, 2, 2, 0, 255, 0])]));
        let zero = Given(Tensor::scalar(DType::U8, 3.0));
        let y = run(21, "QuantizeLinear", &[], &[x(), scale(), zero], 1);
        assert_eq!(y, Ok(vec![bytes(&[6], &[3, 5, 5, 0, 255, 1])]));
        let y = run(
            21,
            "QuantizeLinear",
            &[int("output_dtype", 3)],
            &[x(), scale(), Absent],
            1,
        );
        let signed = Tensor::new(DType::I8, vec![6], vec![0, 2, 2, 128, 127, 254]);
        assert_eq!(y, Ok(vec![signed]));
    }

    #[test]
    fn only_types_of_the_table_are_quantised_to() {
        let x = || Given(Tensor::f32(&[1], &[1e9]));
        for scale in [Known, Given] {
            let scale = scale(Tensor::scalar(DType::F32, 0.5));
            let zero = Known(Tensor::scalar(DType::I32, 3.0));
            let y = run(21, "QuantizeLinear", &[], &[x(), scale, zero], 1);
            assert!(y.is_err_and(|error| error.contains("i32 is not a type to quantise to")));
        }
    }

    #[test]
    fn scales_of_an_axis_or_of_blocks() {
        let x = || Given(Tensor::f32(&[2, 3], &[2.0, 4.0, 6.0, 8.0, 10.0, 12.0]));
        let scales = |shape: &[usize], values: &[f32]| Given(Tensor::f32(shape, values));
        let axis = |axis, scales| run(13, "QuantizeLinear", &[int("axis", axis)], &[x(), scales], 1);
        assert_eq!(
            axis(-2, scales(&[2], &[1.0, 2.0])),
            Ok(vec![bytes(&[2, 3], &[2, 4, 6, 4, 5, 6])])
        );
        assert_eq!(
            axis(1, scales(&[3], &[1.0, 2.0, 3.0])),
            Ok(vec![bytes(&[2, 3], &[2, 2, 2, 8, 5, 4])])
        );
        assert!(axis(1, scales(&[2], &[1.0, 2.0])).is_err_and(|e| e.contains("axis 1")));
        let block = |size, scales, zero| {
            let attributes = [int("axis", 1), int("block_size", size)];
            run(21, "QuantizeLinear", &attributes, &[x(), scales, zero], 1)
        };
        // The last block is shorter.
        let y = block(
            2,
            scales(&[2, 2], &[1.0, 2.0, 4.0, 6.0]),
            Known(bytes(&[2, 2], &[0, 1, 2, 3])),
        );
        assert_eq!(y, Ok(vec![bytes(&[2, 3], &[2, 4, 4, 4, 4, 5])]));
        let y = block(3, scales(&[2, 1], &[1.0, 2.0]), Given(bytes(&[2, 1], &[0, 1])));
        assert_eq!(y, Ok(vec![bytes(&[2, 3], &[2, 4, 6, 5, 6, 7])]));
        assert!(block(2, scales(&[2, 1], &[1.0, 2.0]), Absent).is_err_and(|e| e.contains("[2, 2]")));
    }

    #[test]
    fn what_is_refused() {
        let x = || Given(Tensor::f32(&[1], &[1.0]));
        let scale = || Known(Tensor::scalar(DType::F32, 1.0));
        let quantise = |attribute| run(23, "QuantizeLinear", &[attribute], &[x(), scale()], 1);
        assert!(quantise(int("output_dtype", 17)).is_err_and(|e| e.contains("int16 (5)")));
        assert!(quantise(int("output_dtype", 1)).is_err_and(|e| e.contains("quantise")));
        assert!(quantise(int("precision", 3)).is_err_and(|e| e.contains("float16 (10)")));
        assert!(quantise(int("block_size", -1)).is_err_and(|e| e.contains("negative")));
    }
}
