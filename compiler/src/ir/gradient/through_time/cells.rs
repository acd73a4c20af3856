//! The way back through each kind of cell.

use super::way::Way;
use super::{Found, joined, part, unknown};
use crate::ir::OpError;
use crate::ir::gradient::{Gradient, of_function};
use crate::ir::primitives::{BinaryOp, RecurrentCell, RecurrentGradient};
use runtime_core::function::{AnyFunction, AnyGateFunction, Relu, Sigmoid, Tanh};
use runtime_core::kernels::{GruGradient, LinearGruGradient, LstmGradient, RnnGradient};

impl Way<'_> {
    /// The gradients of what this direction reads.
    ///
    /// # Errors
    /// A cell that the way back is not known for.
    pub(super) fn back(&self, cx: &mut Gradient<'_>) -> Result<Found, OpError> {
        match self.direction().cell {
            RecurrentCell::Rnn(cell) => self.rnn(cx, cell.f),
            RecurrentCell::Gru(cell) => {
                usual(cell.f, &[cell.g])?;
                if cell.linear_before_reset {
                    self.linear_gru(cx)
                } else {
                    self.gru(cx)
                }
            }
            RecurrentCell::Lstm(cell) => {
                usual(cell.f, &[cell.g, cell.h])?;
                if cell.peephole {
                    return Err(unknown("peepholes"));
                }
                if cell.input_forget {
                    return Err(unknown("`input_forget`"));
                }
                self.lstm(cx)
            }
            RecurrentCell::DynamicLstm(_) => Err(unknown("states that are rounded")),
        }
    }

    fn rnn(&self, cx: &mut Gradient<'_>, f: AnyGateFunction) -> Result<Found, OpError> {
        let function: AnyFunction = match f {
            AnyGateFunction::Tanh(_) => Tanh.into(),
            AnyGateFunction::Relu(_) => Relu.into(),
            AnyGateFunction::Sigmoid(_) => Sigmoid.into(),
            _ => return Err(unknown(&format!("the function {}", name(f)))),
        };
        let y = cx.output(0);
        let y = self.own_states(cx, y)?;
        // These functions' slopes are known from what they give.
        let one = cx.number_like(y, 1.0);
        let slopes = of_function(cx, function, [y, y, one])?.unwrap_or(y);
        let (sums, first) = self.step_by_step(cx, slopes, RecurrentGradient::Rnn(RnnGradient), 1)?;
        let weights = self.asked(cx, |cx| self.of_weights(cx, self.before, sums))?;
        Ok(Found { sums, first, weights })
    }

    fn lstm(&self, cx: &mut Gradient<'_>) -> Result<Found, OpError> {
        let (products, inputs) = (self.products(cx, self.before, 0, 4)?, self.inputs(cx, 4)?);
        let sums = cx.binary(BinaryOp::Add, inputs, products)?;
        let (sums, first) = self.step_by_step(cx, sums, RecurrentGradient::Lstm(LstmGradient), 4)?;
        let weights = self.asked(cx, |cx| self.of_weights(cx, self.before, sums))?;
        Ok(Found { sums, first, weights })
    }

    /// The product of the last gate is by the state times the reset gate.
    fn gru(&self, cx: &mut Gradient<'_>) -> Result<Found, OpError> {
        let inputs = self.inputs(cx, 3)?;
        let (both, last) = (self.gates(cx, inputs, 0, 2)?, self.gates(cx, inputs, 2, 1)?);
        let products = self.products(cx, self.before, 0, 2)?;
        let both = cx.binary(BinaryOp::Add, both, products)?;
        let reset = self.gates(cx, both, 1, 1)?;
        let reset = cx.map(Sigmoid, reset)?;
        let reset_states = cx.product(reset, self.before)?;
        let products = self.products(cx, reset_states, 2, 1)?;
        let last = cx.binary(BinaryOp::Add, last, products)?;
        let sums = joined(cx, 2, &[both, last])?;
        let (sums, first) = self.step_by_step(cx, sums, RecurrentGradient::Gru(GruGradient), 3)?;
        let weights = self.asked(cx, |cx| {
            let (both, last) = (self.gates(cx, sums, 0, 2)?, self.gates(cx, sums, 2, 1)?);
            let both = self.of_weights(cx, self.before, both)?;
            let last = self.of_weights(cx, reset_states, last)?;
            joined(cx, 0, &[both, last])
        })?;
        Ok(Found { sums, first, weights })
    }

    /// The product of the last gate, and its bias, which is among the weights, are apart from the input's part.
    fn linear_gru(&self, cx: &mut Gradient<'_>) -> Result<Found, OpError> {
        let hidden = self.hidden;
        let inputs = self.inputs(cx, 3)?;
        let (both, last) = (self.gates(cx, inputs, 0, 2)?, self.gates(cx, inputs, 2, 1)?);
        let products = self.products(cx, self.before, 0, 3)?;
        let (of_both, of_last) = (self.gates(cx, products, 0, 2)?, self.gates(cx, products, 2, 1)?);
        let both = cx.binary(BinaryOp::Add, both, of_both)?;
        let flat = self.own_weights(cx)?;
        let bias = part(cx, flat, 0, 3 * hidden * hidden, hidden)?;
        let of_last = cx.binary(BinaryOp::Add, of_last, bias)?;
        let sums = joined(cx, 2, &[both, last, of_last])?;
        let cell = RecurrentGradient::LinearGru(LinearGruGradient);
        let (sums, first) = self.step_by_step(cx, sums, cell, 3)?;
        let weights = self.asked(cx, |cx| {
            let (both, last) = (self.gates(cx, sums, 0, 2)?, self.gates(cx, sums, 3, 1)?);
            let both = self.of_weights(cx, self.before, both)?;
            let matrix = self.of_weights(cx, self.before, last)?;
            let bias = cx.summed_to(last, &[hidden])?;
            joined(cx, 0, &[both, matrix, bias])
        })?;
        let sums = self.gates(cx, sums, 0, 3)?;
        Ok(Found { sums, first, weights })
    }
}

/// An error unless the functions of a cell are the usual ones.
fn usual(sigmoid: AnyGateFunction, tanh: &[AnyGateFunction]) -> Result<(), OpError> {
    let other = tanh.iter().find(|f| !matches!(f, AnyGateFunction::Tanh(_)));
    let other = other.or(Some(&sigmoid).filter(|f| !matches!(f, AnyGateFunction::Sigmoid(_))));
    match other {
        Some(f) => Err(unknown(&format!("the function {} in that place", name(*f)))),
        None => Ok(()),
    }
}

/// What ONNX calls a function.
fn name(function: AnyGateFunction) -> String {
    let mut text = format!("{function:?}");
    text.truncate(text.find('(').unwrap_or(text.len()));
    text
}
