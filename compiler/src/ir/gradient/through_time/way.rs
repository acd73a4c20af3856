use super::{FIRST, joined, part, state_shape};
use crate::ir::gradient::Gradient;
use crate::ir::primitives::{
    Concat, Direction, MatMul, Pad, PadMode, RECURRENT_WEIGHTS, Recurrence, RecurrenceGradient, RecurrentGradient,
};
use crate::ir::{OpError, ValueId};

/// One direction of a layer. Values of all steps are `[steps, batch, ..]`, or `[batch, steps, ..]` if the batch is
/// first; those of states are `[batch, hidden]`.
pub(super) struct Way<'l> {
    layer: &'l Recurrence,
    index: usize,
    pub(super) hidden: usize,
    batch: usize,
    steps: usize,
    /// The axis of the steps.
    time: usize,
    /// The hidden states before every step.
    pub(super) before: ValueId,
}

impl<'l> Way<'l> {
    /// Direction `index` of a layer.
    pub(super) fn new(cx: &mut Gradient<'_>, layer: &'l Recurrence, index: usize) -> Result<Self, OpError> {
        let [batch, hidden] = state_shape(cx, layer);
        let time = usize::from(layer.batch_first);
        let mut way = Self {
            layer,
            index,
            hidden,
            batch,
            steps: cx.shape(cx.output(0))[time],
            time,
            before: cx.output(0),
        };
        way.before = way.states_before(cx)?;
        Ok(way)
    }

    /// What it computes, and which way.
    pub(super) fn direction(&self) -> Direction {
        self.layer.directions[self.index]
    }

    /// The part of this direction of a value that has an axis for directions, which is left out.
    fn own(&self, cx: &mut Gradient<'_>, value: ValueId, axis: usize) -> Result<ValueId, OpError> {
        let value = part(cx, value, axis, self.index, 1)?;
        let mut shape = cx.shape(value);
        shape.remove(axis);
        cx.reshaped(value, &shape)
    }

    /// The part of this direction of hidden states after every step.
    pub(super) fn own_states(&self, cx: &mut Gradient<'_>, value: ValueId) -> Result<ValueId, OpError> {
        self.own(cx, value, 1 + self.time)
    }

    /// A first state, if the layer is given it.
    fn first(&self, cx: &mut Gradient<'_>, state: usize) -> Result<Option<ValueId>, OpError> {
        let (flat, shape) = (cx.input(FIRST)?, cx.shape(cx.output(1)));
        let (given, len) = (cx.ty(flat).len(), shape.iter().product::<usize>());
        if given < (state + 1) * len {
            return Ok(None);
        }
        let flat = cx.reshaped(flat, &[given])?;
        let whole = part(cx, flat, 0, state * len, len)?;
        let whole = cx.reshaped(whole, &shape)?;
        self.own(cx, whole, self.time).map(Some)
    }

    /// The hidden states before every step: those after it, moved by one, and the first.
    fn states_before(&self, cx: &mut Gradient<'_>) -> Result<ValueId, OpError> {
        let y = cx.output(0);
        let y = self.own_states(cx, y)?;
        let (reverse, time) = (self.direction().reverse, self.time);
        let mut shape = cx.shape(y);
        shape[time] = 1;
        let first = match self.first(cx, 0)? {
            Some(first) => Some(cx.reshaped(first, &shape)?),
            None if self.steps == 1 => {
                let zero = cx.number_like(y, 0.0);
                Some(cx.expanded(zero, &shape)?)
            }
            None => None,
        };
        if let Some(first) = first.filter(|_| self.steps == 1) {
            return Ok(first);
        }
        let moved = part(cx, y, time, usize::from(reverse), self.steps - 1)?;
        match first {
            Some(first) if reverse => cx.add(Concat { axis: time }, &[moved, first]),
            Some(first) => cx.add(Concat { axis: time }, &[first, moved]),
            None => {
                let mut ends = [vec![0; 3], vec![0; 3]];
                ends[usize::from(reverse)][time] = 1;
                let [begins, ends] = ends;
                let (mode, zero) = (PadMode::Constant, cx.number_like(y, 0.0));
                cx.add(Pad { begins, ends, mode }, &[moved, zero])
            }
        }
    }

    /// The weights of this direction as the layer reads them: recurrent ones, then what else the cell has.
    pub(super) fn own_weights(&self, cx: &Gradient<'_>) -> Result<ValueId, OpError> {
        cx.input(RECURRENT_WEIGHTS + self.index)
    }

    /// The recurrent weights of so many gates, from one on, as a matrix `[gates * hidden, hidden]`.
    fn weights(&self, cx: &mut Gradient<'_>, gate: usize, gates: usize) -> Result<ValueId, OpError> {
        let (hidden, flat) = (self.hidden, self.own_weights(cx)?);
        let flat = part(cx, flat, 0, gate * hidden * hidden, gates * hidden * hidden)?;
        cx.reshaped(flat, &[gates * hidden, hidden])
    }

