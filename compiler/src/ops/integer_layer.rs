//! `QLinearConv` and `QLinearMatMul` whose weights, scales and zero points are known: integers throughout.

use crate::import::NodeContext;
use crate::ir::{DType, OpError, Operator, Tensor, ValueId};
use crate::primitives::{Activation, Binary, BinaryOp, BitCast, QuantisedLayer, Quantization, weights_around_zero};

/// What a kernel in integers needs beside the input.
pub(super) struct IntegerLayer {
    weights: Tensor,
    layer: QuantisedLayer,
    unsigned: bool,
}

/// From `u8` to the `i8` that stands for the same number.
const OFFSET: i32 = 128;

impl IntegerLayer {
    /// Reads operands in the order of `QLinearConv`; `channel` tells a weight's output channel by its index. `None` where
    /// something is known at run time only, or does not fit the kernels.
    pub(super) fn read(cx: &NodeContext<'_>, channels: usize, channel: impl Fn(usize) -> usize) -> Option<Self> {
        let numbers = |index| cx.constant(index).map(Tensor::to_f64);
        let dtype = cx.ty(0).ok()?.dtype;
        let unsigned = dtype == DType::U8;
        let offset = if unsigned { OFFSET } else { 0 };
        // Other types are for the general reader to refuse.
        let is = |index, wanted| cx.ty(index).is_ok_and(|ty| ty.dtype == wanted);
        let typed = is(2, dtype) && is(7, dtype) && is(5, cx.ty(3).ok()?.dtype) && (!cx.has(8) || is(8, DType::I32));
        if !matches!(dtype, DType::I8 | DType::U8) || !typed {
            return None;
        }
        let quantization = |scale, zero| {
            let (scale, zero) = (cx.constant(scale)?.to_f32()?, numbers(zero)?);
            let single = scale.len() == 1 && zero.len() == 1;
            single.then(|| Quantization::uniform(DType::I8, scale[0], zero[0] as i32 - offset))
        };
        let (x, y) = (quantization(1, 2)?, quantization(6, 7)?);
        let zeros = per_channel(numbers(5)?, channels)?;
        let scales = per_channel(cx.constant(4)?.to_f32()?, channels)?;
        let weights = cx.constant(3)?;
        let integers = weights_around_zero(weights, |i| zeros[channel(i)] as i32)?;
        let bias = if cx.has(8) { numbers(8)? } else { vec![0.0; channels] };
        let limits = Quantization::range(DType::I8)?;
        let layer = QuantisedLayer::new((&x, &y), &integers, channel, &scales, &bias, limits)?;
        let integers = integers.iter().map(|w| *w as u8).collect();
        Some(Self {
            weights: Tensor::new(DType::I8, weights.shape.clone(), integers),
            layer,
            unsigned,
        })
    }

    /// What becomes of the layer's sums.
    pub(super) fn activation(&self) -> Activation {
        self.layer.activation
    }

    /// Adds the layer.
    pub(super) fn add(self, cx: &mut NodeContext<'_>, operator: impl Operator + 'static) -> Result<ValueId, OpError> {
        let x = cx.input(0)?;
        let x = if self.unsigned { flipped(cx, x, DType::I8)? } else { x };
        let operands = [self.weights, self.layer.bias, self.layer.multiplier].map(|tensor| cx.add_constant(tensor));
        let y = cx.add(operator, &[&[x], &operands[..]].concat())?;
        if self.unsigned {
            flipped(cx, y, DType::U8)
        } else {
            Ok(y)
        }
    }
}

/// `x` less or plus 128, between `u8` and `i8`: the same with the first bit flipped.
fn flipped(cx: &mut NodeContext<'_>, x: ValueId, to: DType) -> Result<ValueId, OpError> {
    let bits = if to == DType::U8 {
        cx.add(BitCast { to }, &[x])?
    } else {
        x
    };
    let first = cx.scalar(DType::U8, f64::from(OFFSET));
    let flipped = cx.add(Binary::from(BinaryOp::Xor), &[bits, first])?;
    if to == DType::U8 {
        return Ok(flipped);
    }
    cx.add(BitCast { to }, &[flipped])
}

/// One number for each channel.
fn per_channel<T: Copy>(numbers: Vec<T>, channels: usize) -> Option<Vec<T>> {
    match numbers.len() {
        1 => Some(vec![numbers[0]; channels]),
        len if len == channels => Some(numbers),
        _ => None,
    }
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
