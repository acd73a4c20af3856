//! The recurrent layer that a loop is.

use super::cells::Found;
use super::element::Element;
use super::linear::{Linear, Matrix};
use super::results::{Last, Sequence};
use super::view::{Counter, View};
use crate::front::node::NodeContext;
use crate::front::shared::compose::{binary, reduce, with_number};
use crate::front::shared::normalization::{cast, reshaped};
use crate::ir::primitives::{
    BinaryOp, Concat, Cumulate, Direction, Expand, Gather, MatMul, Recurrence, ReduceOp, Select, Slice, Transpose,
};
use crate::ir::{DType, OpError, Tensor, ValueId};

/// A layer as the operator wants it.
pub(super) struct Layer<'f> {
    found: &'f Found,
    input: Element,
    inputs: usize,
    hidden: usize,
    batch: usize,
    steps: usize,
    /// The first states, `[batch, hidden]` of any shape.
    first: Vec<ValueId>,
}

/// A mask at run time: for each step, how many steps up to it are not masked, and which step is the n-th of these.
struct Masked {
    mask: ValueId,
    count: ValueId,
    order: ValueId,
}

impl<'f> Layer<'f> {
    /// `None` where shapes or types are not those of a layer.
    pub(super) fn new(view: &View<'_>, found: &'f Found, first: [Option<ValueId>; 2], steps: usize) -> Option<Self> {
        let (input, matrix) = found.gates[0].input.as_ref()?;
        let (inputs, hidden) = (matrix.rows, matrix.columns);
        let fits = |matrix: &Matrix, rows| matrix.rows == rows && matrix.columns == hidden;
        let last = found.gates.len() - 1;
        let all = found.gates.iter().enumerate().all(|(i, gate)| {
            let of_input = gate.input.as_ref().is_some_and(|(x, m)| x == input && fits(m, inputs));
            let state = if i == last && found.reset.is_some() {
                &found.reset
            } else {
                &Some(gate.clone())
            };
            let state = state.as_ref().and_then(|linear| linear.state.as_ref());
            of_input && state.is_some_and(|matrix| fits(matrix, hidden))
        });
        let first: Vec<_> = first.into_iter().flatten().collect();
        let types: Vec<_> = first.iter().map(|state| view.graph.ty(*state)).collect();
        let batch = types[0].len() / hidden;
        let states = types
            .iter()
            .all(|ty| ty.dtype == DType::F32 && ty.shape.last() == Some(&hidden) && ty.len() == batch * hidden);
        let shape = &view.graph.ty(input.value).shape;
        let element = shape.iter().product::<usize>() / shape[input.axis].max(1);
        (all && states && batch > 0 && element == batch * inputs && in_range(view, input, steps)).then_some(Self {
            found,
            input: *input,
            inputs,
            hidden,
            batch,
            steps,
            first,
        })
    }

    /// Adds the layer; gives the states after the last step and the sequences.
    pub(super) fn add(
        &self,
        cx: &mut NodeContext<'_>,
        mask: Option<Element>,
        finals: &[Last],
        stacks: &[Sequence],
    ) -> Result<Option<Vec<ValueId>>, OpError> {
        let masked = match mask {
            Some(mask) if self.batch == 1 && reaches(cx, &mask, self.steps) => Some(self.masked(cx, &mask)?),
            Some(_) => return Ok(None),
            None => None,
        };
        let outputs = self.recurrence(cx, masked.as_ref())?;
        let y = reshaped(cx, outputs[0], &[self.steps, self.batch, self.hidden])?;
        let mut results = vec![];
        for last in finals {
            results.push(match last {
                Last::Hidden => self.state(cx, outputs[1], self.first[0], masked.as_ref())?,
                Last::Cell => self.state(cx, outputs[2], self.first[1], masked.as_ref())?,
                Last::Same(value) => *value,
                Last::Number(number) => cx.add_constant(number.clone()),
                Last::OfSequence(sequence) => {
                    let all = self.sequence(cx, y, sequence, masked.as_ref())?;
                    let shape = cx.value_ty(all).shape.clone();
                    let last = cx.add(Slice::along(&shape, 0, self.steps - 1, 1), &[all])?;
                    reshaped(cx, last, &sequence.shape)?
                }
            });
        }
        for sequence in stacks {
            results.push(self.sequence(cx, y, sequence, masked.as_ref())?);
        }
        Ok(Some(results))
    }

