use crate::bindings::{Stored, Typed};
use crate::ir::Lowering;
use crate::ir::geometry::Sequences;
use crate::ir::layer::call;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::function::AnyGateFunction;
use runtime_core::kernels::{self, Cell, DynamicState, Gru, Lstm, Rnn};

/// What a recurrent layer computes at each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RecurrentCell {
    /// ONNX `RNN`.
    Rnn(Rnn<AnyGateFunction>),
    /// ONNX `GRU`.
    Gru(Gru<AnyGateFunction, AnyGateFunction>),
    /// ONNX `LSTM`.
    Lstm(Lstm<AnyGateFunction, AnyGateFunction, AnyGateFunction>),
    /// `DynamicQuantizeLSTM` of `com.microsoft`, after its input is rounded.
    DynamicLstm(DynamicState<Lstm<AnyGateFunction, AnyGateFunction, AnyGateFunction>>),
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
/// Inputs: that product with its biases, `[steps, batch, directions * gates * hidden]`, the gates of each 16 units
/// together; the first states, flat, or none; the lengths of the sequences, `i32`, or none; for each direction its
/// weights, as the kernel wants them, which beside `f32` may be `f16`. Outputs: the hidden states after every step `[steps, directions, batch, hidden]`,
/// and each last state `[directions, batch, hidden]`.
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

/// The inputs of a [`Recurrence`] before the weights.
pub const RECURRENT_WEIGHTS: usize = 3;

/// Runs `$body` with `$cell` as the cell that `$any` is.
macro_rules! by_cell {
    ($any:expr, $cell:ident => $body:expr) => {
        match $any {
            RecurrentCell::Rnn($cell) => $body,
            RecurrentCell::Gru($cell) => $body,
            RecurrentCell::Lstm($cell) => $body,
            RecurrentCell::DynamicLstm($cell) => $body,
        }
    };
}

/// Gates and states of a cell.
const fn counts<C: Cell>(_: &C) -> (usize, usize) {
    (C::GATES, C::STATES)
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
            RecurrentCell::DynamicLstm(_) => "DynamicQuantizeLSTM",
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
                inputs.ty(RECURRENT_WEIGHTS + index)?,
                by_cell!(direction.cell, cell => self.kernel(x, index, true, cell).weights_len()),
            );
            let is_half = (x.dtype, w.dtype) == (DType::F32, DType::F16);
            if w.dtype != x.dtype && !is_half || w.len() != len {
                return Err(op_error(format!("the weights {w} should be {len} numbers")));
            }
        }
        Ok(outputs)
    }

    fn macs(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        inputs[0].map_or(0, TensorType::len) as u64 * self.hidden as u64
    }

    /// One call per direction; all results are parts of one buffer.
    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let sequence = cx.is_read(0);
        let len = by_cell!(self.directions[0].cell, cell => self.kernel(ty, 0, sequence, cell).output_len());
        let output = Sequences::results(cx, ty.dtype, len);
        for (index, direction) in self.directions.iter().enumerate() {
            let operands = [
                cx.input(0),
                cx.input_as(RECURRENT_WEIGHTS + index, "weights"),
                cx.input_as(1, "first_states"),
                cx.input_as(2, "lengths"),
            ];
            let stored = (cx.ty(RECURRENT_WEIGHTS + index).dtype == DType::F16).then_some(Stored::Half);
            by_cell!(direction.cell, cell => {
                let kernel = self.kernel(ty, index, sequence, cell);
                call(cx, Typed { kernel, dtype: ty.dtype }, stored, &operands, output);
            });
        }
        Ok(())
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        if self.directions.iter().any(|direction| direction.reverse) {
            return Err("it runs backwards from the last frame, which a stream does not have".to_owned());
        }
        self.sequences().over_time(time)
    }
}
