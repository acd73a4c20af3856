use super::tensor_type;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use crate::kernels::Typed;
use crate::lower::Lowering;
use crate::program::View;
use runtime_core::function::AnyGateFunction;
use runtime_core::kernels::{self, Cell, Gru, Lstm, Rnn};

/// What a recurrent layer computes at each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RecurrentCell {
    /// ONNX `RNN`.
    Rnn(Rnn<AnyGateFunction>),
    /// ONNX `GRU`.
    Gru(Gru<AnyGateFunction, AnyGateFunction>),
    /// ONNX `LSTM`.
    Lstm(Lstm<AnyGateFunction, AnyGateFunction, AnyGateFunction>),
}

/// One direction of a recurrent layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Direction {
    /// Whether it runs from the last step to the first.
    pub reverse: bool,
    /// What it computes at each step.
    pub cell: RecurrentCell,
}

/// Recurrent layers, `f32` or `f64`, after the product of the input by its weights.
///
/// Inputs: that product with its biases, `[steps, batch, directions * gates * hidden]`, the gates of each 16 units together;
/// the first states, flat, or none;
/// the lengths of the sequences, `i32`, or none; for each direction its weights, as the kernel wants them. Outputs: the
/// hidden states after every step `[steps, directions, batch, hidden]`, and each last state `[directions, batch, hidden]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Recurrence {
    /// Hidden units.
    pub hidden: usize,
    /// Whether the batch is the first dimension of all operands.
    pub batch_first: bool,
    /// Bound of what the functions of the cell are applied to; infinity for none.
    pub clip: f32,
    /// One or two directions.
    pub directions: Vec<Direction>,
}

/// The inputs before the weights.
const OTHERS: usize = 3;

/// Runs `$body` with `$cell` as the cell that `$any` is.
macro_rules! by_cell {
    ($any:expr, $cell:ident => $body:expr) => {
        match $any {
            RecurrentCell::Rnn($cell) => $body,
            RecurrentCell::Gru($cell) => $body,
            RecurrentCell::Lstm($cell) => $body,
        }
    };
}

/// Gates and states of a cell.
const fn counts<C: Cell>(_: &C) -> (usize, usize) {
    (C::GATES, C::STATES)
}

/// How the operands of a recurrent layer lie.
#[derive(Clone, Copy)]
pub(super) struct Sequences {
    pub(super) hidden: usize,
    pub(super) directions: usize,
    pub(super) batch_first: bool,
}

impl Sequences {
    /// Steps and batch of an input.
    pub(super) fn extents(self, x: &TensorType) -> (usize, usize) {
        if self.batch_first {
            (x.shape[1], x.shape[0])
        } else {
            (x.shape[0], x.shape[1])
        }
    }

    /// The types of the hidden states after every step and of the last states, for an input of so many gates; checks the
    /// first states and the lengths.
    pub(super) fn infer(
        self,
        [x, first, lengths]: [&TensorType; 3],
        [gates, states]: [usize; 2],
    ) -> Result<Vec<TensorType>, OpError> {
        let Self { hidden, directions, .. } = self;
        let width = directions
            .checked_mul(gates)
            .and_then(|gates| gates.checked_mul(hidden));
        if x.rank() != 3 || x.shape.last().copied() != width {
            return Err(op_error(format!("{x} is no input of {gates} gates of {hidden} units")));
        }
        let (steps, batch) = self.extents(x);
        let (sequence, state) = if self.batch_first {
            (vec![batch, steps, directions, hidden], vec![batch, directions, hidden])
        } else {
            (vec![steps, directions, batch, hidden], vec![directions, batch, hidden])
        };
        let (sequence, state) = (tensor_type(x.dtype, sequence)?, tensor_type(x.dtype, state)?);
        let known = [0, state.len(), states * state.len()];
        if first.dtype != x.dtype || !known.contains(&first.len()) {
            return Err(op_error(format!("{first} does not begin {states} states of {state}")));
        }
        if lengths.dtype != DType::I32 || ![0, batch].contains(&lengths.len()) {
            return Err(op_error(format!("{lengths} are no lengths of {batch} sequences")));
        }
        Ok([vec![sequence], vec![state; states]].concat())
    }

