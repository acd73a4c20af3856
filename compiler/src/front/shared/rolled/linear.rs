//! Sums of products by constant weights, as the gates of recurrent layers begin.

use super::element::Element;
use super::view::View;
use crate::ir::primitives::{BinaryOp, Concat, MatMul};
use crate::ir::{DType, ValueId};
use runtime_core::function::AnyGateFunction;
use std::ops::Range;

/// A constant matrix, `[rows, columns]`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Matrix {
    pub(super) rows: usize,
    pub(super) columns: usize,
    pub(super) values: Vec<f32>,
}

impl Matrix {
    fn columns(&self, range: &Range<usize>) -> Option<Self> {
        let rows = self.values.chunks(self.columns).map(|row| row.get(range.clone()));
        Some(Self {
            rows: self.rows,
            columns: range.len(),
            values: rows.collect::<Option<Vec<_>>>()?.concat(),
        })
    }

    fn rows(&self, range: Range<usize>) -> Option<Self> {
        let values = self.values.get(range.start * self.columns..range.end * self.columns)?;
        Some(Self {
            rows: range.len(),
            columns: self.columns,
            values: values.to_vec(),
        })
    }
}

/// `x W + h R + b` for rows `x`, an element outside of the loop, and `h`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Linear {
    pub(super) input: Option<(Element, Matrix)>,
    pub(super) state: Option<Matrix>,
    pub(super) bias: Option<Vec<f32>>,
}

impl Linear {
    /// The sum, if no part is in both.
    pub(super) fn and(self, other: Self) -> Option<Self> {
        let twice = self.input.is_some() && other.input.is_some() || self.state.is_some() && other.state.is_some();
        let bias = match (self.bias, other.bias) {
            (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| a + b).collect()),
            (a, b) => a.or(b),
        };
        (!twice).then(|| Self {
            input: self.input.or(other.input),
            state: self.state.or(other.state),
            bias,
        })
    }

    fn columns(&self, range: &Range<usize>) -> Option<Self> {
        let input = match &self.input {
            Some((element, matrix)) => Some((*element, matrix.columns(range)?)),
            None => None,
        };
        let state = match &self.state {
            Some(matrix) => Some(matrix.columns(range)?),
            None => None,
        };
        let bias = match &self.bias {
            Some(bias) => Some(bias.get(range.clone())?.to_vec()),
            None => None,
        };
        Some(Self { input, state, bias })
    }
}

impl View<'_> {
    /// What a value is as a sum of products, `state` being that of the layer.
    pub(super) fn linear(&self, value: ValueId, state: ValueId) -> Option<Linear> {
        let width = *self.graph.ty(value).shape.last()?;
        self.linear_of(value, state, width)
    }

    fn linear_of(&self, value: ValueId, state: ValueId, width: usize) -> Option<Linear> {
        let value = self.whole(value);
        let ty = self.graph.ty(value);
        if let Some(constant) = self.constant(value) {
            let values = constant.to_f32().filter(|_| ty.dtype == DType::F32)?;
            let bias = match values[..] {
                [one] => vec![one; width],
                _ if ty.shape.last() == Some(&width) && values.len() == width => values,
                _ => return None,
            };
            return Some(Linear {
                bias: Some(bias),
                ..Linear::default()
            });
        }
        if let Some([a, b]) = self.pair(value, BinaryOp::Add) {
            return self.linear_of(a, state, width)?.and(self.linear_of(b, state, width)?);
        }
        if let Some((range, inner)) = self.columns(value) {
            return self.linear(inner, state)?.columns(&range);
        }
        let (_, operands) = self.op::<MatMul>(value)?;
        let (weights, shape) = (self.constant(operands[1])?, &self.graph.ty(operands[1]).shape);
        let [rows, columns] = shape[..] else { return None };
        let matrix = Matrix {
            rows,
            columns,
            values: weights.to_f32().filter(|_| weights.dtype == DType::F32)?,
        };
        self.product(operands[0], matrix, state)
            .filter(|_| columns == width && columns > 0)
    }

    /// The product of rows by a matrix.
    fn product(&self, rows: ValueId, matrix: Matrix, state: ValueId) -> Option<Linear> {
        let rows = self.whole(rows);
        if rows == self.whole(state) {
            return Some(Linear {
                state: Some(matrix),
                ..Linear::default()
            });
        }
        if let Some((concat, parts)) = self.op::<Concat>(rows)
            && concat.axis + 1 == self.graph.ty(rows).rank()
        {
            let (mut sum, mut start) = (Linear::default(), 0);
            for part in parts {
                let len = *self.graph.ty(part).shape.last()?;
                sum = sum.and(self.product(part, matrix.rows(start..start + len)?, state)?)?;
                start += len;
            }
            return Some(sum);
        }
        Some(Linear {
            input: Some((self.element(rows)?, matrix)),
            ..Linear::default()
        })
    }

    /// A function of a sum of products.
    pub(super) fn gate(&self, value: ValueId, state: ValueId) -> Option<(AnyGateFunction, Linear)> {
        let value = self.whole(value);
        if let Some((range, inner)) = self.columns(value) {
            let (function, linear) = self.gate(inner, state)?;
            return Some((function, linear.columns(&range)?));
        }
        let (function, of) = self.function(value)?;
        Some((function, self.linear(of, state)?))
    }
}
