use super::attention_head::Head;
use super::body::{Body, compute};
use super::strided::transpose;
use super::tile::Split;
use crate::arch::Arch;
use crate::{Param, Simd};

/// Queries whose scores are in memory at a time.
pub(super) const BLOCK: usize = 6;

/// ONNX `Attention`: `softmax(scale * q k' + mask) v` for each head. Strides are the distances between batches, heads
/// and tokens; the elements of a token are neighbours.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Attention {
    /// Batches.
    pub batch: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of queries that share a head of keys and values.
    pub group: usize,
    /// Queries of a head.
    pub queries: usize,
    /// Keys and values of a head.
    pub keys: usize,
    /// Elements of a query and of a key.
    pub size: usize,
    /// Elements of a value.
    pub value_size: usize,
    /// Strides of the queries.
    pub q_strides: [usize; 3],
    /// Strides of the keys.
    pub k_strides: [usize; 3],
    /// Strides of the values.
    pub v_strides: [usize; 3],
    /// Strides of the output.
    pub y_strides: [usize; 3],
    /// Strides of the mask: batch, head, query, key; 0 repeats it.
    pub mask_strides: [usize; 4],
    /// Query `i` attends no key before `i + first` ..
    pub first: isize,
    /// .. and none behind `i + last`.
    pub last: isize,
    /// Factor of the scores.
    pub scale: f32,
    /// Limit of the scores before the mask, which they approach as a hyperbolic tangent; 0 for none.
    pub softcap: f32,
}

impl Attention {
    /// Elements of the memory that a call works in: the keys transposed, unless there is one query only, and scores.
    pub const fn scratch_len(&self) -> usize {
        let rows = if self.queries < BLOCK { self.queries } else { BLOCK };
        let transposed = if self.queries > 1 { self.size } else { 0 };
        self.keys.saturating_mul(rows.saturating_add(transposed))
    }
}

struct Operands<'a> {
    q: &'a [f32],
    k: &'a [f32],
    v: &'a [f32],
    mask: Option<&'a [f32]>,
    y: &'a mut [f32],
    scratch: &'a mut [f32],
}

impl<'a> Body<Operands<'a>> for Attention {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'a>) {
        let Operands {
            q,
            k,
            v,
            mask,
            y,
            scratch,
        } = operands;
        let transposed = if self.queries > 1 {
            self.size.saturating_mul(self.keys)
        } else {
            0
        };
        let Some((transposed, scores)) = scratch.split_at_mut_checked(transposed) else {
            debug_assert!(false, "attention: too little memory to work in");
            return;
        };
        let group = self.group.max(1);
        for (batch, head) in (0..self.batch).flat_map(|batch| (0..self.heads).map(move |head| (batch, head))) {
            let at = |strides: [usize; 3], head: usize| batch * strides[0] + head * strides[1];
            let shared = head / group;
            let part = |x: &'a [f32], strides, head| x.get(at(strides, head)..).unwrap_or(&[]);
            let (q, k, v) = (
                part(q, self.q_strides, head),
                part(k, self.k_strides, shared),
                part(v, self.v_strides, shared),
            );
            let y = y.get_mut(at(self.y_strides, head)..).unwrap_or(&mut []);
            if head == shared * group && !transposed.is_empty() {
                transpose(self.size, self.keys, self.k_strides[2], k, transposed);
            }
            let [of_batch, of_head, ..] = self.mask_strides;
            let head = Head {
                layer: self,
                q,
                k,
                transposed,
                v,
                mask: mask.map(|mask| mask.get(batch * of_batch + head * of_head..).unwrap_or(&[])),
            };
            for (query, rows) in Split::<BLOCK>::new(self.queries) {
                head.block::<A>(query, rows, scores, y);
            }
        }
    }
}

/// Attention without a mask: `scratch` holds [`Attention::scratch_len`] elements that the call works in.
#[inline(always)]
pub fn attention<P: Param<Attention>>(
    simd: Simd,
    layer: P,
    q: &[f32],
    k: &[f32],
    v: &[f32],
    y: &mut [f32],
    scratch: &mut [f32],
) {
    let mask = None;
    compute(
        simd,
        layer,
        Operands {
            q,
            k,
            v,
            mask,
            y,
            scratch,
        },
    )
}

/// [`attention`] with a mask that is added to the scores.
#[inline(always)]
pub fn attention_masked<P: Param<Attention>>(
    simd: Simd,
    layer: P,
    q: &[f32],
    k: &[f32],
    v: &[f32],
    mask: &[f32],
    y: &mut [f32],
    scratch: &mut [f32],
) {
    let mask = Some(mask);
    compute(
        simd,
        layer,
        Operands {
            q,
            k,
            v,
            mask,
            y,
            scratch,
        },
    )
}
