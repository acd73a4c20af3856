use super::body::{Body, Generic, compute, plain};
use super::cell::{Cell, Step};
use super::walk::{copy_row, row, row_mut};
use crate::arch::Arch;
use crate::function::Apply;
use crate::{Param, Simd};

/// ONNX `RNN`, `GRU` and `LSTM`: one direction, after the product of the input by its weights.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Recurrence<C> {
    /// Steps of the longest sequence.
    pub steps: usize,
    /// Number of sequences.
    pub batch: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Directions that share the operands.
    pub directions: usize,
    /// Which of them this is.
    pub direction: usize,
    /// Whether it runs from the last step to the first.
    pub reverse: bool,
    /// Whether the batch comes before the steps and the directions.
    pub batch_first: bool,
    /// Whether the output begins with the hidden states after every step.
    pub sequence: bool,
    /// Bound of what the functions of the cell are applied to; infinity for none.
    pub clip: f32,
    /// What is computed at each step.
    pub cell: C,
}

impl<C: Cell> Recurrence<C> {
    /// Elements of one state: of all sequences and directions.
    pub fn state_len(&self) -> usize {
        let sequences = self.batch.saturating_mul(self.directions);
        sequences.saturating_mul(self.hidden)
    }

    /// Elements of the hidden states after every step; none if they are not wanted.
    pub fn sequence_len(&self) -> usize {
        let steps = if self.sequence { self.steps } else { 0 };
        self.state_len().saturating_mul(steps)
    }

    /// Elements of the output: the hidden states after every step, the last states, and room to work in.
    pub fn output_len(&self) -> usize {
        let states = self.state_len().saturating_mul(C::STATES);
        let room = self.hidden.saturating_mul(C::ROOM);
        self.sequence_len().saturating_add(states).saturating_add(room)
    }

    /// Elements of the weights: panels, then the cell's other numbers for each unit.
    pub fn weights_len(&self) -> usize {
        let extras = self.hidden.saturating_mul(self.cell.extras());
        C::panels_len(self.hidden).saturating_add(extras)
    }

    /// Which row of `hidden` elements the state of a sequence is.
    #[inline(always)]
    fn state_row(&self, sample: usize) -> usize {
        if self.batch_first {
            sample.wrapping_mul(self.directions).wrapping_add(self.direction)
        } else {
            self.direction.wrapping_mul(self.batch).wrapping_add(sample)
        }
    }

    /// Which row of `hidden` elements is the output of a step of a sequence.
    #[inline(always)]
    fn step_row(&self, step: usize, sample: usize) -> usize {
        let rows = self.batch.wrapping_mul(self.directions);
        if self.batch_first {
            let step = sample.wrapping_mul(self.steps).wrapping_add(step);
            step.wrapping_mul(self.directions).wrapping_add(self.direction)
        } else {
            step.wrapping_mul(rows).wrapping_add(self.state_row(sample))
        }
    }

    /// Which row of the gates of all units is the input of a step of a sequence.
    #[inline(always)]
    fn input_row(&self, step: usize, sample: usize) -> usize {
        let sequence_step = if self.batch_first {
            sample.wrapping_mul(self.steps).wrapping_add(step)
        } else {
            step.wrapping_mul(self.batch).wrapping_add(sample)
        };
        sequence_step.wrapping_mul(self.directions).wrapping_add(self.direction)
    }
}

/// Operands: inputs, weights, first states, lengths; output.
type Operands<'a, T> = (&'a [T], &'a [T], &'a [T], &'a [i32], &'a mut [T]);

