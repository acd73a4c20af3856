//! The `QLinear..` operators: `DequantizeLinear`, an operator on floats, `QuantizeLinear`. The pass `integers` makes
//! one operator in integers of the three.

use super::quantization::{check, with_normal_scales};
use crate::front::node::NodeContext;
use crate::ir::primitives::{DequantizeLinear, Quantization, QuantizeLinear, weights_around_zero};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// Inputs that say how integers stand for numbers, by index: `[scale, zero point]`.
pub(in crate::front) type Parameters = [usize; 2];

/// How integers of type `dtype` stand for numbers, with one scale or one for each element of `axis`.
fn quantization(
    cx: &NodeContext<'_>,
    [scale, zero]: Parameters,
    dtype: DType,
    axis: usize,
) -> Result<Quantization, OpError> {
    let wrong = |index: usize, what: &str| op_error(format!("input {index} must be {what}"));
    let scales = cx.known(scale, "scale")?.to_f32();
    let scales = scales.ok_or_else(|| wrong(scale, "a scale of type f32"))?;
    let zeros = if cx.has(zero) {
        let zeros = cx.known(zero, "zero_point")?;
        if zeros.dtype != dtype {
            return Err(wrong(zero, &format!("a zero point of type {dtype}")));
        }
        zeros.to_f64().iter().map(|zero| *zero as i32).collect()
    } else {
        vec![0]
    };
    let zeros = if zeros.len() == 1 {
        vec![zeros[0]; scales.len()]
    } else {
        zeros
    };
    Ok(Quantization {
        dtype,
        scales,
        zeros,
        axis,
    })
}

/// The numbers that input `index` stands for.
pub(in crate::front) fn dequantised(
    cx: &mut NodeContext<'_>,
    index: usize,
    parameters: Parameters,
    axis: usize,
) -> Result<ValueId, OpError> {
    dequantised_times(cx, index, parameters, axis, 1.0)
}

/// The numbers that input `index` stands for, times a factor above zero.
pub(in crate::front) fn dequantised_times(
    cx: &mut NodeContext<'_>,
    index: usize,
    parameters: Parameters,
    axis: usize,
    factor: f32,
) -> Result<ValueId, OpError> {
    let dtype = check(cx, index, &[DType::I8, DType::U8, DType::I16, DType::U16])?.dtype;
    let mut from = quantization(cx, parameters, dtype, axis)?;
    from.scales.iter_mut().for_each(|scale| *scale *= factor);
    let integers = cx.input(index)?;
    let (integers, from) = with_normal_scales(cx, integers, from);
    cx.add(DequantizeLinear { from }, &[integers])
}

/// An `i32` bias, input `index`, as numbers; its scale is the product of these numbers, one per channel.
pub(in crate::front) fn bias(cx: &mut NodeContext<'_>, index: usize, scales: Vec<f32>) -> Result<ValueId, OpError> {
    let ty = check(cx, index, &[DType::I32])?;
    let from = Quantization {
        dtype: DType::I32,
        zeros: vec![0; scales.len()],
        scales,
        axis: ty.rank().saturating_sub(1),
    };
    let integers = cx.input(index)?;
    let (integers, from) = with_normal_scales(cx, integers, from);
    cx.add(DequantizeLinear { from }, &[integers])
}

/// The products of two scales, inputs `a` and `b`, of which one is a number, and a factor: what an `i32` bias is
/// measured in.
pub(in crate::front) fn scales(cx: &NodeContext<'_>, a: usize, b: usize, factor: f32) -> Result<Vec<f32>, OpError> {
    let numbers = |index| Ok(cx.known(index, "scale")?.to_f32().unwrap_or_default());
    let (a, b): (Vec<f32>, Vec<f32>) = (numbers(a)?, numbers(b)?);
    Ok(a.iter().flat_map(|a| b.iter().map(move |b| a * factor * b)).collect())
}

/// A value as integers like those of `like`, unless the zero point says otherwise.
pub(in crate::front) fn quantised(
    cx: &mut NodeContext<'_>,
    value: ValueId,
    parameters: Parameters,
    like: DType,
) -> Result<ValueId, OpError> {
    let zero = parameters[1];
    let dtype = if cx.has(zero) { cx.ty(zero)?.dtype } else { like };
    let to = quantization(cx, parameters, dtype, 0)?;
    if to.single().is_none() {
        return Err(op_error(format!("input {} must be one scale", parameters[0])));
    }
    cx.add(QuantizeLinear { to }, &[value])
}

/// Whether these inputs are known at compile time, as far as they are given.
fn are_known(cx: &NodeContext<'_>, inputs: &[usize]) -> bool {
    let known =
        |index: &usize| !cx.has(*index) || cx.constant(*index).is_some_and(|tensor: &Tensor| !tensor.is_empty());
    inputs.iter().all(known)
}

