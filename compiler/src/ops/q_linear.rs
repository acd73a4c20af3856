//! The `QLinear..` operators: `DequantizeLinear`, an operator on floats, `QuantizeLinear`. The pass `integers` makes one
//! operator in integers of the three.

use super::quantization::check;
use crate::import::NodeContext;
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};
use crate::primitives::{DequantizeLinear, Quantization, QuantizeLinear, weights_around_zero};

/// Inputs that say how integers stand for numbers, by index: `[scale, zero point]`.
pub(super) type Parameters = [usize; 2];

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
pub(super) fn dequantised(
    cx: &mut NodeContext<'_>,
    index: usize,
    parameters: Parameters,
    axis: usize,
) -> Result<ValueId, OpError> {
    let dtype = check(cx, index, &[DType::I8, DType::U8, DType::I16, DType::U16])?.dtype;
    let from = quantization(cx, parameters, dtype, axis)?;
    cx.op(DequantizeLinear { from }, &[index]).map(|values| values[0])
}

/// An `i32` bias, input `index`, as numbers; its scale is the product of these numbers, one a channel.
pub(super) fn bias(cx: &mut NodeContext<'_>, index: usize, scales: Vec<f32>) -> Result<ValueId, OpError> {
    let ty = check(cx, index, &[DType::I32])?;
    let from = Quantization {
        dtype: DType::I32,
        zeros: vec![0; scales.len()],
        scales,
        axis: ty.rank().saturating_sub(1),
    };
    cx.op(DequantizeLinear { from }, &[index]).map(|values| values[0])
}

/// The products of two scales, inputs `a` and `b`, of which one is a number: what an `i32` bias is measured in.
pub(super) fn scales(cx: &NodeContext<'_>, a: usize, b: usize) -> Result<Vec<f32>, OpError> {
    let numbers = |index| Ok(cx.known(index, "scale")?.to_f32().unwrap_or_default());
    let (a, b): (Vec<f32>, Vec<f32>) = (numbers(a)?, numbers(b)?);
    Ok(a.iter().flat_map(|a| b.iter().map(move |b| a * b)).collect())
}

/// A value as integers like those of `like`, unless the zero point says otherwise.
pub(super) fn quantised(
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
pub(super) fn has_integer_kernel(cx: &NodeContext<'_>, channel: impl Fn(usize) -> usize) -> bool {
    let zeros = cx.constant(5).map(Tensor::to_f64).unwrap_or_default();
    let zero = |index| {
        if zeros.len() == 1 {
            zeros[0]
        } else {
            zeros[channel(index)]
        }
    };
    let fits = |weights| weights_around_zero(weights, |index| zero(index) as i32).is_some();
    are_known(cx, &[1, 2, 3, 4, 5, 6, 7, 8]) && cx.constant(3).is_some_and(fits)
}

/// Reads an operator of one tensor: inputs `x, x_scale, x_zero_point, y_scale, y_zero_point`.
pub(super) fn of_one(
    cx: &mut NodeContext<'_>,
    operator: impl FnOnce(&mut NodeContext<'_>, ValueId) -> Result<ValueId, OpError>,
) -> Result<Vec<ValueId>, OpError> {
    let dtype = cx.ty(0)?.dtype;
    let x = dequantised(cx, 0, [1, 2], 0)?;
    let y = operator(cx, x)?;
    Ok(vec![quantised(cx, y, [3, 4], dtype)?])
}

/// Reads an operator of two tensors: inputs `a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point`.
pub(super) fn of_two(
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
    use super::super::testing::{Given, Known, Operand, ints, run};
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
}
