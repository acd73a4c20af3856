use super::body::{Body, Generic, compute};
use super::cell_gradient::{Back, CellGradient};
use super::walk::{copy_row, row, row_mut};
use crate::arch::Arch;
use crate::function::Apply;
use crate::{Param, Simd};

/// Back-propagation through time: one direction of ONNX `RNN`, `GRU` and `LSTM`, whose sequences have all steps.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RecurrenceGradient<C> {
    /// Steps of every sequence.
    pub steps: usize,
    /// Number of sequences.
    pub batch: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Whether the layer runs from the last step to the first.
    pub reverse: bool,
    /// Whether the batch comes before the steps.
    pub batch_first: bool,
    /// What is computed at each step.
    pub cell: C,
}

impl<C: CellGradient> RecurrenceGradient<C> {
    /// Elements of one state of all sequences.
    pub fn state_len(&self) -> usize {
        self.batch.saturating_mul(self.hidden)
    }

    /// Elements of the sums of all steps, and of their gradients.
    pub fn sums_len(&self) -> usize {
        let steps = self.state_len().saturating_mul(self.steps);
        steps.saturating_mul(C::SUMS)
    }

    /// Elements of the states that are kept for the way back: those of one sequence.
    fn kept_len(&self) -> usize {
        let states = if C::KEEPS { self.steps.saturating_add(1) } else { 0 };
        self.hidden.saturating_mul(states)
    }

    /// Elements of the output: the gradients of the sums and of the first states, and room to work in.
    pub fn output_len(&self) -> usize {
        let first = self.state_len().saturating_mul(C::STATES);
        let room = self.hidden.saturating_mul(C::ROOM);
        let parts = [first, self.kept_len(), room];
        parts.into_iter().fold(self.sums_len(), usize::saturating_add)
    }

    /// Which row is that of a step, counted in the order in which the layer runs, of a sequence.
    #[inline(always)]
    fn step_row(&self, index: usize, sample: usize) -> usize {
        let step = if self.reverse {
            self.steps.wrapping_sub(index).wrapping_sub(1)
        } else {
            index
        };
        if self.batch_first {
            sample.wrapping_mul(self.steps).wrapping_add(step)
        } else {
            step.wrapping_mul(self.batch).wrapping_add(sample)
        }
    }

    /// Puts the gates of all steps in the place of their sums, and the states after them into `kept`, behind the first.
    #[inline(always)]
    fn forward<A: Arch, T: Apply>(&self, sample: usize, x: &[T], sums: &mut [T], kept: &mut [T]) -> Option<()> {
        let width = self.hidden.wrapping_mul(C::SUMS);
        for index in 0..self.steps {
            let at = self.step_row(index, sample).wrapping_mul(width);
            let gates = row_mut(sums, at, width)?;
            copy_row(row(x, at, width)?, gates);
            let states = row_mut(kept, index.wrapping_mul(self.hidden), self.hidden.wrapping_mul(2));
            let states = states.unwrap_or(&mut []);
            let (before, after) = states.split_at_mut_checked(self.hidden).unwrap_or((&mut [], &mut []));
            self.cell.forward::<A, T>(gates, before, after);
        }
        Some(())
    }
}

/// Operands: sums, weights, first state, gradients of the hidden states, those of the last states; output.
type Operands<'a, T> = (&'a [T], &'a [T], &'a [T], &'a [T], &'a [T], &'a mut [T]);

#[inline(always)]
fn run<A: Arch, C: CellGradient, T: Apply>(
    layer: RecurrenceGradient<C>,
    (x, w, first, of_states, of_last, output): Operands<'_, T>,
) -> Option<()> {
    let RecurrenceGradient { steps, hidden, .. } = layer;
    let (width, state_len) = (hidden.wrapping_mul(C::SUMS), layer.state_len());
    let (sums, rest) = output.split_at_mut_checked(layer.sums_len())?;
    let (of_first, rest) = rest.split_at_mut_checked(state_len.wrapping_mul(C::STATES))?;
    let (of_hidden, of_other) = of_first.split_at_mut_checked(state_len)?;
    let (kept, room) = rest.split_at_mut_checked(layer.kept_len())?;
    let room = room.get_mut(..hidden.wrapping_mul(C::ROOM))?;
    for sample in 0..layer.batch {
        let at = sample.wrapping_mul(hidden);
        let begin = kept.get_mut(..hidden).unwrap_or(&mut []);
        begin_with(begin, row(first, at, hidden));
        layer.forward::<A, T>(sample, x, sums, kept)?;
        let h = row_mut(of_hidden, at, hidden)?;
        let c = row_mut(of_other, at, hidden).unwrap_or(&mut []);
        begin_with(h, row(of_last, at, hidden));
        begin_with(c, row(of_last, at.wrapping_add(state_len), hidden));
        for index in (0..steps).rev() {
            let step = layer.step_row(index, sample);
            let of_state = row(of_states, step.wrapping_mul(hidden), hidden).unwrap_or(&[]);
            for (h, gradient) in h.iter_mut().zip(of_state) {
                *h = h.add(*gradient);
            }
            let states = row(kept, index.wrapping_mul(hidden), hidden.wrapping_mul(2)).unwrap_or(&[]);
            let (before, after) = states.split_at_checked(hidden).unwrap_or((&[], &[]));
            layer.cell.backward::<A, T>(Back {
                gates: row_mut(sums, step.wrapping_mul(width), width)?,
                w,
                kept: [before, after],
                h,
                c,
                room,
            });
        }
    }
    Some(())
}

/// Copies a row, or fills with zeros where there is none.
#[inline(always)]
fn begin_with<T: Apply>(to: &mut [T], from: Option<&[T]>) {
    match from {
        Some(from) => copy_row(from, to),
        None => to.fill(T::ZERO),
    }
}

impl<'a, C: CellGradient, T: Apply> Body<Generic<Operands<'a, T>>> for RecurrenceGradient<C> {
    #[inline(always)]
    fn body<A: Arch>(self, Generic(operands): Generic<Operands<'a, T>>) {
        let done = run::<A, C, T>(self, operands);
        debug_assert!(done.is_some(), "recurrence_gradient: an operand is too short");
    }
}

/// The gradients of the sums of all gates at every step, and of the first states, from those of the hidden states.
///
/// `x` is `[steps, batch, sums, hidden]` (`[batch, steps, ..]` if `batch_first`): the sums that the functions of the
/// gates are applied to. `w` are the recurrent weights, `[gates, hidden, hidden]`. `first` is the first state that the
/// cell keeps, `[batch, hidden]`: the hidden one, or of an LSTM the other; or none for zeros. `of_states` are the
/// gradients of the hidden states after every step, `[steps, batch, hidden]` (`[batch, steps, hidden]`), and `of_last`
/// those of the last states, `[batch, hidden]` each; either may be empty, and `of_last` may be of the hidden one only.
/// `output` begins with the gradients of `x`, then come those of the first states, `[batch, hidden]` each, and room to
/// work in. What the cell has computed is computed again from the sums: nothing is saved on the way forward.
#[inline(always)]
pub fn recurrence_gradient<P: Param<RecurrenceGradient<C>>, C: CellGradient, T: Apply>(
    simd: Simd,
    layer: P,
    x: &[T],
    w: &[T],
    first: &[T],
    of_states: &[T],
    of_last: &[T],
    output: &mut [T],
) {
    compute(simd, layer, Generic((x, w, first, of_states, of_last, output)))
}
