//! Attention as `com.microsoft` has it: heads side by side, masks of integers, keys and values of earlier runs.

use super::compose::{binary, part, storable, transposed};
use super::normalization::{cast, in_f32, reshaped};
use crate::front::node::NodeContext;
use crate::ir::primitives::{Attention, BinaryOp, Concat, Select};
use crate::ir::{DType, OpError, Tensor, ValueId, op_error};

/// What the attributes of these operators say.
pub(in crate::front) struct Settings {
    /// Number of heads.
    pub(in crate::front) heads: usize,
    /// Factor of the scores; zero for the root of the size of a head.
    scale: f32,
    /// What is added to the scores of keys that are masked.
    filter: f32,
    /// Whether queries attend no keys after them.
    causal: bool,
}

impl Settings {
    /// Reads the attributes.
    pub(in crate::front) fn read(cx: &mut NodeContext<'_>) -> Result<Self, OpError> {
        let heads = cx.attributes.required_int("num_heads")?;
        let heads = usize::try_from(heads).ok().filter(|heads| *heads > 0);
        for name in ["do_rotary", "past_present_share_buffer", "rotary_embedding_dim"] {
            if cx.attributes.int(name, 0)? != 0 {
                return Err(op_error(format!("attribute `{name}` is set")).help("supported: 0"));
            }
        }
        Ok(Self {
            heads: heads.ok_or_else(|| op_error("attribute `num_heads` must be above zero"))?,
            scale: cx.attributes.float("scale", 0.0)?,
            filter: cx.attributes.float("mask_filter_value", -10000.0)?,
            causal: cx.attributes.flag("unidirectional", false)?,
        })
    }

    /// `[batch, tokens, hidden]` as `[batch, tokens, heads, size]`.
    pub(in crate::front) fn split(&self, cx: &mut NodeContext<'_>, x: ValueId) -> Result<ValueId, OpError> {
        let ty = cx.value_ty(x).clone();
        match ty.shape[..] {
            [batch, tokens, hidden] if hidden.is_multiple_of(self.heads) => {
                reshaped(cx, x, &[batch, tokens, self.heads, hidden / self.heads])
            }
            _ => Err(op_error(format!("{ty} does not divide into {} heads", self.heads))),
        }
    }

    /// What queries `[batch, tokens, heads, size]` make of values: `[batch, tokens, hidden]`. Keys and values are
    /// `[batch, heads, tokens, size]`; `masks` are inputs.
    pub(in crate::front) fn attend(
        &self,
        cx: &mut NodeContext<'_>,
        [q, k, v]: [ValueId; 3],
        masks: &Masks,
    ) -> Result<ValueId, OpError> {
        let [q_shape, k_shape, v_shape] = [q, k, v].map(|value| cx.value_ty(value).shape.clone());
        let (&[batch, queries, heads, size], &[_, _, keys, _]) = (four(&q_shape)?, four(&k_shape)?);
        if k_shape != [batch, heads, keys, size] || v_shape[..3] != k_shape[..3] {
            return Err(op_error(format!(
                "queries {q_shape:?}, keys {k_shape:?} and values {v_shape:?} do not fit"
            )));
        }
        let mut mask = match masks.padding {
            Some(index) => Some(self.padding(cx, index, [batch, queries, keys])?),
            None => None,
        };
        if let Some(index) = masks.bias {
            let bias = in_f32(cx, index)?;
            let ty = cx.value_ty(bias);
            let fits = |(size, whole): (&usize, &usize)| *size == 1 || size == whole;
            let whole = [batch, heads, queries, keys];
            if ty.rank() != 4 || ty.shape[2..] != whole[2..] || !ty.shape.iter().zip(&whole).all(fits) {
                return Err(op_error(format!(
                    "input {index} is {ty}, it must broadcast to {whole:?}"
                )));
            }
            mask = Some(match mask {
                Some(mask) => binary(cx, BinaryOp::Add, mask, bias)?,
                None => bias,
            });
        }
        let scale = if self.scale == 0.0 {
            1.0 / (size as f32).sqrt()
        } else {
            self.scale
        };
        let past = isize::try_from(keys.saturating_sub(queries)).unwrap_or(0);
        let attention = Attention {
            scale,
            softcap: 0.0,
            first: None,
            last: self.causal.then_some(past),
            tokens_first: [true, false, false, true],
        };
        let operands: Vec<_> = [q, k, v].into_iter().chain(mask).collect();
        let y = cx.add(attention, &operands)?;
        reshaped(cx, y, &[batch, queries, heads * v_shape[3]])
    }