    /// A state after the last step. That of no steps is zero by the operator, but what it was before by the loop.
    fn state(
        &self,
        cx: &mut NodeContext<'_>,
        value: ValueId,
        first: ValueId,
        masked: Option<&Masked>,
    ) -> Result<ValueId, OpError> {
        let shape = cx.value_ty(first).shape.clone();
        let value = reshaped(cx, value, &shape)?;
        let Some(Masked { count, .. }) = masked.filter(|_| !is_zero(cx, first)) else {
            return Ok(value);
        };
        let steps = cx.add(Slice::along(&[self.steps], 0, self.steps - 1, 1), &[*count])?;
        let any = with_number(cx, BinaryOp::Greater, steps, 0.0)?;
        let any = cx.add(Expand { shape }, &[any])?;
        cx.add(Select, &[any, value, first])
    }

    /// The operator; where steps are masked, over those that are not, one after the other.
    fn recurrence(&self, cx: &mut NodeContext<'_>, masked: Option<&Masked>) -> Result<Vec<ValueId>, OpError> {
        let x = stacked(cx, &self.input, self.steps, &[self.batch, self.inputs])?;
        let [w, bias] = self.input_weights(cx)?;
        let product = cx.add(MatMul, &[x, w])?;
        let mut product = binary(cx, BinaryOp::Add, product, bias)?;
        let mut lengths = cx.add_constant(Tensor::i32(&[0], &[]));
        if let Some(Masked { count, order, .. }) = masked {
            product = cx.add(Gather { axis: 0 }, &[product, *order])?;
            lengths = cx.add(Slice::along(&[self.steps], 0, self.steps - 1, 1), &[*count])?;
        }
        let weights = self.state_weights(cx);
        let mut first = vec![];
        for state in &self.first {
            first.push(reshaped(cx, *state, &[self.batch * self.hidden])?);
        }
        let first = match &first[..] {
            all if all.iter().all(|state| is_zero(cx, *state)) => cx.add_constant(Tensor::f32(&[0], &[])),
            [only] => *only,
            all => cx.add(Concat { axis: 0 }, all)?,
        };
        let layer = Recurrence {
            hidden: self.hidden,
            batch_first: false,
            clip: f32::INFINITY,
            directions: vec![Direction {
                reverse: false,
                cell: self.found.cell,
            }],
            packed: false,
        };
        cx.add_all(layer, &[product, first, lengths, weights])
    }

    /// The input's weights of all gates, `[inputs, gates * hidden]`, and their biases.
    fn input_weights(&self, cx: &mut NodeContext<'_>) -> Result<[ValueId; 2], OpError> {
        let gates = &self.found.gates;
        let width = gates.len() * self.hidden;
        let rows: Vec<f32> = gates
            .iter()
            .flat_map(|gate| by_unit(gate.input.as_ref().map(|(_, matrix)| matrix)))
            .collect();
        let rows = cx.add_constant(Tensor::f32(&[width, self.inputs], &rows));
        let weights = cx.add(Transpose { perm: vec![1, 0] }, &[rows])?;
        let biases: Vec<f32> = gates.iter().flat_map(|gate| self.bias(gate)).collect();
        let biases = cx.add_constant(Tensor::f32(&[width], &biases));
        Ok([weights, biases])
    }

    /// The bias of a gate; zeros if there is none.
    fn bias(&self, gate: &Linear) -> Vec<f32> {
        gate.bias.clone().unwrap_or_else(|| vec![0.0; self.hidden])
    }

    /// The weights of the states: of all gates, then the bias of a GRU's last gate where the reset gate applies to it.
    fn state_weights(&self, cx: &mut NodeContext<'_>) -> ValueId {
        let mut gates: Vec<&Linear> = self.found.gates.iter().collect();
        let reset = self.found.reset.as_ref();
        if let (Some(last), Some(reset)) = (gates.last_mut(), reset) {
            *last = reset;
        }
        let mut weights: Vec<f32> = gates.iter().flat_map(|gate| by_unit(gate.state.as_ref())).collect();
        weights.extend(reset.iter().flat_map(|reset| self.bias(reset)));
        cx.add_constant(Tensor::f32(&[weights.len()], &weights))
    }

