use super::recurrence::{GateOperand, check_packed};
use crate::ir::Lowering;
use crate::ir::geometry::Sequences;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use crate::ir::{OverTime, Time};
use runtime_core::kernels::{self, QlinearCell as Cell, QlinearGru, QlinearLstm, QlinearRnn};

/// What a recurrent layer in integers computes at each step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum QlinearCell {
    /// ONNX `RNN`.
    Rnn(QlinearRnn),
    /// ONNX `GRU`.
    Gru(QlinearGru),
    /// ONNX `LSTM`.
    Lstm(QlinearLstm),
}

/// One direction of a recurrent layer in integers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct QlinearDirection {
    /// Whether it runs from the last step to the first.
    pub reverse: bool,
    /// Multiplier of the inputs.
    pub input: i32,
    /// Bits to shift by after a multiplication, 1 to 62.
    pub shift: u32,
}

/// Recurrent layers in integers, after the product of the input by its weights; the kernel `qlinear_recurrence` says
/// what the integers stand for.
///
/// Inputs: that product with its biases, `i16`, `[steps, batch, directions * gates * hidden]`; the first states, `i16`,
/// flat, or none; the lengths of the sequences, `i32`, or none; for each direction its weights, `i8`, `[gates, hidden,
/// hidden]`, its multipliers, `i32`, `[gates, hidden]`, and its biases, `i32`, `[hidden]` or none. Outputs, `i16`: the
/// hidden states after every step `[steps, directions, batch, hidden]`, and each last state `[directions, batch,
/// hidden]`.
#[derive(Clone, Debug, PartialEq)]
pub struct QlinearRecurrence {
    /// Hidden units.
    pub hidden: usize,
    /// Whether the batch is the first dimension of all operands.
    pub batch_first: bool,
    /// What is computed at each step.
    pub cell: QlinearCell,
    /// One or two directions.
    pub directions: Vec<QlinearDirection>,
    /// Whether weights, multipliers and biases are in the order in which the kernel reads them, as lowering needs it.
    pub packed: bool,
}

/// The inputs before those of the first direction, and those of each direction.
const OTHERS: usize = 3;
const OF_DIRECTION: usize = 3;

/// Runs `$body` with `$cell` as the kernel's cell.
macro_rules! by_cell {
    ($any:expr, $cell:ident => $body:expr) => {
        match $any {
            QlinearCell::Rnn($cell) => $body,
            QlinearCell::Gru($cell) => $body,
            QlinearCell::Lstm($cell) => $body,
        }
    };
}

/// Gates and states of a cell.
const fn counts<C: Cell>(_: C) -> [usize; 2] {
    [C::GATES, C::STATES]
}

/// Elements of the operands of each direction.
fn lens<C: Cell>(kernel: &kernels::QlinearRecurrence<C>) -> [usize; OF_DIRECTION] {
    [kernel.weights_len(), kernel.multipliers_len(), kernel.biases_len()]
}

/// Gates and inputs of the blocks of a cell's weights, multipliers and biases.
fn blocks<C: Cell>(cell: C, hidden: usize) -> [Vec<[usize; 2]>; OF_DIRECTION] {
    let of_gates = |inputs| C::TOGETHER.iter().map(|gates| [*gates, inputs]).collect();
    [of_gates(hidden), of_gates(1), vec![[cell.biases(), 1]]]
}

impl QlinearRecurrence {
    /// Weights, multipliers and biases of each direction.
    pub fn gate_operands(&self) -> Vec<GateOperand> {
        let of_direction = |direction| {
            let first = OTHERS + OF_DIRECTION * direction;
            let blocks = by_cell!(self.cell, cell => blocks(cell, self.hidden));
            (first..).zip(blocks).map(|(index, blocks)| GateOperand {
                index,
                hidden: self.hidden,
                blocks,
            })
        };
        (0..self.directions.len()).flat_map(of_direction).collect()
    }

    fn sequences(&self) -> Sequences {
        Sequences {
            hidden: self.hidden,
            directions: self.directions.len(),
            batch_first: self.batch_first,
        }
    }

    /// The kernel's parameters for one direction.
    fn kernel<C: Cell>(
        &self,
        x: &TensorType,
        direction: usize,
        sequence: bool,
        cell: C,
    ) -> kernels::QlinearRecurrence<C> {
        let (steps, batch) = self.sequences().extents(x);
        let QlinearDirection { reverse, input, shift } = self.directions[direction];
        kernels::QlinearRecurrence {
            steps,
            batch,
            hidden: self.hidden,
            directions: self.directions.len(),
            direction,
            reverse,
            batch_first: self.batch_first,
            sequence,
            input,
            shift,
            cell,
        }
    }
}

impl Operator for QlinearRecurrence {
    fn name(&self) -> &'static str {
        match self.cell {
            QlinearCell::Rnn(_) => "QLinearRNN",
            QlinearCell::Gru(_) => "QLinearGRU",
            QlinearCell::Lstm(_) => "QLinearLSTM",
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        if x.dtype != DType::I16 {
            return Err(op_error(format!("{x} is not {}", DType::I16)));
        }
        let counts = by_cell!(self.cell, cell => counts(cell));
        let outputs = self.sequences().infer([x, inputs.ty(1)?, inputs.ty(2)?], counts)?;
        let operands = self.gate_operands();
        for (index, direction) in self.directions.iter().enumerate() {
            if !(1..=62).contains(&direction.shift) {
                return Err(op_error(format!("a shift by {} bits", direction.shift)));
            }
            let packed = by_cell!(self.cell, cell => lens(&self.kernel(x, index, true, cell)));
            let plain = operands.iter().skip(OF_DIRECTION * index).map(GateOperand::len);
            for (operand, (packed, plain)) in packed.into_iter().zip(plain).enumerate() {
                let len = if self.packed { packed } else { plain };
                let ty = inputs.ty(OTHERS + OF_DIRECTION * index + operand)?;
                let dtype = if operand == 0 { DType::I8 } else { DType::I32 };
                if ty.dtype != dtype || ty.len() != len {
                    return Err(op_error(format!(
                        "operand {operand} of a direction is {ty}, it should be {len} times {dtype}"
                    )));
                }
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
        let (ty, sequence) = (cx.ty(0), cx.is_read(0));
        let len = by_cell!(self.cell, cell => self.kernel(ty, 0, sequence, cell).output_len());
        let output = Sequences::results(cx, ty.dtype, len);
        for index in 0..self.directions.len() {
            let of_direction = OTHERS + OF_DIRECTION * index;
            let operands = [0, of_direction, of_direction + 1, of_direction + 2, 1, 2].map(|operand| cx.input(operand));
            by_cell!(self.cell, cell => cx.call(self.kernel(ty, index, sequence, cell), &operands, &[output]));
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
