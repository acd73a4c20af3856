use crate::Error;
use crate::ir::{Graph, NodeId, OpError, Tensor, TensorType};
use crate::plan::Plan;
use crate::primitives::{Recurrence, RecurrentCell};
use crate::program::Program;
use crate::{lower, plan};

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
        let program = lower::lower(&program)?;
        let plan = plan::plan(&program);
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
        let ty = self.program.inputs[0].ty.clone();
        let [outer, inner] = [ty.shape[0], ty.shape[1]];
        let batch = if self.layer.batch_first { outer } else { inner };
        let steps = x.shape[usize::from(self.layer.batch_first)];
        let lengths = lengths.to_i64().unwrap_or_default();
        let length = |sample: usize| lengths.get(sample).map_or(steps, |length| *length as usize);
        let (x, first) = (x.to_f32().unwrap_or_default(), first.to_f32().unwrap_or_default());
        for reverse in [false, true] {
            let directions = self.layer.directions.iter().enumerate();
            let directions = directions.filter(|(_, direction)| direction.reverse == reverse);
            let directions: Vec<_> = directions.map(|(index, _)| index).collect();
            let mut states = first.clone();
            states.resize(self.program.inputs[1].ty.len(), 0.0);
            for step in 0..if directions.is_empty() { 0 } else { steps } {
                let step = if reverse { steps - 1 - step } else { step };
                let x = step_of(&x, &ty, steps, step, self.layer.batch_first);
                let after = self.step(&ty, &x, &states);
                for sample in (0..batch).filter(|sample| step < length(*sample)) {
                    for direction in &directions {
                        self.take(&mut states, &after, [*direction, sample, batch]);
                    }
                }
            }
        }
    }

    /// All states after a step.
    fn step(&self, ty: &TensorType, x: &[f32], states: &[f32]) -> Vec<f32> {
        let operands = [Tensor::f32(&ty.shape, x), Tensor::f32(&[states.len()], states)];
        let results = crate::exec::Executor::new(&self.program, &self.plan).run(&operands);
        results
            .iter()
            .flat_map(|state| state.to_f32().unwrap_or_default())
            .collect()
    }

    /// Takes over the states of a sequence.
    fn take(&mut self, states: &mut [f32], after: &[f32], [direction, sample, batch]: [usize; 3]) {
        let Recurrence {
            hidden,
            batch_first,
            directions,
            ..
        } = &self.layer;
        let row = if *batch_first {
            sample * directions.len() + direction
        } else {
            direction * batch + sample
        };
        let state = directions.len() * batch * hidden;
        for at in [row * hidden, state + row * hidden] {
            states[at..at + hidden].copy_from_slice(&after[at..at + hidden]);
        }
        let cell = &after[state + row * hidden..][..*hidden];
        self.range = cell.iter().fold(self.range, |range, c| range.max(c.abs()));
    }
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
