use super::body::{Body, compute};
use super::qlinear_cell::{QlinearCell, QlinearStep};
use super::sequences::{Advance, Sequences, States};
use crate::arch::Arch;
use crate::{Param, Simd};

/// ONNX `RNN`, `GRU` and `LSTM` in integers: one direction, after the product of the input by its weights.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct QlinearRecurrence<C> {
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
    /// Multiplier of the inputs.
    pub input: i32,
    /// Bits to shift by after a multiplication, 1 to 62.
    pub shift: u32,
    /// What is computed at each step.
    pub cell: C,
}

impl<C: QlinearCell> QlinearRecurrence<C> {
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

    /// Elements of the recurrent weights.
    pub fn weights_len(&self) -> usize {
        self.multipliers_len().saturating_mul(self.hidden)
    }

    /// Multipliers: one for each gate of each unit.
    pub fn multipliers_len(&self) -> usize {
        self.sequences().units().saturating_mul(C::GATES)
    }

    /// Biases, of the cells that have some.
    pub fn biases_len(&self) -> usize {
        self.sequences().units().saturating_mul(self.cell.biases())
    }
}

/// A cell with its weights.
#[derive(Clone, Copy)]
struct Weighted<'a, C> {
    cell: C,
    input: i32,
    shift: u32,
    w: &'a [i8],
    multiplier: &'a [i32],
    bias: &'a [i32],
}

impl<C: QlinearCell> Advance<i16> for Weighted<'_, C> {
    const GATES: usize = C::GATES;
    const STATES: usize = C::STATES;

    #[inline(always)]
    fn step<A: Arch>(self, states: States<'_, i16>) {
        self.cell.step::<A>(QlinearStep {
            input: self.input,
            shift: self.shift,
            w: self.w,
            multiplier: self.multiplier,
            bias: self.bias,
            states,
        });
    }
}

/// Operands: inputs, weights, multipliers, biases, first states, lengths; output.
type Operands<'a> = (
    &'a [i16],
    &'a [i8],
    &'a [i32],
    &'a [i32],
    &'a [i16],
    &'a [i32],
    &'a mut [i16],
);

impl<'a, C: QlinearCell> Body<Operands<'a>> for QlinearRecurrence<C> {
    #[inline(always)]
    fn body<A: Arch>(self, (x, w, multiplier, bias, first, lengths, output): Operands<'a>) {
        let (Some(w), Some(multiplier), Some(bias)) = (
            w.get(..self.weights_len()),
            multiplier.get(..self.multipliers_len()),
            bias.get(..self.biases_len()),
        ) else {
            return debug_assert!(false, "qlinear_recurrence: an operand is too short");
        };
        let Self { cell, input, shift, .. } = self;
        let cell = Weighted {
            cell,
            input,
            shift,
            w,
            multiplier,
            bias,
        };
        self.sequences().run::<A, i16, _>(cell, x, first, lengths, output)
    }
}

/// Runs the cell along every sequence.
///
/// `x` is `[steps, batch, directions, gates, hidden]` (`[batch, steps, ..]` if `batch_first`): the input times its
/// weights, plus biases, of any one scale. `w` are the
/// [weights](QlinearRecurrence::weights_len) of this direction. What the function of a gate is applied to has 22 bits
/// after the point: `(x * input + sum * multiplier) / 2^shift`, rounded once, where `sum` adds up products of the
/// hidden state by weights. `bias` are the [biases](QlinearRecurrence::biases_len) of such sums. `first` are the first
/// states, in the layout of the last ones: all, or only the hidden ones, or none for zeros. `lengths` are those of the
/// sequences, or none if all have `steps`; where there are no more steps the output is zero, and so are the states of a
/// sequence without any. `output` begins with the hidden states after every step, `[steps, directions, batch, hidden]`
/// (`[batch, steps, directions, hidden]`), then come the last states, `[directions, batch, hidden]` (`[batch,
/// directions, hidden]`) each, and room to work in.
///
/// Hidden states have 15 bits after the point, the state of an [`Lstm`](super::QlinearLstm)'s cell as many as it says;
/// both saturate. The functions interpolate between numbers of a table and are off by less than one step of 2^-15.
#[inline(always)]
pub fn qlinear_recurrence<P: Param<QlinearRecurrence<C>>, C: QlinearCell>(
    simd: Simd,
    layer: P,
    x: &[i16],
    w: &[i8],
    multiplier: &[i32],
    bias: &[i32],
    first: &[i16],
    lengths: &[i32],
    output: &mut [i16],
) {
    compute(simd, layer, (x, w, multiplier, bias, first, lengths, output))
}