#[inline(always)]
fn run<A: Arch, C: Cell, T: Apply>(layer: Recurrence<C>, (x, w, first, lengths, output): Operands<'_, T>) {
    let Recurrence { steps, hidden, .. } = layer;
    let (gates, state_len) = (hidden.wrapping_mul(C::GATES), layer.state_len());
    let (Some(w), Some((y, rest))) = (
        w.get(..layer.weights_len()),
        output.split_at_mut_checked(layer.sequence_len()),
    ) else {
        return debug_assert!(false, "recurrence: an operand is too short");
    };
    let Some((h, rest)) = rest.split_at_mut_checked(state_len) else {
        return;
    };
    let Some((c, room)) = rest.split_at_mut_checked(state_len.wrapping_mul(C::STATES - 1)) else {
        return;
    };
    let Some((next, room)) = room.split_at_mut_checked(hidden) else {
        return;
    };
    for sample in 0..layer.batch {
        let length = lengths.get(sample).map(|length| usize::try_from(*length).unwrap_or(0));
        let length = length.unwrap_or(steps).min(steps);
        let at = layer.state_row(sample).wrapping_mul(hidden);
        let Some(h) = row_mut(h, at, hidden) else { return };
        let c = row_mut(c, at, hidden).unwrap_or(&mut []);
        begin(row(first, at, hidden), length, h);
        begin(row(first, at.wrapping_add(state_len), hidden), length, c);
        for step in 0..steps {
            let step = if layer.reverse && step < length {
                length - 1 - step
            } else {
                step
            };
            let y = row_mut(y, layer.step_row(step, sample).wrapping_mul(hidden), hidden);
            if step >= length {
                y.unwrap_or(&mut []).fill(T::ZERO);
                continue;
            }
            let Some(x) = row(x, layer.input_row(step, sample).wrapping_mul(gates), gates) else {
                return;
            };
            let (clip, room) = (layer.clip, &mut *room);
            layer.cell.step::<A, T>(Step {
                hidden,
                clip,
                w,
                x,
                h,
                c: &mut *c,
                room,
                next,
            });
            copy_row(next, h);
            copy_row(next, y.unwrap_or(&mut []));
        }
    }
}

/// The state before the first step: zeros if none is given, or where there is no step.
#[inline(always)]
fn begin<T: Apply>(first: Option<&[T]>, length: usize, state: &mut [T]) {
    match first.filter(|_| length > 0) {
        Some(first) => copy_row(first, state),
        None => state.fill(T::ZERO),
    }
}

impl<'a, C: Cell> Body<Operands<'a, f32>> for Recurrence<C> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'a, f32>) {
        run::<A, C, f32>(self, operands)
    }
}

impl<'a, C: Cell, T: Apply> Body<Generic<Operands<'a, T>>> for Recurrence<C> {
    #[inline(always)]
    fn body<A: Arch>(self, Generic(operands): Generic<Operands<'a, T>>) {
        run::<A, C, T>(self, operands)
    }
}

/// Runs the cell along every sequence.
///
/// `x` is `[steps, batch, directions, gates, hidden]` (`[batch, steps, ..]` if `batch_first`): the input times its
/// weights, plus biases. `w` are the [weights](Recurrence::weights_len) of this direction. `first` are the first states, in
/// the layout of the last ones: all, or only the hidden ones, or none for zeros. `lengths` are those of the sequences, or
/// none if all have `steps`; where there are no more steps the output is zero, and so are the states of a sequence
/// without any. `output` begins with the hidden states after every step, `[steps, directions, batch, hidden]`
/// (`[batch, steps, directions, hidden]`), then come the last states, `[directions, batch, hidden]`
/// (`[batch, directions, hidden]`) each, and room to work in.
#[inline(always)]
pub fn recurrence<P: Param<Recurrence<C>>, C: Cell>(
    simd: Simd,
    layer: P,
    x: &[f32],
    w: &[f32],
    first: &[f32],
    lengths: &[i32],
    output: &mut [f32],
) {
    compute(simd, layer, (x, w, first, lengths, output))
}

/// [`recurrence`] of any float.
#[inline(always)]
pub fn recurrence_of<P: Param<Recurrence<C>>, C: Cell, T: Apply>(
    _: Simd,
    layer: P,
    x: &[T],
    w: &[T],
    first: &[T],
    lengths: &[i32],
    output: &mut [T],
) {
    plain(layer.get(), Generic((x, w, first, lengths, output)))
}
