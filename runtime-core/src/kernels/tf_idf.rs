use super::body::{Body, plain};
use super::chunks::{rows, rows_mut};
use super::walk::row;
use crate::arch::Arch;
use crate::{Element, Param, Simd};
use core::cmp::Ordering;

/// How often known sequences of tokens occur in each row: ONNX `TfIdfVectorizer`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct TfIdf {
    /// Tokens of a row.
    pub columns: usize,
    /// Counts of a row.
    pub outputs: usize,
    /// Tokens of the shortest sequences.
    pub shortest: usize,
    /// The greatest number of tokens left out between two of a sequence.
    pub skips: usize,
}

/// What sequences are known: those of one token, then those of two tokens and so on, each kind sorted.
#[derive(Clone, Copy)]
struct Pool<'a> {
    tokens: &'a [i64],
    /// For each kind, how many tokens and how many sequences come before it.
    starts: &'a [i32],
    /// For each sequence, which number counts it.
    counters: &'a [i32],
}

impl Pool<'_> {
    /// Which number counts the sequence of `len` tokens.
    #[inline(always)]
    fn find(self, len: usize, token: impl Fn(usize) -> Option<i64>) -> Option<usize> {
        let mut starts = rows(self.starts, 2).skip(len.checked_sub(1)?);
        let (&[tokens, sequences], &[end, _]) = (starts.next()?, starts.next()?) else {
            return None;
        };
        let tokens = self.tokens.get(tokens as usize..end as usize)?;
        let (mut low, mut high) = (0, tokens.len().checked_div(len)?);
        while low < high {
            let middle = low.midpoint(high);
            let known = row(tokens, middle.checked_mul(len)?, len)?;
            let mut order = Ordering::Equal;
            for (i, known) in known.iter().enumerate() {
                order = known.cmp(&token(i)?);
                if order != Ordering::Equal {
                    break;
                }
            }
            match order {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(*self.counters.get(sequences as usize + middle)? as usize),
            }
        }
        None
    }
}

/// Tokens, the pool's tokens, starts and counters, and the result.
type Operands<'a, T> = (&'a [T], &'a [i64], &'a [i32], &'a [i32], &'a mut [f32]);

impl<'a, T: Element + Into<i64>> Body<Operands<'a, T>> for TfIdf {
    #[inline(always)]
    fn body<A: Arch>(self, (x, tokens, starts, counters, y): Operands<'a, T>) {
        let pool = Pool {
            tokens,
            starts,
            counters,
        };
        let kinds = (starts.len() / 2).saturating_sub(1);
        y.fill(0.0);
        for (x, y) in rows(x, self.columns).zip(rows_mut(y, self.outputs)) {
            for step in 1..=self.skips.saturating_add(1) {
                // Sequences of one token have nothing to leave out.
                let shortest = if step == 1 { self.shortest } else { self.shortest.max(2) };
                for start in 0..self.columns {
                    for len in shortest..=kinds {
                        let token = |i: usize| {
                            let at = i.checked_mul(step)?.checked_add(start)?;
                            x.get(at).map(|token| (*token).into())
                        };
                        if token(len.wrapping_sub(1)).is_none() {
                            break;
                        }
                        if let Some(y) = pool.find(len, token).and_then(|counter| y.get_mut(counter)) {
                            *y += 1.0;
                        }
                    }
                }
            }
        }
    }
}

/// `y[r, counters[s]]` is how often sequence number `s` occurs in row `x[r]`.
#[inline(always)]
pub fn tf_idf<P, T>(_: Simd, layer: P, x: &[T], tokens: &[i64], starts: &[i32], counters: &[i32], y: &mut [f32])
where
    P: Param<TfIdf>,
    T: Element + Into<i64>,
{
    plain(layer.get(), (x, tokens, starts, counters, y))
}