    fn masked(&self, cx: &mut NodeContext<'_>, mask: &Element) -> Result<Masked, OpError> {
        let steps = self.steps;
        let mask = stacked(cx, mask, steps, &[])?;
        let mask = cast(cx, mask, DType::Bool)?;
        let ones = cast(cx, mask, DType::I32)?;
        let cumulate = Cumulate {
            op: ReduceOp::Sum,
            axis: 0,
            exclusive: false,
            reverse: false,
        };
        let count = cx.add(cumulate, &[ones])?;
        // Step n of those that are not masked comes after as many as have counted no more than n.
        let numbers: Vec<i32> = (0..steps as i32).collect();
        let numbers = cx.add_constant(Tensor::i32(&[steps, 1], &numbers));
        let row = reshaped(cx, count, &[1, steps])?;
        let before = binary(cx, BinaryOp::LessOrEqual, row, numbers)?;
        let before = cast(cx, before, DType::I32)?;
        let order = reduce(cx, ReduceOp::Sum, before, vec![1])?;
        let order = reshaped(cx, order, &[steps])?;
        // Where there are no more, any step will do: it is beyond the length.
        let order = with_number(cx, BinaryOp::Min, order, (steps - 1) as f64)?;
        Ok(Masked { mask, count, order })
    }

    /// The hidden states `y` of all steps as a sequence, `[steps, ..]`.
    fn sequence(
        &self,
        cx: &mut NodeContext<'_>,
        y: ValueId,
        sequence: &Sequence,
        masked: Option<&Masked>,
    ) -> Result<ValueId, OpError> {
        let mut all = y;
        if let (Some(Masked { mask, count, .. }), Some(before)) = (masked, sequence.before) {
            let before = reshaped(cx, before, &[1, self.batch, self.hidden])?;
            let states = cx.add(Concat { axis: 0 }, &[before, y])?;
            all = cx.add(Gather { axis: 0 }, &[states, *count])?;
            if sequence.zeros {
                let mask = reshaped(cx, *mask, &[self.steps, 1, 1])?;
                let shape = cx.value_ty(all).shape.clone();
                let mask = cx.add(Expand { shape: shape.clone() }, &[mask])?;
                let zero = cx.scalar(DType::F32, 0.0);
                let zeros = cx.add(Expand { shape }, &[zero])?;
                all = cx.add(Select, &[mask, all, zeros])?;
            }
        }
        reshaped(cx, all, &[&[self.steps], &sequence.shape[..]].concat())
    }
}

/// The weights of a gate, those of each unit together.
fn by_unit(matrix: Option<&Matrix>) -> Vec<f32> {
    matrix.map_or_else(Vec::new, |matrix| {
        let units = 0..matrix.columns;
        let of_unit = |unit| matrix.values.iter().skip(unit).step_by(matrix.columns).copied();
        units.flat_map(of_unit).collect()
    })
}

/// Whether a value is known to be zero.
fn is_zero(cx: &NodeContext<'_>, value: ValueId) -> bool {
    cx.value(value)
        .is_some_and(|tensor| tensor.to_f64().iter().all(|number| *number == 0.0))
}

/// Whether all steps read an element that there is.
fn in_range(view: &View<'_>, element: &Element, steps: usize) -> bool {
    is_within(element, view.graph.ty(element.value).shape[element.axis], steps)
}

fn reaches(cx: &NodeContext<'_>, element: &Element, steps: usize) -> bool {
    is_within(element, cx.value_ty(element.value).shape[element.axis], steps)
}

fn is_within(element: &Element, size: usize, steps: usize) -> bool {
    let (start, step) = (element.start, element.step);
    let index = |number: usize| usize::try_from(Counter { start, step }.at(number)?).ok();
    let within = |number: usize| index(number).is_some_and(|index| index < size);
    step != 0 && steps > 0 && within(0) && within(steps - 1)
}

/// The elements of all steps, `[steps, ..shape]`.
fn stacked(cx: &mut NodeContext<'_>, element: &Element, steps: usize, shape: &[usize]) -> Result<ValueId, OpError> {
    let mut perm: Vec<usize> = (0..cx.value_ty(element.value).rank()).collect();
    let axis = perm.remove(element.axis);
    perm.insert(0, axis);
    let mut value = element.value;
    if axis != 0 {
        value = cx.add(Transpose { perm }, &[value])?;
    }
    let whole = cx.value_ty(value).shape.clone();
    let mut slice = Slice::along(&whole, 0, element.start as usize, steps);
    slice.steps[0] = element.step as isize;
    if !slice.is_whole(&whole) {
        value = cx.add(slice, &[value])?;
    }
    reshaped(cx, value, &[&[steps], shape].concat())
}
