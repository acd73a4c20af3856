use super::tensor_type;
use crate::ir::Lowering;
use crate::ir::program::View;
use crate::ir::{DType, OpError, OverTime, TensorType, Time, op_error};

/// Positions of the first states and of the lengths among the operands.
const FIRST: usize = 1;
const LENGTHS: usize = 2;

/// How the operands of a recurrent layer lie.
#[derive(Clone, Copy)]
pub(in crate::ir) struct Sequences {
    pub(in crate::ir) hidden: usize,
    pub(in crate::ir) directions: usize,
    pub(in crate::ir) batch_first: bool,
}

impl Sequences {
    /// Steps and batch of an input.
    pub(in crate::ir) fn extents(self, x: &TensorType) -> (usize, usize) {
        if self.batch_first {
            (x.shape[1], x.shape[0])
        } else {
            (x.shape[0], x.shape[1])
        }
    }

    /// The types of the hidden states after every step and of the last states, for an input of so many gates; checks
    /// the first states and the lengths.
    pub(in crate::ir) fn infer(
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

    /// How a recurrent layer that runs forwards treats time.
    pub(in crate::ir) fn over_time(self, time: &Time<'_>) -> Result<OverTime, String> {
        let (axis, _) = time.first()?;
        let steps = usize::from(self.batch_first);
        // One frame of one sequence may be taken for either.
        let either = time.shape(0)?[..2] == [1, 1] && time.frames == 1 && axis < 2;
        if axis != steps && !either {
            return Err("time is not the axis along which it steps".to_owned());
        }
        if time.shape(LENGTHS)?.iter().product::<usize>() > 0 {
            return Err("it takes the lengths of its sequences, which a stream does not have".to_owned());
        }
        Ok(OverTime::Steps {
            axis: steps,
            first: FIRST,
        })
    }

    /// Room for all results, `len` elements, and where each of them is: the hidden states after every step, which are
    /// not stored unless something reads them, and the last states.
    pub(in crate::ir) fn results(cx: &mut Lowering<'_>, dtype: DType, len: usize) -> View {
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
