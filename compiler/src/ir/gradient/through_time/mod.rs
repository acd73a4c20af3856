//! Back-propagation through time: gradients of recurrent layers.
//!
//! The sums that the functions of the gates are applied to are computed again, for all steps at once, from the hidden
//! states that the layer gives; the primitive `RecurrenceGradient` goes back through them step by step.

mod cells;
mod way;

use super::Gradient;
use crate::ir::primitives::{Concat, RECURRENT_WEIGHTS, Recurrence, Slice};
use crate::ir::{OpError, ValueId, op_error};
use way::Way;

/// Positions of the first states and of the lengths among the operands of a layer.
const FIRST: usize = 1;
const LENGTHS: usize = 2;

/// Gives the gradients of a recurrent layer's operands.
///
/// # Errors
/// Functions and attributes that the way back is not known for.
pub(in crate::ir) fn through_time(cx: &mut Gradient<'_>, layer: &Recurrence) -> Result<(), OpError> {
    if cx.shape(cx.input(LENGTHS)?) != [0] {
        return Err(unknown("`sequence_lens`"));
    }
    if layer.clip.is_finite() {
        return Err(unknown("`clip`"));
    }
    if cx.ty(cx.output(0)).is_empty() {
        return Err(op_error("its gradient is not known for sequences without elements"));
    }
    let mut sums = vec![];
    let mut first: Vec<Vec<ValueId>> = vec![];
    for index in 0..layer.directions.len() {
        let way = Way::new(cx, layer, index)?;
        let found = way.back(cx)?;
        sums.push(found.sums);
        first.push(found.first);
        if let Some(weights) = found.weights {
            cx.give(RECURRENT_WEIGHTS + index, weights)?;
        }
    }
    if cx.wants(0) {
        let sums = joined(cx, 2, &sums)?;
        cx.give(0, sums)?;
    }
    if cx.wants(FIRST) {
        let value = cx.input(FIRST)?;
        let (shape, [batch, hidden]) = (cx.shape(value), state_shape(cx, layer));
        let axis = usize::from(layer.batch_first);
        let with_direction = if layer.batch_first {
            [batch, 1, hidden]
        } else {
            [1, batch, hidden]
        };
        let mut parts = vec![];
        for state in 0..cx.ty(value).len() / (first.len() * batch * hidden) {
            let of_directions = first.iter().map(|states| cx.reshaped(states[state], &with_direction));
            let of_directions = of_directions.collect::<Result<Vec<_>, _>>()?;
            let whole = joined(cx, axis, &of_directions)?;
            parts.push(cx.reshaped(whole, &[first.len() * batch * hidden])?);
        }
        let whole = joined(cx, 0, &parts)?;
        let whole = cx.reshaped(whole, &shape)?;
        cx.give(FIRST, whole)?;
    }
    Ok(())
}

/// What can be trained, beside what cannot.
fn unknown(what: &str) -> OpError {
    op_error(format!("its gradient is not known with {what}")).help(
        "trained are RNN with Tanh, Relu or Sigmoid, and GRU and LSTM with Sigmoid and Tanh, in any direction, without \
         `clip`, `sequence_lens`, peepholes and `input_forget`; layers that come before this one can be left out of \
         --trainable",
    )
}

/// Batch and hidden units.
fn state_shape(cx: &Gradient<'_>, layer: &Recurrence) -> [usize; 2] {
    let shape = cx.shape(cx.output(1));
    [shape[usize::from(!layer.batch_first)], layer.hidden]
}

/// Values one after the other along an axis.
fn joined(cx: &mut Gradient<'_>, axis: usize, values: &[ValueId]) -> Result<ValueId, OpError> {
    match values {
        [only] => Ok(*only),
        _ => cx.add(Concat { axis }, values),
    }
}

/// `len` neighbours along an axis.
fn part(cx: &mut Gradient<'_>, value: ValueId, axis: usize, start: usize, len: usize) -> Result<ValueId, OpError> {
    let shape = cx.shape(value);
    if shape[axis] == len {
        return Ok(value);
    }
    cx.add(Slice::along(&shape, axis, start, len), &[value])
}

/// The gradients of what one direction reads.
struct Found {
    /// Of the input's part of the sums.
    sums: ValueId,
    /// Of each first state, `[batch, hidden]`.
    first: Vec<ValueId>,
    /// Of the weights, if they are asked for.
    weights: Option<ValueId>,
}
