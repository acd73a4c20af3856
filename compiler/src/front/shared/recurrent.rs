//! What `RNN`, `GRU` and `LSTM` have in common: their operands.

use super::normalization::{cast, reshaped};
use crate::front::node::NodeContext;
use crate::ir::primitives::{Binary, BinaryOp, Concat, Direction, MatMul, Recurrence, RecurrentCell, Slice, Transpose};
use crate::ir::{DType, OpError, Tensor, TensorType, ValueId, op_error};

/// A recurrent layer as its operator sees it.
pub(in crate::front) struct Layer {
    /// `f32`, or `f64` where that is the operands' type.
    pub(in crate::front) dtype: DType,
    given: DType,
    batch_first: bool,
    steps: usize,
    batch: usize,
    pub(in crate::front) directions: usize,
    gates: usize,
    /// Hidden units.
    pub(in crate::front) hidden: usize,
    reverse: Vec<bool>,
    clip: f32,
    /// What stands for the first operands, where they are quantised: the input and both weights.
    instead: Option<[ValueId; 3]>,
}

/// Positions of the operands.
const W: usize = 1;
const R: usize = 2;
const BIAS: usize = 3;
const LENGTHS: usize = 4;

impl Layer {
    /// Reads the attributes and shapes that all three have; `states` are the positions of the first states.
    pub(in crate::front) fn of(cx: &mut NodeContext<'_>, gates: usize, states: &[usize]) -> Result<Self, OpError> {
        Self::of_operands(cx, gates, states, None)
    }

    /// [`of`](Self::of), with these values in place of the input and both weights, if given.
    pub(in crate::front) fn of_operands(
        cx: &mut NodeContext<'_>,
        gates: usize,
        states: &[usize],
        instead: Option<[ValueId; 3]>,
    ) -> Result<Self, OpError> {
        let choices: [(&str, &[bool]); 3] = [
            ("forward", &[false]),
            ("reverse", &[true]),
            ("bidirectional", &[false, true]),
        ];
        let reverse = cx.attributes.choice("direction", &choices)?.to_vec();
        let clip = cx.attributes.float("clip", f32::INFINITY)?;
        if clip.is_nan() || clip < 0.0 {
            return Err(op_error(format!("attribute `clip` is {clip}, it must not be negative")));
        }
        let batch_first = cx.attributes.flag("layout", false)?;
        cx.attributes.ignore("output_sequence");
        let [x, w, r] = match instead {
            Some(values) => values.map(|value| cx.value_ty(value).clone()),
            None => [cx.ty(0)?, cx.ty(W)?, cx.ty(R)?],
        };
        let ([first, second, size], &[directions, _, hidden]) = (three(&x)?, &three(&r)?);
        let (steps, batch) = if batch_first { (second, first) } else { (first, second) };
        let layer = Self {
            dtype: if x.dtype == DType::F64 { DType::F64 } else { DType::F32 },
            given: x.dtype,
            batch_first,
            steps,
            batch,
            directions,
            gates,
            hidden,
            reverse,
            clip,
            instead,
        };
        let rows = gates.saturating_mul(hidden);
        let expect = |ty: &TensorType, shape: &[usize], what: &str| match ty.shape == shape && ty.dtype == x.dtype {
            true => Ok(()),
            false => Err(op_error(format!("{what} is {ty}, it must be {}", x.with_shape(shape)))),
        };
        expect(&w, &[layer.reverse.len(), rows, size], "W")?;
        expect(&r, &[layer.reverse.len(), rows, hidden], "R")?;
        if cx.has(BIAS) {
            expect(&cx.ty(BIAS)?, &[directions, rows.saturating_mul(2)], "B")?;
        }
        for state in states.iter().filter(|state| cx.has(**state)) {
            expect(&cx.ty(*state)?, &layer.state_shape(), "a first state")?;
        }
        let units = cx.attributes.int("hidden_size", hidden as i64)?;
        if units != hidden as i64 {
            return Err(op_error(format!("attribute `hidden_size` is {units}, but R is {r}")));
        }
        if !x.dtype.is_float() {
            return Err(op_error(format!("the input is {x}, it must hold floats")));
        }
        Ok(layer)
    }

    fn state_shape(&self) -> [usize; 3] {
        if self.batch_first {
            [self.batch, self.directions, self.hidden]
        } else {
            [self.directions, self.batch, self.hidden]
        }
    }

    /// Operand `index` in the element type of the computation.
    pub(in crate::front) fn operand(&self, cx: &mut NodeContext<'_>, index: usize) -> Result<ValueId, OpError> {
        let instead = self.instead.and_then(|values| values.get(index).copied());
        let value = match instead {
            Some(value) => value,
            None => cx.input(index)?,
        };
        cast(cx, value, self.dtype)
    }

    /// The bias of the input's gates, `[directions, gates * hidden]`: all of it, but without the recurrent part of the
    /// last gate if that is `apart`.
    fn bias(&self, cx: &mut NodeContext<'_>, apart: bool) -> Result<ValueId, OpError> {
        let b = self.operand(cx, BIAS)?;
        let rows = self.gates * self.hidden;
        let mut columns = |start, len| cx.add(Slice::along(&[self.directions, 2 * rows], 1, start, len), &[b]);
        if !apart {
            let (input, recurrent) = (columns(0, rows)?, columns(rows, rows)?);
            return cx.add(Binary::from(BinaryOp::Add), &[input, recurrent]);
        }
        let joint = rows - self.hidden;
        let (input, recurrent, last) = (columns(0, joint)?, columns(rows, joint)?, columns(joint, self.hidden)?);
        let sum = cx.add(Binary::from(BinaryOp::Add), &[input, recurrent])?;
        cx.add(Concat { axis: 1 }, &[sum, last])
    }

