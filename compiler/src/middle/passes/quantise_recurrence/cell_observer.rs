use super::super::gate_panels;
use crate::Error;
use crate::back::exec::Executor;
use crate::back::plan::Plan;
use crate::back::portable;
use crate::ir::primitives::{Recurrence, RecurrentCell};
use crate::ir::program::Program;
use crate::ir::{Graph, NodeId, OpError, Tensor, TensorType};
use runtime_core::Simd;

/// Finds how large the states of an `LSTM`'s cells become: it computes the layer one step after the other.
#[derive(Debug)]
pub struct CellObserver {
    layer: Recurrence,
    /// One step: operands are its input and all states, results the states after it.
    program: Program,
    plan: Plan,
    range: f32,
}

impl CellObserver {
    /// For the layer that `node` is; nothing if it has no state but the hidden one.
    ///
    /// # Errors
    /// Operands that do not fit the layer: a fault of the compiler.
    pub fn new(graph: &Graph, node: NodeId) -> Result<Option<Self>, Error> {
        let node = graph.node(node);
        let Some(layer) = node.op::<Recurrence>() else {
            return Ok(None);
        };
        if !matches!(layer.directions[0].cell, RecurrentCell::Lstm(_)) {
            return Ok(None);
        }
        let broken = |error: OpError| Error::Pass {
            pass: "observe-cells",
            message: error.message,
        };
        let operand = |index: usize| node.inputs[index].expect("inference has checked the operands");
        let mut step = graph.ty(operand(0)).clone();
        step.shape[usize::from(layer.batch_first)] = 1;
        let states = STATES * graph.ty(node.outputs[1]).len();
        let mut program = Graph::new("step");
        let mut inputs = vec![
            program.add_input("x", step.clone()),
            program.add_input("first", step.with_shape([states])),
            program.add_constant("lengths", Tensor::i32(&[0], &[])),
        ];
        for index in inputs.len()..node.inputs.len() {
            let Some(weights) = graph.constant(operand(index)) else {
                return Ok(None);
            };
            inputs.push(program.add_constant("weights", weights.clone()));
        }
        let inputs: Vec<_> = inputs.into_iter().map(Some).collect();
        let id = program.add("step", layer.clone(), &inputs, &[]).map_err(broken)?;
        for (name, output) in ["h", "c"].into_iter().zip(program.node(id).outputs[1..].to_vec()) {
            program.add_output(name, output);
        }
        gate_panels(&mut program).map_err(broken)?;
        let (program, plan) = portable(&program)?;
        Ok(Some(Self {
            layer: layer.clone(),
            program,
            plan,
            range: 0.0,
        }))
    }

    /// Greatest magnitude that was seen.
    pub fn range(&self) -> f32 {
        self.range
    }

    /// Looks at one run of the layer; `x`, `first` and `lengths` are the values of its first three operands.
    ///
    /// # Panics
    /// If they are not of the types that the layer has.
    pub fn observe(&mut self, x: &Tensor, first: &Tensor, lengths: &Tensor) {
        let Recurrence {
            hidden,
            batch_first,
            directions,
            ..
        } = &self.layer;
        let (ty, states_len) = (&self.program.inputs[0].ty, self.program.inputs[1].ty.len());
        let (steps, batch) = match batch_first {
            true => (x.shape[1], x.shape[0]),
            false => (x.shape[0], x.shape[1]),
        };
        let lengths = lengths.to_i64().unwrap_or_default();
        let length = |sample: usize| lengths.get(sample).map_or(steps, |length| *length as usize);
        let (x, first) = (x.to_f32().unwrap_or_default(), first.to_f32().unwrap_or_default());
        // What is seen decides what is emitted: the same on every machine.
        let mut executor = Executor::new(&self.program, &self.plan).on(Simd::BASELINE);
        for reverse in [false, true] {
            let of_order: Vec<_> = (0..directions.len())
                .filter(|direction| directions[*direction].reverse == reverse)
                .collect();
            if of_order.is_empty() {
                continue;
            }
            let mut states = first.clone();
            states.resize(states_len, 0.0);
            self.range = greatest(self.range, &states[states_len / STATES..]);
            for step in 0..steps {
                let step = if reverse { steps - 1 - step } else { step };
                let x = Tensor::f32(&ty.shape, &step_of(&x, ty, steps, step, *batch_first));
                let after = executor.run(&[x, Tensor::f32(&[states_len], &states)]);
                let after = after.iter().flat_map(|state| state.to_f32().unwrap_or_default());
                let after: Vec<_> = after.collect();
                for sample in (0..batch).filter(|sample| step < length(*sample)) {
                    for direction in &of_order {
                        let row = match batch_first {
                            true => sample * directions.len() + direction,
                            false => direction * batch + sample,
                        };
                        for at in [row * hidden, states_len / STATES + row * hidden] {
                            states[at..at + hidden].copy_from_slice(&after[at..at + hidden]);
                        }
                    }
                }
                self.range = greatest(self.range, &states[states_len / STATES..]);
            }
        }
    }
}

/// The greatest magnitude.
fn greatest(range: f32, values: &[f32]) -> f32 {
    values.iter().fold(range, |range, value| range.max(value.abs()))
}

/// The hidden states and those of the cells.
const STATES: usize = 2;

/// The part of `x` that belongs to a step, of type `ty`.
fn step_of(x: &[f32], ty: &TensorType, steps: usize, step: usize, batch_first: bool) -> Vec<f32> {
    if !batch_first {
        return x[step * ty.len()..][..ty.len()].to_vec();
    }
    let width = ty.shape[2];
    (0..ty.shape[0])
        .flat_map(|sample| x[(sample * steps + step) * width..][..width].to_vec())
        .collect()
}
