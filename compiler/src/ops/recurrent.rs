//! What `RNN`, `GRU` and `LSTM` have in common: their operands, and the functions of their gates.

use super::normalization::{cast, reshaped};
use crate::import::NodeContext;
use crate::ir::{DType, OpError, Tensor, TensorType, ValueId, op_error};
use crate::primitives::{
    Binary, BinaryOp, Concat, Direction, Gather, MatMul, Pad, PadMode, Recurrence, RecurrentCell, Slice, Transpose,
};
use runtime_core::function::{
    Affine, AnyGateFunction, Elu, HardSigmoid, LeakyRelu, Relu, ScaledTanh, Sigmoid, Softplus, Softsign, Tanh,
    ThresholdedRelu,
};
use runtime_core::pack::PANEL;

/// A recurrent layer as its operator sees it.
pub(super) struct Layer {
    /// `f32`, or `f64` where that is the operands' type.
    pub(super) dtype: DType,
    given: DType,
    batch_first: bool,
    steps: usize,
    batch: usize,
    directions: usize,
    gates: usize,
    /// Hidden units.
    pub(super) hidden: usize,
    reverse: Vec<bool>,
    clip: f32,
}

/// Positions of the operands.
const W: usize = 1;
const R: usize = 2;
const BIAS: usize = 3;
const LENGTHS: usize = 4;

