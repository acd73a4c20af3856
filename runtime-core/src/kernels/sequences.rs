//! How a recurrent cell runs along sequences: what it reads and writes at each step.

use super::gates::Units;
use super::walk::{row, row_mut};
use crate::Number;
use crate::arch::Arch;
use crate::pack::PANEL;
use core::mem::swap;

/// The sequences of one direction of a recurrent layer.
#[derive(Clone, Copy)]
pub(super) struct Sequences {
    /// Steps of the longest sequence.
    pub(super) steps: usize,
    /// Number of sequences.
    pub(super) batch: usize,
    /// Hidden units.
    pub(super) hidden: usize,
    /// Directions that share the operands.
    pub(super) directions: usize,
    /// Which of them this is.
    pub(super) direction: usize,
    /// Whether it runs from the last step to the first.
    pub(super) reverse: bool,
    /// Whether the batch comes before the steps and the directions.
    pub(super) batch_first: bool,
    /// Whether the output begins with the hidden states after every step.
    pub(super) sequence: bool,
}

/// The operands of one step of one sequence. Hidden units come in panels of 16, of which the last may be filled up.
pub(super) struct States<'a, T> {
    /// For each gate, for each unit, the input's part of the sums.
    pub(super) x: &'a [T],
    /// The hidden state as the product by the weights reads it, not filled up.
    pub(super) state: &'a [T],
    /// The hidden state.
    pub(super) h: &'a [Units<T>],
    /// The hidden state after the step.
    pub(super) next: &'a mut [Units<T>],
    /// The cell's other states.
    pub(super) c: &'a mut [Units<T>],
    /// Room for numbers of all units.
    pub(super) room: &'a mut [Units<T>],
}

/// A cell with its weights.
pub(super) trait Advance<T>: Copy {
    /// Gates.
    const GATES: usize;
    /// States, the hidden one included.
    const STATES: usize;

    /// Computes the next state.
    fn step<A: Arch>(self, states: States<'_, T>);
}

impl Sequences {
    /// Elements of one state: of all sequences and directions.
    pub(super) fn state_len(&self) -> usize {
        let sequences = self.batch.saturating_mul(self.directions);
        sequences.saturating_mul(self.hidden)
    }

    /// Elements of the hidden states after every step; none if they are not wanted.
    pub(super) fn sequence_len(&self) -> usize {
        let steps = if self.sequence { self.steps } else { 0 };
        self.state_len().saturating_mul(steps)
    }

    /// Units of all panels.
    pub(super) fn units(&self) -> usize {
        self.hidden.div_ceil(PANEL).saturating_mul(PANEL)
    }

    /// Elements of the output: the hidden states after every step, the last states, and room to work in.
    pub(super) fn output_len(&self, states: usize, room: usize) -> usize {
        let room = self.units().saturating_mul(states + 1 + room);
        let states = self.state_len().saturating_mul(states);
        self.sequence_len().saturating_add(states).saturating_add(room)
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

    /// Runs `cell` along every sequence.
    #[inline(always)]
    pub(super) fn run<A: Arch, T: Number, C: Advance<T>>(
        &self,
        cell: C,
        x: &[T],
        first: &[T],
        lengths: &[i32],
        output: &mut [T],
    ) {
        let Self { steps, hidden, .. } = *self;
        let (gates, state_len) = (hidden.wrapping_mul(C::GATES), self.state_len());
        let panels = hidden.div_ceil(PANEL);
        let Some((y, rest)) = output.split_at_mut_checked(self.sequence_len()) else {
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
        for sample in 0..self.batch {
            let length = lengths.get(sample).map(|length| usize::try_from(*length).unwrap_or(0));
            let length = length.unwrap_or(steps).min(steps);
            let at = self.state_row(sample).wrapping_mul(hidden);
            let cell_at = at.wrapping_add(state_len);
            begin(row(first, at, hidden), length, h);
            begin(row(first, cell_at, hidden), length, c);
            for step in 0..steps {
                let inside = step < length;
                let step = if self.reverse && inside {
                    length - 1 - step
                } else {
                    step
                };
                let y = row_mut(y, self.step_row(step, sample).wrapping_mul(hidden), hidden);
                let y = y.unwrap_or(&mut []);
                if !inside {
                    y.fill(T::ZERO);
                    continue;
                }
                let (Some(x), Some(state)) = (
                    row(x, self.input_row(step, sample).wrapping_mul(gates), gates),
                    h.as_flattened().get(..hidden),
                ) else {
                    return;
                };
                cell.step::<A>(States {
                    x,
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
}

/// The state before the first step: zeros if none is given, or where there is no step.
#[inline(always)]
fn begin<T: Number>(first: Option<&[T]>, length: usize, state: &mut [Units<T>]) {
    let state = state.as_flattened_mut();
    state.fill(T::ZERO);
    for (to, from) in state.iter_mut().zip(first.filter(|_| length > 0).unwrap_or(&[])) {
        *to = *from;
    }
}

/// Copies a state to where it is wanted.
#[inline(always)]
fn end<T: Copy>(state: &[Units<T>], to: Option<&mut [T]>) {
    for (to, from) in to.unwrap_or(&mut []).iter_mut().zip(state.as_flattened()) {
        *to = *from;
    }
}
