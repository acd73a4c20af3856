//! `Graph` -> `Program`: each operator emits the kernel calls that compute it, over buffers without addresses.
//!
//! Where an operator offers several ways, [`select`] chooses one for the machine; [`copies`] decides which calls have a
//! copy of their kernel. Both are recorded in the [`Call`](crate::ir::program::Call)s.
//!
//! Memory is planned after lowering, so that an operator may use several calls and temporaries, and so that views,
//! in-place calls and temporaries are planned alike.

mod copies;
mod keep;
mod select;

use crate::Error;
use crate::bindings::Copy;
use crate::ir::program::{Port, Program, Storage, Sums, Training, View};
use crate::ir::{DType, Graph, Lowering, NodeId, NodeKind, Select, State, TensorType, ValueId, Values};
use crate::machine::Machine;
use select::Cheapest;
use std::collections::HashSet;

/// Lowers a whole graph for a machine. Operators must be in the forms that kernels exist for (see `passes`).
pub fn lower(graph: &Graph, machine: &Machine) -> Result<Program, Error> {
    lower_by(graph, &Cheapest(machine))
}

/// Lowers a whole graph with another choice among the ways to compute a node.
pub fn lower_by(graph: &Graph, select: &dyn Select) -> Result<Program, Error> {
    let mut program = Program {
        name: graph.name.clone(),
        port_steps: graph.port_steps.clone(),
        labels: graph.labels.clone(),
        streaming: graph.streaming().cloned(),
        ..Program::default()
    };
    let mut values = Values::of(graph);
    let inputs = graph.inputs().iter().enumerate();
    let ports = inputs.map(|(i, id)| Port {
        channels_last: graph.channels_last_inputs.contains(&i),
        ..source(graph, &mut program, &mut values, *id, Storage::Input(i))
    });
    let mut ports: Vec<Port> = ports.collect();
    let trained = graph.training();
    let step_inputs = ports.split_off(trained.map_or(ports.len(), |training| training.inputs));
    program.inputs = ports;
    for state in graph.states() {
        let port = source(graph, &mut program, &mut values, state.value, Storage::State);
        program.states.push(port);
    }
    start(graph, &mut program, &mut values);
    let outputs = graph.outputs();
    let (of_inference, of_step) = outputs.split_at(trained.map_or(outputs.len(), |training| training.outputs));
    // Inference runs what its outputs need, and nothing else, before what a step of training adds.
    let needed = graph.ancestors(of_inference.iter().map(|(_, value)| *value));
    let is_first = |id: &NodeId| trained.is_none() || needed.contains(id);
    let (first, later): (Vec<_>, Vec<_>) = graph.order().into_iter().partition(is_first);
    let (gradients, step) = steps_apart(graph, later);
    lower_nodes(graph, select, &first, &mut program, &mut values)?;
    for (name, id) in of_inference {
        let port = output(graph, &mut program, &mut values, name, *id);
        program.outputs.push(port);
    }
    let inference = program.calls.len();
    lower_nodes(graph, select, &gradients, &mut program, &mut values)?;
    if let [(name, loss)] = of_step {
        let loss = output(graph, &mut program, &mut values, name, *loss);
        keep::keep(graph, &mut program, &mut values, |state| state.summed);
        let numbers = |is: fn(&State) -> bool| -> Vec<usize> {
            let states = graph.states().iter().enumerate();
            states.filter(|(_, state)| is(state)).map(|(index, _)| index).collect()
        };
        program.training = Some(Training {
            inputs: step_inputs,
            loss,
            inference,
            sums: trained.and_then(|training| training.count).map(|count| Sums {
                calls: program.calls.len(),
                count,
                cleared: numbers(|state| state.summed),
            }),
            parameters: numbers(|state| state.trained),
            transposed: numbers(|state| state.transposed),
        });
    }
    lower_nodes(graph, select, &step, &mut program, &mut values)?;
    keep::keep(graph, &mut program, &mut values, |state| !state.summed);
    debug_assert!(
        step_stands_alone(&program),
        "a step reads what the call before may have left"
    );
    copies::decide(&mut program, select.machine());
    Ok(program)
}

/// The nodes behind inference in two parts: those up to the gradients, and those of the optimizer's step if that runs
/// apart. The step reads nothing of the others but what they leave in states.
fn steps_apart(graph: &Graph, later: Vec<NodeId>) -> (Vec<NodeId>, Vec<NodeId>) {
    if graph.training().is_none_or(|training| training.count.is_none()) {
        return (later, vec![]);
    }
    let sums = graph.states().iter().filter(|state| state.summed);
    let losses = graph.outputs().iter().map(|(_, value)| *value);
    let needed = graph.ancestors(sums.map(|state| state.next).chain(losses));
    later.into_iter().partition(|id| needed.contains(id))
}

/// Whether the calls of the optimizer's step read nothing of those before them but states.
fn step_stands_alone(program: &Program) -> bool {
    let step = &program.calls[program.gradient_calls()..];
    let written: HashSet<_> = step
        .iter()
        .flat_map(|call| &call.outputs)
        .map(|view| view.buffer)
        .collect();
    let mut read = step.iter().flat_map(|call| &call.inputs);
    read.all(|view| program.buffer(view.buffer).storage != Storage::Arena || written.contains(&view.buffer))
}

fn lower_nodes(
    graph: &Graph,
    select: &dyn Select,
    nodes: &[NodeId],
    program: &mut Program,
    values: &mut Values,
) -> Result<(), Error> {
    for id in nodes {
        let node = graph.node(*id);
        if let NodeKind::Operator(op) = &node.kind {
            let mut cx = Lowering::new(graph, select, node, program, values);
            op.lower(&mut cx).map_err(|e| Error::operator(node, &e))?;
            cx.finish();
        }
    }
    Ok(())
}

/// An output of the model, copied where its elements are the caller's, a constant's or a state's.
fn output(graph: &Graph, program: &mut Program, values: &mut Values, name: &str, id: ValueId) -> Port {
    let mut view = values.view(graph, program, id);
    if program.buffer(view.buffer).storage != Storage::Arena {
        view = copied(graph, program, values, name, id, view);
    }
    Port {
        name: name.to_owned(),
        ty: graph.ty(id).clone(),
        view,
        channels_last: false,
    }
}

/// What states begin with, and the byte that says whether they have.
fn start(graph: &Graph, program: &mut Program, values: &mut Values) {
    for (index, state) in graph.states().iter().enumerate() {
        if let Some(initial) = &state.initial {
            let view = values.constant(program, &state.name, initial.clone());
            program.initial.push((index, view));
        }
    }
    if !program.initial.is_empty() {
        let flag = TensorType::new(DType::U8, [1]);
        program.started = Some(values.add_buffer(program, "started", &flag, Storage::State));
    }
}

/// A buffer for a value that no call computes.
fn source(graph: &Graph, program: &mut Program, values: &mut Values, id: ValueId, storage: Storage) -> Port {
    let value = graph.value(id);
    let view = values.add_buffer(program, &value.name, &value.ty, storage);
    values.set(id, view);
    Port {
        name: value.name.clone(),
        ty: value.ty.clone(),
        view,
        channels_last: false,
    }
}

/// A copy of a value's elements in the arena.
fn copied(graph: &Graph, program: &mut Program, values: &Values, name: &str, id: ValueId, from: View) -> View {
    let ty = graph.ty(id);
    let to = values.add_buffer(program, name, ty, Storage::Arena);
    values.add_copy(program, Copy::of(ty.dtype), from, to, name, id, ty);
    to
}
