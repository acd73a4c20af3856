use crate::bindings::{Stored, Typed};
use crate::ir::geometry::Sequences;
use crate::ir::gradient::through_time;
use crate::ir::layer::call;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use crate::ir::{Gradient, Lowering};
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
/// Inputs: that product with its biases, `[steps, batch, directions * gates * hidden]`; the first states, flat, or
/// none; the lengths of the sequences, `i32`, or none; for each direction its weights, which beside `f32` may be `f16`:
/// `[gates, hidden, hidden]`, then the cell's other numbers, `[.., hidden]`, flat. Outputs: the hidden states after
/// every step `[steps, directions, batch, hidden]`, and each last state `[directions, batch, hidden]`.
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
    /// Whether the weights are in the order in which the kernel reads them, as lowering needs it.
    pub packed: bool,
}

/// An operand of a recurrent layer that holds numbers of each gate and unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GateOperand {
    /// Its position.
    pub index: usize,
    /// Hidden units.
    pub hidden: usize,
    /// Gates and inputs of each of its blocks `[gates, hidden, inputs]`, which the kernel reads one after the other.
    pub blocks: Vec<[usize; 2]>,
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

/// Gates and inputs of the blocks of a cell's weights.
fn blocks<C: Cell>(cell: &C, hidden: usize) -> Vec<[usize; 2]> {
    let recurrent = C::TOGETHER.iter().map(|gates| [*gates, hidden]);
    let extras = Some([cell.extras(), 1]).filter(|[extras, _]| *extras > 0);
    recurrent.chain(extras).collect()
}

impl Recurrence {
    fn sequences(&self) -> Sequences {
        Sequences {
            hidden: self.hidden,
            directions: self.directions.len(),
            batch_first: self.batch_first,
        }
    }

    /// The weights of each direction.
    pub fn gate_operands(&self) -> Vec<GateOperand> {
        let of_direction = |(index, direction): (usize, &Direction)| GateOperand {
            index: RECURRENT_WEIGHTS + index,
            hidden: self.hidden,
            blocks: by_cell!(&direction.cell, cell => blocks(cell, self.hidden)),
        };
        self.directions.iter().enumerate().map(of_direction).collect()
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

impl GateOperand {
    /// Elements of all blocks.
    pub fn len(&self) -> usize {
        let of_unit = self.blocks.iter().map(|[gates, inputs]| gates.saturating_mul(*inputs));
        of_unit.fold(0, usize::saturating_add).saturating_mul(self.hidden)
    }

    /// Whether it has no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// An error for a layer whose weights the kernel cannot read: a fault of the compiler.
pub(super) fn check_packed(packed: bool) -> Result<(), OpError> {
    if packed {
        Ok(())
    } else {
        Err(op_error("its weights are not packed"))
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
        for (operand, direction) in self.gate_operands().iter().zip(&self.directions) {
            let w = inputs.ty(operand.index)?;
            let len = if self.packed {
                by_cell!(direction.cell, cell => self.kernel(x, 0, true, cell).weights_len())
            } else {
                operand.len()
            };
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
        check_packed(self.packed)?;
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

    fn gradient(&self, cx: &mut Gradient<'_>) -> Result<(), OpError> {
        through_time(cx, self)
    }

    fn over_time(&self, time: &Time<'_>) -> Result<OverTime, String> {
        if self.directions.iter().any(|direction| direction.reverse) {
            return Err("it runs backwards from the last frame, which a stream does not have".to_owned());
        }
        self.sequences().over_time(time)
    }
}
