use crate::bindings::Typed;
use crate::ir::Lowering;
use crate::ir::geometry::tensor_type;
use crate::ir::program::View;
use crate::ir::{DType, Inputs, OpError, Operator, TensorType, op_error};
use runtime_core::kernels::{self, CellGradient, GruGradient, LinearGruGradient, LstmGradient, RnnGradient};

/// The cell whose steps are gone back through.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum RecurrentGradient {
    /// ONNX `RNN`, whose sums are the slopes of its function instead.
    Rnn(RnnGradient),
    /// ONNX `GRU`.
    Gru(GruGradient),
    /// ONNX `GRU` with `linear_before_reset`, which has four sums for each unit.
    LinearGru(LinearGruGradient),
    /// ONNX `LSTM`.
    Lstm(LstmGradient),
}

/// Runs `$body` with `$cell` as the cell that `$any` is.
macro_rules! by_cell {
    ($any:expr, $cell:ident => $body:expr) => {
        match $any {
            RecurrentGradient::Rnn($cell) => $body,
            RecurrentGradient::Gru($cell) => $body,
            RecurrentGradient::LinearGru($cell) => $body,
            RecurrentGradient::Lstm($cell) => $body,
        }
    };
}

/// Back-propagation through time, of one direction of a [`Recurrence`](super::Recurrence), `f32` or `f64`.
///
/// Inputs: the sums that the functions of the gates are applied to, `[steps, batch, sums * hidden]`; the recurrent
/// weights, `[gates, hidden, hidden]`, flat; the first state that the cell keeps, flat, or none; the gradients of the
/// hidden states after every step, `[steps, batch, hidden]`, or none; those of the last states, flat, or none, or only
/// of the hidden one. Outputs: the gradients of the sums, and of each first state, `[batch, hidden]`.
#[derive(Clone, Debug, PartialEq)]
pub struct RecurrenceGradient {
    /// Hidden units.
    pub hidden: usize,
    /// Whether the layer runs from the last step to the first.
    pub reverse: bool,
    /// Whether the batch is the first dimension of all operands.
    pub batch_first: bool,
    /// What the layer computes at each step.
    pub cell: RecurrentGradient,
}

/// Sums and states of a cell, for each unit.
const fn counts<C: CellGradient>(_: &C) -> (usize, usize) {
    (C::SUMS, C::STATES)
}

impl RecurrenceGradient {
    fn kernel<C: CellGradient>(&self, x: &TensorType, cell: C) -> kernels::RecurrenceGradient<C> {
        let [steps, batch] = if self.batch_first { [1, 0] } else { [0, 1] }.map(|axis| x.shape[axis]);
        kernels::RecurrenceGradient {
            steps,
            batch,
            hidden: self.hidden,
            reverse: self.reverse,
            batch_first: self.batch_first,
            cell,
        }
    }
}

impl Operator for RecurrenceGradient {
    fn name(&self) -> &'static str {
        match self.cell {
            RecurrentGradient::Rnn(_) => "RNNGradient",
            RecurrentGradient::Gru(_) | RecurrentGradient::LinearGru(_) => "GRUGradient",
            RecurrentGradient::Lstm(_) => "LSTMGradient",
        }
    }

    fn infer(&self, inputs: &Inputs<'_>) -> Result<Vec<TensorType>, OpError> {
        let x = inputs.ty(0)?;
        let hidden = self.hidden;
        let (sums, states) = by_cell!(&self.cell, cell => counts(cell));
        if !matches!(inputs.same_dtype()?, DType::F32 | DType::F64) {
            return Err(op_error(format!("{x} holds neither f32 nor f64")));
        }
        if x.rank() != 3 || Some(x.shape[2]) != sums.checked_mul(hidden) {
            return Err(op_error(format!("{x} holds no {sums} sums of {hidden} units")));
        }
        let batch = x.shape[usize::from(!self.batch_first)];
        let state = tensor_type(x.dtype, vec![batch, hidden])?;
        // The last two sums of a linear GRU are of one gate.
        let gates = sums - usize::from(matches!(self.cell, RecurrentGradient::LinearGru(_)));
        let of_states = tensor_type(x.dtype, vec![x.shape[0], x.shape[1], hidden])?.len();
        let known: [&[usize]; 4] = [
            &[gates * hidden * hidden],
            &[0, state.len()],
            &[0, of_states],
            &[0, state.len(), states * state.len()],
        ];
        for (index, lengths) in known.into_iter().enumerate() {
            let ty = inputs.ty(1 + index)?;
            if !lengths.contains(&ty.len()) {
                return Err(op_error(format!("{ty} should be one of {lengths:?} numbers")));
            }
        }
        Ok([vec![x.clone()], vec![state; states]].concat())
    }

    fn macs(&self, inputs: &[Option<&TensorType>], _: &[&TensorType]) -> u64 {
        let [Some(x), Some(w), ..] = inputs else { return 0 };
        (x.shape[0] * x.shape[1]) as u64 * w.len() as u64
    }

    /// All results are parts of one buffer.
    fn lower(&self, cx: &mut Lowering<'_>) -> Result<(), OpError> {
        let ty = cx.ty(0);
        let len = by_cell!(self.cell, cell => self.kernel(ty, cell).output_len());
        let output = cx.temporary("gradients", ty.dtype, len);
        let mut offset = 0;
        for index in 0..cx.output_count() {
            let len = cx.output_ty(index).len();
            cx.alias(index, View { offset, len, ..output });
            offset += len;
        }
        let operands = [
            cx.input(0),
            cx.input_as(1, "weights"),
            cx.input_as(2, "first_states"),
            cx.input_as(3, "none"),
            cx.input_as(4, "none"),
        ];
        by_cell!(self.cell, cell => {
            let kernel = self.kernel(ty, cell);
            cx.call(Typed { kernel, dtype: ty.dtype }, &operands, &[output]);
        });
        Ok(())
    }
}
