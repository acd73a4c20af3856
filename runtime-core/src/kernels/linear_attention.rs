use super::body::{Body, compute};
use super::chunks::rows_mut;
use super::walk::{copy_row, row, row_mut};
use crate::arch::Arch;
use crate::function::exp;
use crate::{Param, Simd};

/// ONNX `LinearAttention`: each head of keys and values has a matrix that every token updates and queries read.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LinearAttention {
    /// Batches.
    pub batch: usize,
    /// Tokens of a batch.
    pub tokens: usize,
    /// Heads of keys and values.
    pub heads: usize,
    /// Heads of queries that share a head of keys and values.
    pub group: usize,
    /// Elements of a query and of a key: rows of the matrix.
    pub size: usize,
    /// Elements of a value: columns of the matrix.
    pub value_size: usize,
    /// Factor of the outputs.
    pub scale: f32,
    /// Whether the matrices start as `past`, not as zeros.
    pub continued: bool,
    /// Logarithms of decay for each head and token: one, one for each element of a key, or 0 where nothing decays.
    pub decays: usize,
    /// Update rates for each token: one, one for each head, or 0 where an update does not look at what was stored.
    pub rates: usize,
}

struct Operands<'a> {
    q: &'a [f32],
    k: &'a [f32],
    v: &'a [f32],
    past: &'a [f32],
    decay: &'a [f32],
    rate: &'a [f32],
    y: &'a mut [f32],
    state: &'a mut [f32],
    update: &'a mut [f32],
}

/// `y += a * x`.
#[inline(always)]
fn add_scaled<A: Arch>(a: f32, x: &[f32], y: &mut [f32]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y = A::fma(a, *x, *y);
    }
}

impl LinearAttention {
    /// Token `token` of all batches, in the head that `state` belongs to.
    #[inline(always)]
    fn step<A: Arch>(self, o: &mut Operands<'_>, head: usize, token: usize, start: usize) -> Option<()> {
        let Self { heads, size, .. } = self;
        let width = self.value_size;
        let place = token * heads + head;
        let k = row(o.k, place * size, size)?;
        let v = row(o.v, place * width, width)?;
        let state = row_mut(o.state, start, size * width)?;
        let update = o.update.get_mut(..width)?;
        if self.decays > 0 {
            let decay = row(o.decay, place * self.decays, self.decays)?;
            let last = *decay.last()?;
            for (i, state) in rows_mut(state, width).enumerate() {
                let factor = exp::<A>(decay.get(i).copied().unwrap_or(last));
                for state in state {
                    *state *= factor;
                }
            }
        }
        copy_row(v, update);
        if self.rates > 0 {
            for (k, state) in k.iter().zip(rows_mut(state, width)) {
                add_scaled::<A>(-k, state, update);
            }
            let rate = *o.rate.get(if self.rates == 1 { token } else { place })?;
            for update in update.iter_mut() {
                *update *= rate;
            }
        }
        for (k, state) in k.iter().zip(rows_mut(state, width)) {
            add_scaled::<A>(*k, update, state);
        }
        for query in place * self.group..(place + 1) * self.group {
            let q = row(o.q, query * size, size)?;
            let y = row_mut(o.y, query * width, width)?;
            y.fill(0.0);
            for (q, state) in q.iter().zip(rows_mut(state, width)) {
                add_scaled::<A>(q * self.scale, state, y);
            }
        }
        Some(())
    }
}

impl<'a> Body<Operands<'a>> for LinearAttention {
    #[inline(always)]
    fn body<A: Arch>(self, mut operands: Operands<'a>) {
        let len = self.size.saturating_mul(self.value_size);
        if self.continued {
            copy_row(operands.past, operands.state);
        } else {
            operands.state.fill(0.0);
        }
        for batch in 0..self.batch {
            for head in 0..self.heads {
                for token in batch * self.tokens..(batch + 1) * self.tokens {
                    let start = (batch * self.heads + head) * len;
                    if self.step::<A>(&mut operands, head, token, start).is_none() {
                        debug_assert!(false, "linear_attention: an operand is too short");
                        return;
                    }
                }
            }
        }
    }
}

/// ONNX `LinearAttention` with tokens before heads: `q` is `[batch, tokens, heads * group, size]`, `k` and `v` are
/// `[batch, tokens, heads, ..]`, `past` and `state` `[batch, heads, size, value_size]`. `past`, `decay` and `rate` may
/// be anything where the parameters say that they are not used; `update` is room for a value.
#[inline(always)]
pub fn linear_attention<P: Param<LinearAttention>>(
    simd: Simd,
    layer: P,
    q: &[f32],
    k: &[f32],
    v: &[f32],
    past: &[f32],
    decay: &[f32],
    rate: &[f32],
    y: &mut [f32],
    state: &mut [f32],
    update: &mut [f32],
) {
    let operands = Operands {
        q,
        k,
        v,
        past,
        decay,
        rate,
        y,
        state,
        update,
    };
    compute(simd, layer, operands)
}