impl Layer {
    /// Reads the attributes and shapes that all three have; `states` are the positions of the first states.
    pub(super) fn of(cx: &mut NodeContext<'_>, gates: usize, states: &[usize]) -> Result<Self, OpError> {
        let reverse = match cx
            .attributes
            .string("direction", "forward")?
            .to_ascii_lowercase()
            .as_str()
        {
            "forward" => vec![false],
            "reverse" => vec![true],
            "bidirectional" => vec![false, true],
            other => {
                return Err(op_error(format!("attribute `direction` is `{}`", other.escape_debug()))
                    .help("supported: `forward`, `reverse`, `bidirectional`"));
            }
        };
        let clip = cx.attributes.float("clip", f32::INFINITY)?;
        if clip.is_nan() || clip < 0.0 {
            return Err(op_error(format!("attribute `clip` is {clip}, it must not be negative")));
        }
        let batch_first = cx.attributes.flag("layout", false)?;
        cx.attributes.ignore("output_sequence");
        let (x, w, r) = (cx.ty(0)?, cx.ty(W)?, cx.ty(R)?);
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
        let given = cx.attributes.int("hidden_size", hidden as i64)?;
        if given != hidden as i64 || !x.dtype.is_float() {
            return Err(op_error(format!(
                "operands of {given} hidden units of {}: R is {r}",
                x.dtype
            )));
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
    pub(super) fn operand(&self, cx: &mut NodeContext<'_>, index: usize) -> Result<ValueId, OpError> {
        let value = cx.input(index)?;
        cast(cx, value, self.dtype)
    }

    /// The functions of each direction's gates, by default those called `default`.
    pub(super) fn functions<const N: usize>(
        &self,
        cx: &mut NodeContext<'_>,
        default: [&str; N],
    ) -> Result<Vec<[AnyGateFunction; N]>, OpError> {
        let names = cx.attributes.strings("activations")?.unwrap_or_default();
        let mut alphas = cx
            .attributes
            .floats("activation_alpha")?
            .unwrap_or_default()
            .into_iter();
        let mut betas = cx.attributes.floats("activation_beta")?.unwrap_or_default().into_iter();
        let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
        if names.is_empty() {
            names = default.repeat(self.directions);
        }
        // RNN's own default is for two directions.
        if self.directions == 1 && names.len() == 2 * N && names[..N] == names[N..] {
            names.truncate(N);
        }
        if names.len() != N * self.directions {
            return Err(op_error(format!(
                "attribute `activations` names {} functions, {} are needed",
                names.len(),
                N * self.directions
            )));
        }
        let functions = names.iter().map(|name| function(name, &mut alphas, &mut betas));
        let functions = functions.collect::<Result<Vec<_>, _>>()?;
        if alphas.len() + betas.len() > 0 {
            return Err(op_error(
                "there are more values in `activation_alpha` or `activation_beta` than the functions use",
            )
            .help("give them in the order of the functions, for those functions only that have such a value"));
        }
        Ok(functions.as_chunks::<N>().0.to_vec())
    }

    /// The bias of the input's gates, `[directions, gates * hidden]`: all of it, but without the recurrent part of the last
    /// gate if that is `apart`.
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

    /// The recurrent bias of the last gate of a direction, for each panel of units; zeros if there is none.
    pub(super) fn last_bias(&self, cx: &mut NodeContext<'_>, direction: usize) -> Result<ValueId, OpError> {
        let bias = if cx.has(BIAS) {
            let b = self.operand(cx, BIAS)?;
            let slice = Slice {
                starts: vec![direction, (2 * self.gates - 1) * self.hidden],
                steps: vec![1, 1],
                lens: vec![1, self.hidden],
            };
            cx.add(slice, &[b])?
        } else {
            zeros(cx, self.dtype, self.hidden)?
        };
        self.panels(cx, bias, 1, 1)
    }

    /// The recurrent weights of a direction's gates `first..first + gates`, for each panel of units.
    pub(super) fn weights(
        &self,
        cx: &mut NodeContext<'_>,
        direction: usize,
        first: usize,
        gates: usize,
    ) -> Result<ValueId, OpError> {
        let r = self.operand(cx, R)?;
        let slice = Slice {
            starts: vec![direction, first * self.hidden, 0],
            steps: vec![1; 3],
            lens: vec![1, gates * self.hidden, self.hidden],
        };
        let r = cx.add(slice, &[r])?;
        self.panels(cx, r, gates, self.hidden)
    }

    /// `[gates, hidden, inputs]`, of any shape, as `[panels, inputs, gates, 16]`, with units filled up by zeros, flat.
    pub(super) fn panels(
        &self,
        cx: &mut NodeContext<'_>,
        value: ValueId,
        gates: usize,
        inputs: usize,
    ) -> Result<ValueId, OpError> {
        let panels = self.hidden.div_ceil(PANEL);
        let value = reshaped(cx, value, &[gates, self.hidden, inputs])?;
        let pad = Pad {
            begins: vec![0; 3],
            ends: vec![0, panels * PANEL - self.hidden, 0],
            mode: PadMode::Constant,
        };
        let zero = cx.scalar(self.dtype, 0.0);
        let value = cx.add(pad, &[value, zero])?;
        let value = reshaped(cx, value, &[gates, panels, PANEL, inputs])?;
        let perm = vec![1, 3, 0, 2];
        let value = cx.add(Transpose { perm }, &[value])?;
        reshaped(cx, value, &[panels * PANEL * inputs * gates])
    }

    /// Rows of all directions' gates and units, in the order of the kernel's input: for each panel of units, its gates.
    fn in_panels(&self, cx: &mut NodeContext<'_>, rows: ValueId) -> Result<ValueId, OpError> {
        if self.hidden <= PANEL || self.gates == 1 {
            return Ok(rows);
        }
        let mut order = vec![];
        for direction in 0..self.directions {
            for first in (0..self.hidden).step_by(PANEL) {
                for gate in 0..self.gates {
                    let row = (direction * self.gates + gate) * self.hidden;
                    order.extend((first..self.hidden.min(first + PANEL)).map(|unit| (row + unit) as i64));
                }
            }
        }
        let order = cx.add_constant(Tensor::i64(&[order.len()], &order));
        cx.add(Gather { axis: 0 }, &[rows, order])
    }

    /// Adds the layer. `weights` and `cells` are those of each direction, `first` the first states, `apart` as for the bias.
    pub(super) fn add(
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
        let w = self.in_panels(cx, w)?;
        let w = cx.add(Transpose { perm: vec![1, 0] }, &[w])?;
        let mut product = cx.add(MatMul, &[x, w])?;
        if cx.has(BIAS) {
            let bias = self.bias(cx, apart)?;
            let bias = reshaped(cx, bias, &[width])?;
            let bias = self.in_panels(cx, bias)?;
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
    pub(super) fn first_states(&self, cx: &mut NodeContext<'_>, states: &[usize]) -> Result<ValueId, OpError> {
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
    crate::primitives::tensor_type(dtype, vec![len])?;
    let zero = cx.scalar(dtype, 0.0);
    cx.add(crate::primitives::Expand { shape: vec![len] }, &[zero])
}

/// Flat tensors, one after the other.
pub(super) fn joined(cx: &mut NodeContext<'_>, dtype: DType, parts: &[ValueId]) -> Result<ValueId, OpError> {
    match parts {
        [] => Ok(cx.add_constant(Tensor::new(dtype, vec![0], vec![]))),
        [only] => Ok(*only),
        _ => cx.add(Concat { axis: 0 }, parts),
    }
}

/// The function called `name`, which takes what constants it has from the front of `alphas` and `betas`.
fn function(
    name: &str,
    alphas: &mut impl Iterator<Item = f32>,
    betas: &mut impl Iterator<Item = f32>,
) -> Result<AnyGateFunction, OpError> {
    let mut alpha = |default: Option<f32>| {
        let missing = || op_error(format!("`{name}` has no value in `activation_alpha`"));
        alphas.next().or(default).ok_or_else(missing)
    };
    let mut beta = |default: Option<f32>| {
        let missing = || op_error(format!("`{name}` has no value in `activation_beta`"));
        betas.next().or(default).ok_or_else(missing)
    };
    Ok(match name.to_ascii_lowercase().as_str() {
        "affine" => Affine {
            alpha: alpha(None)?,
            beta: beta(None)?,
        }
        .into(),
        "elu" => Elu {
            alpha: alpha(Some(1.0))?,
        }
        .into(),
        "hardsigmoid" => HardSigmoid {
            alpha: alpha(Some(0.2))?,
            beta: beta(Some(0.5))?,
        }
        .into(),
        "leakyrelu" => LeakyRelu {
            alpha: alpha(Some(0.01))?,
        }
        .into(),
        "relu" => Relu.into(),
        "scaledtanh" => ScaledTanh {
            alpha: alpha(None)?,
            beta: beta(None)?,
        }
        .into(),
        "sigmoid" => Sigmoid.into(),
        "softplus" => Softplus.into(),
        "softsign" => Softsign.into(),
        "tanh" => Tanh.into(),
        "thresholdedrelu" => ThresholdedRelu {
            alpha: alpha(Some(1.0))?,
        }
        .into(),
        _ => {
            let message = format!("attribute `activations` names `{}`", name.escape_debug());
            return Err(op_error(message).help(
                "supported: Affine, Elu, HardSigmoid, LeakyRelu, Relu, ScaledTanh, Sigmoid, Softplus, Softsign, Tanh, \
                 ThresholdedRelu",
            ));
        }
    })
}