/// Whether a kernel in integers can take the constant weights of input 3: inputs in the order of `QLinearConv`.
pub(in crate::front) fn has_integer_kernel(cx: &NodeContext<'_>, channel: impl Fn(usize) -> usize) -> bool {
    // One for all channels, or one for each; what fits neither is told of where it is read.
    let zeros = cx.constant(5).map(Tensor::to_f64).unwrap_or_default();
    let zero = |index| zeros.get(if zeros.len() == 1 { 0 } else { channel(index) });
    let fits = |weights| weights_around_zero(weights, |index| Some(*zero(index)? as i32)).is_some();
    are_known(cx, &[1, 2, 3, 4, 5, 6, 7, 8]) && cx.constant(3).is_some_and(fits)
}

/// Reads an operator of one tensor: inputs `x, x_scale, x_zero_point, y_scale, y_zero_point`.
pub(in crate::front) fn of_one(
    cx: &mut NodeContext<'_>,
    operator: impl FnOnce(&mut NodeContext<'_>, ValueId) -> Result<ValueId, OpError>,
) -> Result<Vec<ValueId>, OpError> {
    let dtype = cx.ty(0)?.dtype;
    let x = dequantised(cx, 0, [1, 2], 0)?;
    let y = operator(cx, x)?;
    Ok(vec![quantised(cx, y, [3, 4], dtype)?])
}

/// Reads an operator of two tensors: inputs `a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale,
/// y_zero_point`.
pub(in crate::front) fn of_two(
    cx: &mut NodeContext<'_>,
    operator: impl FnOnce(&mut NodeContext<'_>, ValueId, ValueId) -> Result<ValueId, OpError>,
) -> Result<Vec<ValueId>, OpError> {
    let dtype = cx.ty(0)?.dtype;
    let (a, b) = (dequantised(cx, 0, [1, 2], 0)?, dequantised(cx, 3, [4, 5], 0)?);
    let y = operator(cx, a, b)?;
    Ok(vec![quantised(cx, y, [6, 7], dtype)?])
}

#[cfg(test)]
mod tests {
    use crate::front::proto::AttributeProto;
    use crate::front::testing::{Given, Known, Operand, float, int, ints, run};
    use crate::ir::{DType, Tensor};

    /// Bytes of a fixed sequence.
    fn bytes(dtype: DType, shape: &[usize], seed: usize) -> Tensor {
        let len = shape.iter().product::<usize>();
        Tensor::new(
            dtype,
            shape.to_vec(),
            (0..len).map(|i| (i * 89 + seed * 37 + i * i) as u8).collect(),
        )
    }

    /// The results with parameters known now, which are integers throughout, and at run time.
    #[track_caller]
    fn both(op: &str, x: &Tensor, w: &Tensor, zeros: [f64; 3], scales: &[f32]) -> [Tensor; 2] {
        let one = |value| Tensor::f32(&[], &[value]);
        let weight_zeros = vec![zeros[1] as u8; scales.len()];
        let parameters = [
            one(0.02),
            Tensor::scalar(x.dtype, zeros[0]),
            w.clone(),
            Tensor::f32(&[scales.len()], scales),
            Tensor::new(w.dtype, vec![scales.len()], weight_zeros),
            one(0.9),
            Tensor::scalar(x.dtype, zeros[2]),
        ];
        let attributes = if op == "QLinearConv" {
            vec![ints("pads", &[1, 1, 1, 1])]
        } else {
            vec![]
        };
        [Known as fn(Tensor) -> Operand, Given].map(|known| {
            let mut operands = vec![Given(x.clone())];
            operands.extend(parameters.iter().cloned().map(known));
            run(21, op, &attributes, &operands, 1).unwrap().remove(0)
        })
    }

    #[test]
    fn integers_give_what_floats_do() {
        let scales = [0.013, 0.0021, 0.05];
        for (dtype, zero) in [(DType::I8, -7.0), (DType::U8, 131.0)] {
            let x = bytes(dtype, &[1, 2, 5, 4], 1);
            for (weights, around) in [(DType::I8, 0.0), (DType::U8, 128.0)] {
                let w = bytes(weights, &[3, 2, 3, 3], 2);
                let [integers, floats] = both("QLinearConv", &x, &w, [zero, around, zero + 3.0], &scales);
                assert_eq!(integers, floats);
                let w = bytes(weights, &[4, 3], 3);
                let x = bytes(dtype, &[5, 4], 4);
                let [integers, floats] = both("QLinearMatMul", &x, &w, [zero, around, zero], &scales);
                assert_eq!(integers, floats);
            }
        }
    }

    #[test]
    fn mixed_types_are_refused() {
        let byte = |dtype| Known(Tensor::scalar(dtype, 0.0));
        let one = || Known(Tensor::f32(&[], &[1.0]));
        let conv = |zero, bias| {
            let (x, w) = (bytes(DType::I8, &[1, 1, 3], 1), bytes(DType::I8, &[1, 1, 2], 2));
            let operands = [
                Given(x),
                one(),
                byte(zero),
                Known(w),
                one(),
                byte(DType::I8),
                one(),
                byte(DType::I8),
                Known(bias),
            ];
            run(10, "QLinearConv", &[], &operands, 1)
        };
        assert!(conv(DType::I8, Tensor::i32(&[1], &[3])).is_ok());
        assert!(conv(DType::U8, Tensor::i32(&[1], &[3])).is_err());
        assert!(conv(DType::I8, Tensor::f32(&[1], &[3.5])).is_err());
    }

    /// The result for `u8` operands with a scale of 0.5 and a zero point of 100 each, all known but the tensors.
    fn of_bytes(op: &str, attributes: &[AttributeProto], tensors: &[&[u8]], y: (f32, u8)) -> Vec<f64> {
        let byte = |value| Known(Tensor::new(DType::U8, vec![], vec![value]));
        let scale = |value| Known(Tensor::f32(&[], &[value]));
        let of = |bytes: &&[u8]| {
            let tensor = Given(Tensor::new(DType::U8, vec![1, bytes.len()], bytes.to_vec()));
            [tensor, scale(0.5), byte(100)]
        };
        let own = tensors.iter().flat_map(of);
        let result = [scale(y.0), byte(y.1)];
        let operands: Vec<Operand> = if op == "QLinearConcat" {
            result.into_iter().chain(own).collect()
        } else {
            own.chain(result).collect()
        };
        run(1, op, attributes, &operands, 1).unwrap()[0].to_f64()
    }

    #[test]
    fn operators_of_microsoft() {
        let (a, b): (&[u8], &[u8]) = (&[100, 104, 90, 255], &[101, 98, 100, 255]);
        // 0.5, 1, -5 and 155; 0, -2, 0 and 6006.25.
        assert_eq!(
            of_bytes("QLinearAdd", &[], &[a, b], (1.0, 10)),
            [10.0, 11.0, 5.0, 165.0]
        );
        assert_eq!(
            of_bytes("QLinearMul", &[], &[a, b], (1.0, 10)),
            [10.0, 8.0, 10.0, 255.0]
        );
        // 0, 2, -5 and 77.5.
        assert_eq!(
            of_bytes("QLinearLeakyRelu", &[], &[a], (0.05, 9)),
            [9.0, 49.0, 8.0, 255.0]
        );
        assert_eq!(
            of_bytes("QLinearSigmoid", &[], &[a], (1.0 / 256.0, 0)),
            [128.0, 225.0, 2.0, 255.0]
        );
        let opset = [int("opset", 13)];
        let probabilities = of_bytes("QLinearSoftmax", &opset, &[&[100, 100, 102, 60]], (1.0 / 256.0, 0));
        assert_eq!(probabilities, [54.0, 54.0, 147.0, 0.0]);
        let axis = [int("axis", 1)];
        let joined = of_bytes("QLinearConcat", &axis, &[&a[..2], &b[..2]], (0.25, 10));
        assert_eq!(joined, [10.0, 18.0, 12.0, 6.0]);
    }

    #[test]
    fn pools_of_microsoft() {
        let image = || Given(Tensor::new(DType::I8, vec![1, 1, 2, 2], vec![2, 4, 6, 9]));
        let known = |value| Known(Tensor::f32(&[], &[value]));
        let zero = || Known(Tensor::scalar(DType::I8, 1.0));
        let pool = |op: &str, attributes: &[AttributeProto]| {
            let operands = [image(), known(1.0), zero(), known(0.5), zero()];
            run(1, op, attributes, &operands, 1).map(|y| y[0].to_f64())
        };
        // 8.5 goes to the even neighbour.
        assert_eq!(pool("QLinearGlobalAveragePool", &[]), Ok(vec![9.0]));
        let columns = [ints("kernel_shape", &[2, 1])];
        assert_eq!(pool("QLinearAveragePool", &columns), Ok(vec![7.0, 12.0]));
        let last = pool("QLinearGlobalAveragePool", &[int("channels_last", 1)]);
        assert!(last.is_err_and(|e| e.contains("channels_last")));
    }

    #[test]
    fn products_of_microsoft() {
        let matrix = |shape: &[usize], bytes: &[u8]| Tensor::new(DType::I8, shape.to_vec(), bytes.to_vec());
        let known = |value| Known(Tensor::f32(&[], &[value]));
        let zero = || Known(Tensor::scalar(DType::I8, 0.0));
        let product = |attributes: &[AttributeProto], quantised: bool| {
            let weights = Known(matrix(&[1, 2], &[3, 4]));
            let bias = Known(Tensor::i32(&[1], &[10]));
            let mut operands = vec![
                Given(matrix(&[1, 2], &[1, 2])),
                known(0.5),
                zero(),
                weights,
                known(2.0),
                zero(),
                bias,
            ];
            if quantised {
                operands.extend([known(2.0), zero()]);
            }
            run(1, "QGemm", attributes, &operands, 1).map(|y| y[0].to_f64())
        };
        // (11 + 10) * 0.5 * 2.
        assert_eq!(product(&[int("transB", 1)], false), Ok(vec![21.0]));
        assert_eq!(product(&[int("transB", 1)], true), Ok(vec![10.0]));
        assert_eq!(product(&[int("transB", 1), float("alpha", 2.0)], true), Ok(vec![21.0]));
        let negative = product(&[int("transB", 1), float("alpha", -1.0)], true);
        assert!(negative.is_err_and(|e| e.contains("alpha")));
    }
}