    /// The products of states of all steps by the weights of these gates.
    pub(super) fn products(
        &self,
        cx: &mut Gradient<'_>,
        states: ValueId,
        gate: usize,
        gates: usize,
    ) -> Result<ValueId, OpError> {
        let weights = self.weights(cx, gate, gates)?;
        let columns = cx.transposed(weights, vec![1, 0])?;
        cx.add(MatMul, &[states, columns])
    }

    /// The gradient of the weights by which `states` of all steps were multiplied, flat, from that of the products.
    pub(super) fn of_weights(
        &self,
        cx: &mut Gradient<'_>,
        states: ValueId,
        gradient: ValueId,
    ) -> Result<ValueId, OpError> {
        let (rows, width) = (self.steps * self.batch, cx.shape(gradient)[2]);
        let states = cx.reshaped(states, &[rows, self.hidden])?;
        let gradient = cx.reshaped(gradient, &[rows, width])?;
        let columns = cx.transposed(gradient, vec![1, 0])?;
        let matrix = cx.add(MatMul, &[columns, states])?;
        cx.reshaped(matrix, &[width * self.hidden])
    }

    /// Columns of so many gates, from one on, of a value of all steps.
    pub(super) fn gates(
        &self,
        cx: &mut Gradient<'_>,
        value: ValueId,
        gate: usize,
        gates: usize,
    ) -> Result<ValueId, OpError> {
        part(cx, value, 2, gate * self.hidden, gates * self.hidden)
    }

    /// The input's part of the sums of this direction.
    pub(super) fn inputs(&self, cx: &mut Gradient<'_>, gates: usize) -> Result<ValueId, OpError> {
        let x = cx.input(0)?;
        self.gates(cx, x, self.index * gates, gates)
    }

    /// The gradient of the weights, if it is asked for.
    pub(super) fn asked(
        &self,
        cx: &mut Gradient<'_>,
        weights: impl FnOnce(&mut Gradient<'_>) -> Result<ValueId, OpError>,
    ) -> Result<Option<ValueId>, OpError> {
        let wanted = cx.wants(RECURRENT_WEIGHTS + self.index);
        wanted.then(|| weights(cx)).transpose()
    }

    /// The gradients of the sums and of each first state, through a cell of so many gates.
    pub(super) fn step_by_step(
        &self,
        cx: &mut Gradient<'_>,
        sums: ValueId,
        cell: RecurrentGradient,
        gates: usize,
    ) -> Result<(ValueId, Vec<ValueId>), OpError> {
        let (hidden, dtype) = (self.hidden, cx.ty(sums).dtype);
        let none = cx.add_numbers(dtype, &[0], &[]);
        let weights = self.weights(cx, 0, gates)?;
        let weights = cx.reshaped(weights, &[gates * hidden * hidden])?;
        // The other state of an LSTM; the cell of an RNN keeps none.
        let kept = match cell {
            RecurrentGradient::Rnn(_) => None,
            RecurrentGradient::Gru(_) | RecurrentGradient::LinearGru(_) => self.first(cx, 0)?,
            RecurrentGradient::Lstm(_) => self.first(cx, 1)?,
        };
        let of_states = match cx.of_outputs(0) {
            Some(gradient) => self.own_states(cx, gradient)?,
            None => none,
        };
        let of_last = self.of_last_states(cx)?.unwrap_or(none);
        let gradient = RecurrenceGradient {
            hidden,
            reverse: self.direction().reverse,
            batch_first: self.layer.batch_first,
            cell,
        };
        let mut found = cx.add_all(gradient, &[sums, weights, kept.unwrap_or(none), of_states, of_last])?;
        let first = found.split_off(1);
        Ok((found[0], first))
    }

    /// The gradients of the last states of this direction, as far as the loss depends on them.
    fn of_last_states(&self, cx: &mut Gradient<'_>) -> Result<Option<ValueId>, OpError> {
        let (of_hidden, of_other) = (cx.of_outputs(1), cx.of_outputs(2));
        let Some(like) = of_hidden.or(of_other) else {
            return Ok(None);
        };
        let mut parts = vec![];
        for gradient in [Some(of_hidden), of_other.map(Some)].into_iter().flatten() {
            let own = match gradient {
                Some(gradient) => self.own(cx, gradient, self.time)?,
                None => {
                    let zero = cx.number_like(like, 0.0);
                    cx.expanded(zero, &[self.batch, self.hidden])?
                }
            };
            parts.push(cx.reshaped(own, &[self.batch * self.hidden])?);
        }
        joined(cx, 0, &parts).map(Some)
    }
}
