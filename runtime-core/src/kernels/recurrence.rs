use super::body::{Body, Generic, compute, plain};
use super::cell::{Cell, Step};
use super::gates::Units;
use super::walk::{row, row_mut};
use crate::arch::Arch;
use crate::function::Apply;
use crate::pack::PANEL;
use crate::{Param, Simd};
use core::mem::swap;

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

    /// Panels of 16 hidden units, of which the last may be filled up.
    fn panels(&self) -> usize {
        self.hidden.div_ceil(PANEL)
    }

    /// Elements of the output: the hidden states after every step, the last states, and room to work in.
    pub fn output_len(&self) -> usize {
        let states = self.state_len().saturating_mul(C::STATES);
        let room = self
            .panels()
            .saturating_mul(PANEL)
            .saturating_mul(C::STATES + 1 + C::ROOM);
        self.sequence_len().saturating_add(states).saturating_add(room)
    }

    /// Elements of the weights: the recurrent ones, then the cell's other numbers for each unit.
    pub fn weights_len(&self) -> usize {
        let of_unit = self.hidden.saturating_mul(C::GATES).saturating_add(self.cell.extras());
        self.panels().saturating_mul(PANEL).saturating_mul(of_unit)
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
    let Recurrence {
        steps, hidden, clip, ..
    } = layer;
    let (gates, state_len, panels) = (hidden.wrapping_mul(C::GATES), layer.state_len(), layer.panels());
    let (Some(w), Some((y, rest))) = (
        w.get(..layer.weights_len()),
        output.split_at_mut_checked(layer.sequence_len()),
    ) else {
        return debug_assert!(false, "recurrence: an operand is too short");
    };
    let Some((last, room)) = rest.split_at_mut_checked(state_len.wrapping_mul(C::STATES)) else {
        return debug_assert!(false, "recurrence: an operand is too short");
    };
    let room = room.as_chunks_mut().0;
    let Some((mut h, room)) = room.split_at_mut_checked(panels) else {
        return;
    };
    let Some((mut next, room)) = room.split_at_mut_checked(panels) else {
        return;
    };
    let Some((c, room)) = room.split_at_mut_checked(panels.wrapping_mul(C::STATES - 1)) else {
        return;
    };
    for sample in 0..layer.batch {
        let length = lengths.get(sample).map(|length| usize::try_from(*length).unwrap_or(0));
        let length = length.unwrap_or(steps).min(steps);
        let at = layer.state_row(sample).wrapping_mul(hidden);
        let cell_at = at.wrapping_add(state_len);
        begin(row(first, at, hidden), length, h);
        begin(row(first, cell_at, hidden), length, c);
        for step in 0..steps {
            let inside = step < length;
            let step = if layer.reverse && inside {
                length - 1 - step
            } else {
                step
            };
            let y = row_mut(y, layer.step_row(step, sample).wrapping_mul(hidden), hidden);
            let y = y.unwrap_or(&mut []);
            if !inside {
                y.fill(T::ZERO);
                continue;
            }
            let (Some(x), Some(state)) = (
                row(x, layer.input_row(step, sample).wrapping_mul(gates), gates),
                h.as_flattened().get(..hidden),
            ) else {
                return;
            };
            layer.cell.step::<A, T>(Step {
                clip,
                x,
                w,
                state,
                h,
                next,
                c,
                room,
            });
            swap(&mut h, &mut next);
            end(h, Some(y));
        }
        end(h, row_mut(last, at, hidden));
        if C::STATES > 1 {
            end(c, row_mut(last, cell_at, hidden));
        }
    }
}

/// The state before the first step: zeros if none is given, or where there is no step.
#[inline(always)]
fn begin<T: Apply>(first: Option<&[T]>, length: usize, state: &mut [Units<T>]) {
    let state = state.as_flattened_mut();
    state.fill(T::ZERO);
    for (to, from) in state.iter_mut().zip(first.filter(|_| length > 0).unwrap_or(&[])) {
        *to = *from;
    }
}

/// Copies a state to where it is wanted.
#[inline(always)]
fn end<T: Apply>(state: &[Units<T>], to: Option<&mut [T]>) {
    for (to, from) in to.unwrap_or(&mut []).iter_mut().zip(state.as_flattened()) {
        *to = *from;
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
/// `x` is `[steps, batch, directions, hidden, gates]` (`[batch, steps, ..]` if `batch_first`) with each 16 units and their
/// gates transposed: the input times its weights, plus biases. `w` are the [weights](Recurrence::weights_len) of this direction. `first` are the first states, in
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
