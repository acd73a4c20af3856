//! `Graph` -> `Program`: each operator emits the kernel calls that compute it, over buffers without addresses.
//!
//! Where an operator offers several ways, [`select`] chooses one for the machine; [`copies`] decides which calls have a
//! copy of their kernel. Both are recorded in the [`Call`](crate::ir::program::Call)s.
//!
//! Memory is planned after lowering, so that an operator may use several calls and temporaries, and so that views,
//! in-place calls and temporaries are planned alike.

mod copies;
mod select;

use crate::Error;
use crate::bindings::Copy;
use crate::ir::program::{Port, Program, Storage, View};
use crate::ir::{Graph, Lowering, NodeKind, Select, ValueId, Values};
use crate::machine::Machine;
use select::Cheapest;

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
        ..Program::default()
    };
    let mut values = Values::of(graph);
    for (i, id) in graph.inputs().iter().enumerate() {
        let port = source(graph, &mut program, &mut values, *id, Storage::Input(i));
        program.inputs.push(Port {
            channels_last: graph.channels_last_inputs.contains(&i),
            ..port
        });
    }
    for state in graph.states() {
        let port = source(graph, &mut program, &mut values, state.value, Storage::State);
        program.states.push(port);
    }
    for id in graph.order() {
        let node = graph.node(id);
        if let NodeKind::Operator(op) = &node.kind {
            let mut cx = Lowering::new(graph, select, node, &mut program, &mut values);
            op.lower(&mut cx).map_err(|e| Error::operator(node, &e))?;
            cx.finish();
        }
    }
    for (name, id) in graph.outputs() {
        let mut view = values.view(graph, &mut program, *id);
        if program.buffer(view.buffer).storage != Storage::Arena {
            view = copied(graph, &mut program, &values, name, *id, view);
        }
        program.outputs.push(Port {
            name: name.clone(),
            ty: graph.ty(*id).clone(),
            view,
            channels_last: false,
        });
    }
    keep(graph, &mut program, &mut values);
    copies::decide(&mut program, select.machine());
    Ok(program)
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

/// Copies what the run leaves into the states, after all that reads these: the memory plan keeps that order.
fn keep(graph: &Graph, program: &mut Program, values: &mut Values) {
    let mut nexts = vec![];
    for state in graph.states() {
        let next = values.view(graph, program, state.next);
        // What is in a state, this or another, is taken out before any of them changes.
        let is_state = program.buffer(next.buffer).storage == Storage::State;
        let name = format!("{}_next", state.name);
        nexts.push(if is_state {
            copied(graph, program, values, &name, state.next, next)
        } else {
            next
        });
    }
    for (index, (state, next)) in graph.states().iter().zip(nexts).enumerate() {
        let (view, ty) = (program.states[index].view, graph.ty(state.next));
        values.add_copy(program, Copy::of(ty.dtype), next, view, &state.name, state.next, ty);
    }
}