    /// A mask of integers, input `index`, as numbers that are added to scores: ones are open; or the ends of the keys
    /// that are open, perhaps with their beginnings after them.
    fn padding(
        &self,
        cx: &mut NodeContext<'_>,
        index: usize,
        [batch, queries, keys]: [usize; 3],
    ) -> Result<ValueId, OpError> {
        let (value, ty) = (cx.input(index)?, cx.ty(index)?);
        let open = match ty.shape[..] {
            [len] if len == batch || len == 2 * batch => {
                storable(&[keys])?;
                let places: Vec<i64> = (0..keys as i64).collect();
                let places = cx.add_constant(Tensor::i64(&[keys], &places));
                let bounds = cast(cx, value, DType::I64)?;
                let mut open = self.bounded(cx, BinaryOp::Less, places, bounds, [0, batch])?;
                if len == 2 * batch {
                    let from = self.bounded(cx, BinaryOp::GreaterOrEqual, places, bounds, [batch, batch])?;
                    open = binary(cx, BinaryOp::And, open, from)?;
                }
                open
            }
            [b, k] if b == batch && k == keys => self.ones(cx, value, &[batch, 1, 1, keys])?,
            [b, q, k] if b == batch && q == queries && k == keys => self.ones(cx, value, &[batch, 1, queries, keys])?,
            _ => {
                return Err(op_error(format!("the mask, input {index}, is {ty}")).help(format!(
                    "supported: [{batch}], [{}], [{batch}, {keys}] and [{batch}, {queries}, {keys}]",
                    2 * batch
                )));
            }
        };
        let (zero, filter) = (cx.scalar(DType::F32, 0.0), cx.scalar(DType::F32, self.filter.into()));
        cx.add(Select, &[open, zero, filter])
    }

    /// Compares places with the bounds of each batch.
    fn bounded(
        &self,
        cx: &mut NodeContext<'_>,
        op: BinaryOp,
        places: ValueId,
        bounds: ValueId,
        [start, len]: [usize; 2],
    ) -> Result<ValueId, OpError> {
        let bounds = part(cx, bounds, 0, start, len)?;
        let bounds = reshaped(cx, bounds, &[len, 1, 1, 1])?;
        binary(cx, op, places, bounds)
    }

    fn ones(&self, cx: &mut NodeContext<'_>, mask: ValueId, shape: &[usize]) -> Result<ValueId, OpError> {
        let zero = cx.scalar(cx.value_ty(mask).dtype, 0.0);
        let open = binary(cx, BinaryOp::Greater, mask, zero)?;
        reshaped(cx, open, shape)
    }
}

/// Inputs that keep queries from keys.
pub(in crate::front) struct Masks {
    /// A mask of integers.
    pub(in crate::front) padding: Option<usize>,
    /// What is added to the scores.
    pub(in crate::front) bias: Option<usize>,
}

/// `[batch, tokens, heads, size]` with heads before tokens, after what is kept of earlier runs.
pub(in crate::front) fn after(
    cx: &mut NodeContext<'_>,
    past: Option<ValueId>,
    tokens: ValueId,
) -> Result<ValueId, OpError> {
    let tokens = transposed(cx, tokens, vec![0, 2, 1, 3])?;
    match past {
        Some(past) => {
            let past = cast(cx, past, DType::F32)?;
            cx.add(Concat { axis: 2 }, &[past, tokens])
        }
        None => Ok(tokens),
    }
}

fn four(shape: &[usize]) -> Result<&[usize; 4], OpError> {
    let found = shape.try_into();
    found.map_err(|_| op_error(format!("an operand of shape {shape:?}, it must have four dimensions")))
}
