use crate::bindings::AttentionCall;
use crate::ir::Lowering;
use crate::ir::geometry::{broadcast, broadcast_strides, tensor_type};
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels;

/// The queries of [`Attention`], among its operands.
const QUERIES: usize = 0;
/// The keys.
const KEYS: usize = 1;
/// The values.
const VALUES: usize = 2;
/// The mask, which is optional.
pub const MASK: usize = 3;

/// `softmax(scale * q k' + mask) v` of each head, in `f32`: inputs `q` `[batch, heads, queries, size]`, `k`
/// `[batch, key heads, keys, size]`, `v` `[batch, key heads, keys, value size]` and an optional mask that broadcasts to
/// `[batch, heads, queries, keys]`. A query that may attend no key gives zeros.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    /// Factor of the scores.
    pub scale: f32,
    /// Limit of the scores before the mask; 0 for none.
    pub softcap: f32,
    /// Query `i` attends keys from `i + first` on; `None` where nothing is too far back.
    pub first: Option<isize>,
    /// Query `i` attends keys up to `i + last`; `None` where nothing is too far ahead.
    pub last: Option<isize>,
    /// Which of the queries, keys, values and outputs have tokens before heads: `[batch, tokens, heads, size]`.
    pub tokens_first: [bool; 4],
}

/// The index of the outputs in [`Attention::tokens_first`].
pub const OUTPUTS: usize = 3;

impl Attention {
    /// Extents of an operand's type: batch, heads, tokens, size.
    fn extents(&self, operand: usize, ty: &TensorType) -> Result<[usize; 4], OpError> {
        match ty.shape[..] {
            [batch, tokens, heads, size] if self.tokens_first[operand] => Ok([batch, heads, tokens, size]),
            [batch, heads, tokens, size] => Ok([batch, heads, tokens, size]),
            _ => Err(op_error(format!(
                "the operand {ty} must have a batch, heads, tokens and elements"
            ))),
        }
    }

    /// Strides of batch, head and token.
    fn strides(&self, operand: usize, [_, heads, tokens, size]: [usize; 4]) -> [usize; 3] {
        let batch = heads * tokens * size;
        if self.tokens_first[operand] {
            [batch, size, heads * size]
        } else {
            [batch, tokens * size, size]
        }
    }
}

impl Operator for Attention {
    fn name(&self) -> &'static str {
        "Attention"
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let dtype = inputs.same_dtype()?;
        if dtype != DType::F32 {
            return Err(op_error(format!("element type {dtype} is not supported")).help("supported: float32"));
        }
        let [q, k, v] = [QUERIES, KEYS, VALUES].map(|i| inputs.ty(i).and_then(|ty| self.extents(i, ty)));
        let ([batch, heads, queries, size], [_, shared, keys, _], v) = (q?, k.clone()?, v?);
        let fits = k? == [batch, shared, keys, size] && v == [batch, shared, keys, v[3]];
        if !fits || (shared == 0) != (heads == 0) || shared > 0 && !heads.is_multiple_of(shared) {
            let types: Vec<_> = inputs.types().map(ToString::to_string).collect();
            return Err(op_error(format!(
                "queries, keys and values do not fit: {}",
                types.join(", ")
            )));
        }
        if let Some(mask) = inputs.get(MASK) {
            let scores = [batch, heads, queries, keys];
            if broadcast(&mask.shape, &scores)? != scores {
                return Err(op_error(format!("the mask {mask} does not broadcast to {scores:?}")));
            }
        }
        let y = if self.tokens_first[OUTPUTS] {
            vec![batch, queries, heads, v[3]]
        } else {
            vec![batch, heads, queries, v[3]]
        };
        Ok(vec![tensor_type(dtype, y)?])
    }

    fn macs(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        let extents = |i: usize| inputs[i].and_then(|ty| self.extents(i, ty).ok()).unwrap_or_default();
        let ([batch, heads, queries, size], [_, _, keys, value_size]) = (extents(QUERIES), extents(VALUES));
        let scores = [batch, heads, queries, keys].map(|n| n as u64);
        scores.into_iter().product::<u64>() * (size + value_size) as u64
    }

    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let [q, k, v] = [
            self.extents(QUERIES, cx.ty(QUERIES))?,
            self.extents(KEYS, cx.ty(KEYS))?,
            self.extents(VALUES, cx.ty(VALUES))?,
        ];
        let ([batch, heads, queries, size], [_, shared, keys, value_size]) = (q, v);
        let masked = cx.has(MASK);
        let mut mask_strides = [0; 4];
        if masked {
            mask_strides.copy_from_slice(&broadcast_strides(&cx.ty(MASK).shape, &[batch, heads, queries, keys]));
        }
        let attention = kernels::Attention {
            batch,
            heads,
            group: heads.checked_div(shared).unwrap_or(1),
            queries,
            keys,
            size,
            value_size,
            q_strides: self.strides(QUERIES, q),
            k_strides: self.strides(KEYS, k),
            v_strides: self.strides(VALUES, v),
            y_strides: self.strides(OUTPUTS, [batch, heads, queries, value_size]),
            mask_strides,
            first: self.first.unwrap_or(-(queries as isize)),
            last: self.last.unwrap_or(keys as isize),
            scale: self.scale,
            softcap: self.softcap,
        };
        let mut operands = vec![cx.input(QUERIES), cx.input(KEYS), cx.input(VALUES)];
        if masked {
            operands.push(cx.input(MASK));
        }
        let y = cx.output(0);
        let scratch = cx.temporary("scores", DType::F32, attention.scratch_len());
        cx.call(AttentionCall { attention, masked }, &operands, &[y, scratch]);
        Ok(())
    }
}