    /// Room for all results, `len` elements, and where each of them is: the hidden states after every step, which are not
    /// stored unless something reads them, and the last states.
    pub(super) fn results(cx: &mut Lowering<'_>, dtype: DType, len: usize) -> View {
        let (state, states) = (cx.output_ty(1).len(), cx.output_count() - 1);
        let before = if cx.is_read(0) { cx.output_ty(0).len() } else { 0 };
        let output = cx.temporary("states", dtype, len);
        let part = |offset, len| View { offset, len, ..output };
        if cx.is_read(0) {
            cx.alias(0, part(0, before));
        }
        for index in 0..states {
            cx.alias(1 + index, part(before + index * state, state));
        }
        output
    }
}

impl Recurrence {
    fn sequences(&self) -> Sequences {
        Sequences {
            hidden: self.hidden,
            directions: self.directions.len(),
            batch_first: self.batch_first,
        }
    }

    /// The kernel's parameters for one direction.
    fn kernel<C: Cell>(&self, x: &TensorType, direction: usize, sequence: bool, cell: C) -> kernels::Recurrence<C> {
        let (steps, batch) = self.sequences().extents(x);
        kernels::Recurrence {
            steps,
            batch,
            hidden: self.hidden,
            directions: self.directions.len(),
            direction,
            reverse: self.directions[direction].reverse,
            batch_first: self.batch_first,
            sequence,
            clip: self.clip,
            cell,
        }
    }
}

impl Operator for Recurrence {
    fn name(&self) -> &'static str {
        match self.directions[0].cell {
            RecurrentCell::Rnn(_) => "RNN",
            RecurrentCell::Gru(_) => "GRU",
            RecurrentCell::Lstm(_) => "LSTM",
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let (gates, states) = by_cell!(&self.directions[0].cell, cell => counts(cell));
        if !matches!(x.dtype, DType::F32 | DType::F64) {
            return Err(op_error(format!("{x} holds neither f32 nor f64")));
        }
        let outputs = self
            .sequences()
            .infer([x, inputs.ty(1)?, inputs.ty(2)?], [gates, states])?;
        let kind = |direction: &Direction| std::mem::discriminant(&direction.cell);
        if self
            .directions
            .iter()
            .any(|direction| kind(direction) != kind(&self.directions[0]))
        {
            return Err(op_error("directions with cells of different kinds"));
        }
        for (index, direction) in self.directions.iter().enumerate() {
            let (w, len) = (
                inputs.ty(OTHERS + index)?,
                by_cell!(direction.cell, cell => self.kernel(x, index, true, cell).weights_len()),
            );
            if w.dtype != x.dtype || w.len() != len {
                return Err(op_error(format!("the weights {w} should be {len} numbers")));
            }
        }
        Ok(outputs)
    }

    fn macs(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        inputs[0].map_or(0, TensorType::len) as u64 * self.hidden as u64
    }

    /// One call a direction; all results are parts of one buffer.
    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let sequence = cx.is_read(0);
        let len = by_cell!(self.directions[0].cell, cell => self.kernel(ty, 0, sequence, cell).output_len());
        let output = Sequences::results(cx, ty.dtype, len);
        for (index, direction) in self.directions.iter().enumerate() {
            let operands = [cx.input(0), cx.input(OTHERS + index), cx.input(1), cx.input(2)];
            by_cell!(direction.cell, cell => {
                let kernel = self.kernel(ty, index, sequence, cell);
                cx.call(Typed { kernel, dtype: ty.dtype }, &operands, &[output]);
            });
        }
        Ok(())
    }
}
