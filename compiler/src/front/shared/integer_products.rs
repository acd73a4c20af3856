//! Exact sums of products of 8-bit integers around zero points.

use super::compose::{binary, with_number};
use super::normalization::cast;
use super::quantization::centred;
use crate::front::node::NodeContext;
use crate::ir::primitives::{BinaryOp, BitCast, IntegerGemm, MatMul, weights_around_zero};
use crate::ir::{DType, OpError, Tensor, ValueId};

/// 8-bit integers, and a zero point, unless it is zero, that broadcasts against them.
#[derive(Clone, Copy)]
pub(in crate::front) struct Integers {
    /// The integers.
    pub(in crate::front) value: ValueId,
    /// The zero point.
    pub(in crate::front) zero: Option<ValueId>,
}

/// The product of two matrices of integers without their zero points, in `i32`, which wraps.
pub(in crate::front) fn product(cx: &mut NodeContext<'_>, a: Integers, b: Integers) -> Result<ValueId, OpError> {
    if let Some(weights) = weights(cx, b) {
        return by_weights(cx, a, &weights);
    }
    let a = centred(cx, a.value, a.zero, DType::I32)?;
    let b = centred(cx, b.value, b.zero, DType::I32)?;
    cx.add(MatMul, &[a, b])
}

/// A constant matrix without its zero points, if that fits `i8`.
fn weights(cx: &NodeContext<'_>, b: Integers) -> Option<Tensor> {
    let matrix = cx.value(b.value)?;
    let [k, n] = matrix.shape[..] else { return None };
    let zeros = match b.zero {
        Some(zero) => cx.value(zero)?.to_f64(),
        None => vec![0.0],
    };
    let zero = |index: usize| zeros[if zeros.len() == 1 { 0 } else { index % n }] as i32;
    let centred = weights_around_zero(matrix, zero).filter(|_| k > 0 && [1, n].contains(&zeros.len()))?;
    Some(Tensor::new(
        DType::I8,
        vec![k, n],
        centred.into_iter().map(|w| w as u8).collect(),
    ))
}

/// The product of the stored integers by weights around zero, minus what the zero point adds to each column.
fn by_weights(cx: &mut NodeContext<'_>, a: Integers, weights: &Tensor) -> Result<ValueId, OpError> {
    let n = weights.shape[1];
    let mut columns = vec![0i32; n];
    for (index, byte) in weights.bytes.iter().enumerate() {
        columns[index % n] = columns[index % n].wrapping_add((*byte as i8).into());
    }
    let unsigned = cx.value_ty(a.value).dtype == DType::U8;
    let signed = if unsigned {
        // The greatest bit turned over: 128 less, as a signed integer.
        let turned = with_number(cx, BinaryOp::Xor, a.value, 128.0)?;
        cx.add(BitCast { to: DType::I8 }, &[turned])?
    } else {
        a.value
    };
    let weights = cx.add_constant(weights.clone());
    let sums = cx.add(IntegerGemm, &[signed, weights])?;
    let mut zero = match a.zero {
        Some(zero) => cast(cx, zero, DType::I32)?,
        None if !unsigned => return Ok(sums),
        None => cx.scalar(DType::I32, 0.0),
    };
    if unsigned {
        zero = with_number(cx, BinaryOp::Sub, zero, 128.0)?;
    }
    let columns = cx.add_constant(Tensor::i32(&[n], &columns));
    let added = binary(cx, BinaryOp::Mul, zero, columns)?;
    binary(cx, BinaryOp::Sub, sums, added)
}
