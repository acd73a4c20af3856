//! Attention out of matrix products and a softmax, where its scores are wanted or the element type is double.

use super::compose::{binary, map, reduce, transposed, with_number};
use super::normalization::softmax;
use super::normalization::{cast, reshaped};
use crate::front::node::NodeContext;
use crate::ir::primitives::{BinaryOp, MatMul, ReduceOp, Select};
use crate::ir::{DType, OpError, ValueId, op_error};
use runtime_core::function::Tanh;

/// Which scores the optional output shows.
#[derive(Clone, Copy, PartialEq)]
pub(in crate::front) enum Exposed {
    Products,
    Capped,
    Masked,
    Probabilities,
}

impl Exposed {
    /// What attribute `qk_matmul_output_mode` names.
    pub(in crate::front) fn of_mode(mode: i64) -> Result<Self, OpError> {
        match mode {
            0 => Ok(Self::Products),
            1 => Ok(Self::Capped),
            2 => Ok(Self::Masked),
            3 => Ok(Self::Probabilities),
            _ => Err(op_error(format!("qk_matmul_output_mode is {mode}")).help("ONNX defines 0 to 3")),
        }
    }
}

/// What attention is made of.
pub(in crate::front) struct Parts {
    /// Queries, keys and values, of one element type.
    pub(in crate::front) operands: [ValueId; 3],
    /// Which of them, and the output, have tokens before heads.
    pub(in crate::front) tokens_first: [bool; 4],
    pub(in crate::front) scale: f64,
    pub(in crate::front) softcap: f32,
    pub(in crate::front) mask: Option<ValueId>,
    /// The element type of the softmax.
    pub(in crate::front) precision: DType,
    pub(in crate::front) exposed: Exposed,
}

/// Adds attention; gives the output and the scores that are exposed.
pub(in crate::front) fn add(cx: &mut NodeContext<'_>, parts: Parts) -> Result<(ValueId, ValueId), OpError> {
    let swap = vec![0, 2, 1, 3];
    let mut operands = parts.operands;
    for (operand, tokens_first) in operands.iter_mut().zip(parts.tokens_first) {
        if tokens_first {
            *operand = transposed(cx, *operand, swap.clone())?;
        }
    }
    let [q, k, v] = operands;
    let shapes = [q, k, v].map(|value| cx.value_ty(value).shape.clone());
    let ([batch, heads, queries, size], [_, shared, keys, _]) = (four(&shapes[0])?, four(&shapes[1])?);
    let value_size = shapes[2].last().copied().unwrap_or(0);
    if shared == 0 || !heads.is_multiple_of(shared) {
        return Err(op_error(format!(
            "{heads} heads of queries do not share {shared} of keys"
        )));
    }
    // Heads of queries that share keys are rows of one product.
    let rows = heads / shared * queries;
    let dtype = cx.value_ty(q).dtype;
    let q = with_number(cx, BinaryOp::Mul, q, parts.scale)?;
    let q = reshaped(cx, q, &[batch, shared, rows, size])?;
    let k = transposed(cx, k, vec![0, 1, 3, 2])?;
    let products = cx.add(MatMul, &[q, k])?;
    let products = reshaped(cx, products, &[batch, heads, queries, keys])?;
    let mut capped = products;
    if parts.softcap != 0.0 {
        let cap = f64::from(parts.softcap);
        capped = with_number(cx, BinaryOp::Div, capped, cap)?;
        capped = map(cx, Tanh, capped)?;
        capped = with_number(cx, BinaryOp::Mul, capped, cap)?;
    }
    let masked = match parts.mask {
        Some(mask) => binary(cx, BinaryOp::Add, capped, mask)?,
        None => capped,
    };
    let precise = cast(cx, masked, parts.precision)?;
    let precise = softmax(cx, precise, 3, false)?;
    let mut probabilities = cast(cx, precise, dtype)?;
    if let Some(mask) = parts.mask.filter(|_| keys > 0) {
        // A query that may attend nothing.
        let last = cx.value_ty(mask).rank().saturating_sub(1);
        let most = reduce(cx, ReduceOp::Max, mask, vec![last])?;
        let closed = with_number(cx, BinaryOp::Equal, most, f64::NEG_INFINITY)?;
        let zero = cx.scalar(dtype, 0.0);
        probabilities = cx.add(Select, &[closed, zero, probabilities])?;
    }
    let weights = reshaped(cx, probabilities, &[batch, shared, rows, keys])?;
    let y = cx.add(MatMul, &[weights, v])?;
    let mut y = reshaped(cx, y, &[batch, heads, queries, value_size])?;
    if parts.tokens_first[3] {
        y = transposed(cx, y, swap)?;
    }
    let exposed = match parts.exposed {
        Exposed::Products => products,
        Exposed::Capped => capped,
        Exposed::Masked => masked,
        Exposed::Probabilities => probabilities,
    };
    Ok((y, exposed))
}

fn four(shape: &[usize]) -> Result<[usize; 4], OpError> {
    shape
        .try_into()
        .map_err(|_| op_error(format!("an operand of {} dimensions", shape.len())))
}
