use super::body::{Body, Generic, compute, plain};
use super::cell::{Cell, Step};
use super::recurrent_weight::RecurrentWeight;
use super::sequences::{Advance, Sequences, States};
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
    fn sequences(&self) -> Sequences {
        let Self {
            steps,
            batch,
            hidden,
            directions,
            direction,
            reverse,
            batch_first,
            sequence,
            ..
        } = *self;
        Sequences {
            steps,
            batch,
            hidden,
            directions,
            direction,
            reverse,
            batch_first,
            sequence,
        }
    }

    /// Elements of one state: of all sequences and directions.
    pub fn state_len(&self) -> usize {
        self.sequences().state_len()
    }

    /// Elements of the hidden states after every step; none if they are not wanted.
    pub fn sequence_len(&self) -> usize {
        self.sequences().sequence_len()
    }

    /// Elements of the output: the hidden states after every step, the last states, and room to work in.
    pub fn output_len(&self) -> usize {
        self.sequences().output_len(C::STATES, C::ROOM)
    }

    /// Elements of the weights: the recurrent ones, then the cell's other numbers for each unit.
    pub fn weights_len(&self) -> usize {
        let of_unit = self.hidden.saturating_mul(C::GATES).saturating_add(self.cell.extras());
        self.sequences().units().saturating_mul(of_unit)
    }
}

/// A cell with its weights and the bound of what its functions are applied to.
#[derive(Clone, Copy)]
struct Weighted<'a, C, W> {
    cell: C,
    clip: f32,
    w: &'a [W],
}

impl<C: Cell, T: Apply, W: RecurrentWeight<T>> Advance<T> for Weighted<'_, C, W> {
    const GATES: usize = C::GATES;
    const STATES: usize = C::STATES;

    #[inline(always)]
    fn step<A: Arch>(self, states: States<'_, T>) {
        self.cell.step::<A, T, W>(Step {
            clip: self.clip,
            w: self.w,
            states,
        });
    }
}

/// Operands: inputs, weights, first states, lengths; output.
type Operands<'a, T, W> = (&'a [T], &'a [W], &'a [T], &'a [i32], &'a mut [T]);

#[inline(always)]
fn run<A: Arch, C: Cell, T: Apply, W: RecurrentWeight<T>>(
    layer: Recurrence<C>,
    (x, w, first, lengths, output): Operands<'_, T, W>,
) {
    let Some(w) = w.get(..layer.weights_len()) else {
        return debug_assert!(false, "recurrence: an operand is too short");
    };
    let Recurrence { cell, clip, .. } = layer;
    let cell = Weighted { cell, clip, w };
    layer.sequences().run::<A, T, _>(cell, x, first, lengths, output)
}

impl<'a, C: Cell, W: RecurrentWeight<f32>> Body<Operands<'a, f32, W>> for Recurrence<C> {
    #[inline(always)]
    fn body<A: Arch>(self, operands: Operands<'a, f32, W>) {
        run::<A, C, f32, W>(self, operands)
    }
}

impl<'a, C: Cell, T: Apply + RecurrentWeight<T>> Body<Generic<Operands<'a, T, T>>> for Recurrence<C> {
    #[inline(always)]
    fn body<A: Arch>(self, Generic(operands): Generic<Operands<'a, T, T>>) {
        run::<A, C, T, T>(self, operands)
    }
}

/// Runs the cell along every sequence.
///
/// `x` is `[steps, batch, directions, gates, hidden]` (`[batch, steps, ..]` if `batch_first`): the input times its
/// weights, plus biases. `w` are the [weights](Recurrence::weights_len) of
/// this direction. `first` are the first states, in the layout of the last ones: all, or only the hidden ones, or none
/// for zeros. `lengths` are those of the sequences, or none if all have `steps`; where there are no more steps the
/// output is zero, and so are the states of a sequence without any. `output` begins with the hidden states after every
/// step, `[steps, directions, batch, hidden]` (`[batch, steps, directions, hidden]`), then come the last states,
/// `[directions, batch, hidden]` (`[batch, directions, hidden]`) each, and room to work in.
#[inline(always)]
pub fn recurrence<P: Param<Recurrence<C>>, C: Cell, W: RecurrentWeight<f32>>(
    simd: Simd,
    layer: P,
    x: &[f32],
    w: &[W],
    first: &[f32],
    lengths: &[i32],
    output: &mut [f32],
) {
    compute(simd, layer, (x, w, first, lengths, output))
}

/// [`recurrence`] of any float.
#[inline(always)]
pub fn recurrence_of<P: Param<Recurrence<C>>, C: Cell, T: Apply + RecurrentWeight<T>>(
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