    /// The recurrent bias of the last gate of a direction, flat; zeros if there is none.
    pub(in crate::front) fn last_bias(&self, cx: &mut NodeContext<'_>, direction: usize) -> Result<ValueId, OpError> {
        if !cx.has(BIAS) {
            return zeros(cx, self.dtype, self.hidden);
        }
        let b = self.operand(cx, BIAS)?;
        let slice = Slice {
            starts: vec![direction, (2 * self.gates - 1) * self.hidden],
            steps: vec![1, 1],
            lens: vec![1, self.hidden],
        };
        let bias = cx.add(slice, &[b])?;
        reshaped(cx, bias, &[self.hidden])
    }

    /// The recurrent weights of a direction's gates, flat.
    pub(in crate::front) fn weights(&self, cx: &mut NodeContext<'_>, direction: usize) -> Result<ValueId, OpError> {
        let r = self.operand(cx, R)?;
        let rows = self.gates * self.hidden;
        let slice = Slice::along(&[self.directions, rows, self.hidden], 0, direction, 1);
        let r = cx.add(slice, &[r])?;
        reshaped(cx, r, &[rows * self.hidden])
    }

    /// Adds the layer. `weights` and `cells` are those of each direction, `first` the first states, `apart` as for the
    /// bias.
    pub(in crate::front) fn add(
        self,
        cx: &mut NodeContext<'_>,
        cells: &[RecurrentCell],
        weights: &[ValueId],
        first: ValueId,
        apart: bool,
    ) -> Result<Vec<ValueId>, OpError> {
        let (x, w) = (self.operand(cx, 0)?, self.operand(cx, W)?);
        let size = cx.value_ty(w).shape[2];
        let width = self.directions * self.gates * self.hidden;
        let w = reshaped(cx, w, &[width, size])?;
        let w = cx.add(Transpose { perm: vec![1, 0] }, &[w])?;
        let mut product = cx.add(MatMul, &[x, w])?;
        if cx.has(BIAS) {
            let bias = self.bias(cx, apart)?;
            let bias = reshaped(cx, bias, &[width])?;
            product = cx.add(Binary::from(BinaryOp::Add), &[product, bias])?;
        }
        let lengths = self.lengths(cx)?;
        let directions = self.reverse.iter().zip(cells);
        let layer = Recurrence {
            hidden: self.hidden,
            batch_first: self.batch_first,
            clip: self.clip,
            directions: directions
                .map(|(reverse, cell)| Direction {
                    reverse: *reverse,
                    cell: *cell,
                })
                .collect(),
            packed: false,
        };
        let outputs = cx.add_all(layer, &[&[product, first, lengths], weights].concat())?;
        outputs.into_iter().map(|output| cast(cx, output, self.given)).collect()
    }

    /// The lengths of the sequences, or an empty tensor if all have all steps.
    fn lengths(&self, cx: &mut NodeContext<'_>) -> Result<ValueId, OpError> {
        let none = Tensor::i32(&[0], &[]);
        if !cx.has(LENGTHS) {
            return Ok(cx.add_constant(none));
        }
        let ty = cx.ty(LENGTHS)?;
        if ty.dtype != DType::I32 || ty.shape != [self.batch] {
            return Err(op_error(format!(
                "`sequence_lens` is {ty}, it must be i32[{}]",
                self.batch
            )));
        }
        let known = cx.constant(LENGTHS).and_then(Tensor::to_i64);
        match known {
            Some(lengths) if lengths.iter().any(|len| !(0..=self.steps as i64).contains(len)) => Err(op_error(
                format!("`sequence_lens` is {lengths:?} for at most {} steps", self.steps),
            )),
            Some(lengths) if lengths.iter().all(|len| *len == self.steps as i64) => Ok(cx.add_constant(none)),
            _ => cx.input(LENGTHS),
        }
    }

    /// First states one after the other, those that are not given zero; an empty tensor if all are zero.
    pub(in crate::front) fn first_states(
        &self,
        cx: &mut NodeContext<'_>,
        states: &[usize],
    ) -> Result<ValueId, OpError> {
        let len = self.state_shape().iter().product();
        let is_zero = |cx: &NodeContext<'_>, state: usize| match cx.constant(state) {
            Some(value) => value.to_f64().iter().all(|value| *value == 0.0),
            None => !cx.has(state),
        };
        let last = states.iter().rposition(|state| !is_zero(cx, *state));
        let mut parts = vec![];
        for state in &states[..last.map_or(0, |last| last + 1)] {
            parts.push(if is_zero(cx, *state) {
                zeros(cx, self.dtype, len)?
            } else {
                let state = self.operand(cx, *state)?;
                reshaped(cx, state, &[len])?
            });
        }
        joined(cx, self.dtype, &parts)
    }
}

fn three(ty: &TensorType) -> Result<[usize; 3], OpError> {
    <[usize; 3]>::try_from(&ty.shape[..]).map_err(|_| op_error(format!("{ty} must have three dimensions")))
}

fn zeros(cx: &mut NodeContext<'_>, dtype: DType, len: usize) -> Result<ValueId, OpError> {
    crate::ir::primitives::tensor_type(dtype, vec![len])?;
    let zero = cx.scalar(dtype, 0.0);
    cx.add(crate::ir::primitives::Expand { shape: vec![len] }, &[zero])
}

/// Flat tensors, one after the other.
pub(in crate::front) fn joined(cx: &mut NodeContext<'_>, dtype: DType, parts: &[ValueId]) -> Result<ValueId, OpError> {
    match parts {
        [] => Ok(cx.add_constant(Tensor::new(dtype, vec![0], vec![]))),
        [only] => Ok(*only),
        _ => cx.add(Concat { axis: 0 }, parts),
    }
}
