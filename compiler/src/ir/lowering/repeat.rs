//! The calls of a graph that is run again and again.

use super::{Lowering, Values};
use crate::bindings::Copy;
use crate::ir::program::{Repetition, View};
use crate::ir::{DType, Graph, NodeKind, OpError, TensorType, ValueId, op_error};

impl Lowering<'_> {
    /// Runs `body` at most `most` times, while a flag is true: operand 0 before the first run, then the body's output
    /// 0. The operands after the flag are the body's inputs. The first of these, as many as there are results, are its
    /// states: its other outputs are what they are in the next run, and in the end the results.
    ///
    /// # Errors
    /// Those of the body's operators.
    pub(crate) fn repeat(&mut self, body: &Graph, most: usize) -> Result<(), OpError> {
        let going = self.temporary("going", DType::Bool, 1);
        let first = self.input(0);
        self.copy(DType::Bool, first, going);
        let states: Vec<View> = (0..self.output_count())
            .map(|index| {
                let (initial, state) = (self.input(1 + index), self.output(index));
                self.copy(self.output_ty(index).dtype, initial, state);
                state
            })
            .collect();
        let mut values = Values {
            constants: std::mem::take(&mut self.values.constants),
            shares_constants: self.values.shares_constants,
            ..Values::of(body)
        };
        for (index, input) in body.inputs().iter().enumerate() {
            let view = match states.get(index) {
                Some(state) => *state,
                None => self.input(1 + index),
            };
            values.set(*input, view);
        }
        let begin = self.program.calls.len();
        self.body(body, &mut values)?;
        let nexts: Vec<ValueId> = body.outputs().iter().map(|(_, value)| *value).collect();
        let all: Vec<View> = std::iter::once(going).chain(states).collect();
        self.pass_on(body, &mut values, &nexts, &all);
        self.values.constants = values.constants;
        for call in &mut self.program.calls[begin..] {
            call.macs = call.macs.saturating_mul(most as u64);
        }
        self.program.repetitions.push(Repetition {
            calls: begin..self.program.calls.len(),
            going,
            most,
        });
        Ok(())
    }

    fn body(&mut self, body: &Graph, values: &mut Values) -> Result<(), OpError> {
        for id in body.order() {
            let node = body.node(id);
            if let NodeKind::Operator(op) = &node.kind {
                let mut cx = Lowering::new(body, self.select, node, self.program, values);
                let inside = |e: OpError| OpError {
                    message: format!("in the body, at `{}`: {}", node.name, e.message),
                    ..e
                };
                op.lower(&mut cx).map_err(inside)?;
                cx.finish();
            }
        }
        Ok(())
    }

    /// Makes the places `states` hold `nexts`. What is taken from one of these places, this or another, is taken before
    /// any of them changes.
    fn pass_on(&mut self, body: &Graph, values: &mut Values, nexts: &[ValueId], states: &[View]) {
        let mut copies = vec![];
        for (next, state) in nexts.iter().zip(states) {
            let dtype = body.ty(*next).dtype;
            let mut from = values.view(body, self.program, *next);
            if from == *state {
                continue;
            }
            if states.iter().any(|other| other.buffer == from.buffer) {
                let aside = self.temporary("next", dtype, from.len);
                self.copy(dtype, from, aside);
                from = aside;
            }
            copies.push((dtype, from, *state));
        }
        copies
            .into_iter()
            .for_each(|(dtype, from, state)| self.copy(dtype, from, state));
    }

    fn copy(&mut self, dtype: DType, from: View, to: View) {
        let ty = TensorType::new(dtype, [from.len]);
        let (name, value) = (&self.node.name, self.node.outputs[0]);
        self.values
            .add_copy(self.program, Copy::of(dtype), from, to, name, value, &ty);
    }
}

/// Checks the types of a body against those of what it is given and gives; see [`Lowering::repeat`].
///
/// # Errors
/// What does not fit.
pub(crate) fn check_body(body: &Graph, operands: &[&TensorType], states: usize) -> Result<(), OpError> {
    let is_flag = |ty: &TensorType| ty.dtype == DType::Bool && ty.len() == 1;
    let inputs: Vec<_> = body.inputs().iter().map(|value| body.ty(*value)).collect();
    let outputs: Vec<_> = body.outputs().iter().map(|(_, value)| body.ty(*value)).collect();
    let (Some((flag, operands)), Some((next, nexts))) = (operands.split_first(), outputs.split_first()) else {
        return Err(op_error("the flag that says whether the body runs is missing"));
    };
    if !is_flag(flag) || !is_flag(next) {
        return Err(op_error(format!("the flag is {flag} or {next}, it must be one bool")));
    }
    if inputs != operands || nexts.len() != states || inputs.get(..states) != Some(nexts) {
        return Err(op_error(
            "a body takes or gives other types than those of its states and operands",
        ));
    }
    Ok(())
}
