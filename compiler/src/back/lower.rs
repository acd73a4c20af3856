//! `Graph` -> `Program`: each operator emits the kernel calls that compute it, over buffers without addresses.
//!
//! Memory is planned after lowering, so that an operator may use several calls and temporaries, and so that views,
//! in-place calls and temporaries are planned alike.

use crate::Error;
use crate::bindings::Copy;
use crate::ir::program::{Port, Program, Storage, View};
use crate::ir::{Graph, Lowering, NodeKind, TensorType, ValueId, Values};

/// Lowers a whole graph. Operators must be in the forms that kernels exist for (see `passes`).
pub fn lower(graph: &Graph) -> Result<Program, Error> {
    let mut program = Program {
        name: graph.name.clone(),
        port_steps: graph.port_steps.clone(),
        ..Program::default()
    };
    let mut values = Values::default();
    for (i, id) in graph.inputs().iter().enumerate() {
        let port = source(graph, &mut program, &mut values, *id, Storage::Input(i));
        program.inputs.push(port);
    }
    for state in graph.states() {
        let port = source(graph, &mut program, &mut values, state.value, Storage::State);
        program.states.push(port);
    }
    for id in graph.order() {
        let node = graph.node(id);
        if let NodeKind::Operator(op) = &node.kind {
            let mut cx = Lowering::new(graph, node, &mut program, &mut values);
            op.lower(&mut cx).map_err(|e| Error::operator(node, &e))?;
            cx.finish();
        }
    }
    for (name, id) in graph.outputs() {
        let ty = graph.ty(*id).clone();
        let mut view = values.view(graph, &mut program, *id);
        if program.buffer(view.buffer).storage != Storage::Arena {
            view = copied(&mut program, &values, name, &ty, view);
        }
        let name = name.clone();
        program.outputs.push(Port { name, ty, view });
    }
    keep(graph, &mut program, &mut values);
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
    }
}

/// A copy of a view in the arena.
fn copied(program: &mut Program, values: &Values, name: &str, ty: &TensorType, from: View) -> View {
    let to = values.add_buffer(program, name, ty, Storage::Arena);
    values.add_copy(program, Copy::of(ty.dtype), from, to, name, &ty.shape);
    to
}

/// Copies what the run leaves into the states, after all that reads these: the memory plan keeps that order.
fn keep(graph: &Graph, program: &mut Program, values: &mut Values) {
    let mut nexts = vec![];
    for state in graph.states() {
        let next = values.view(graph, program, state.next);
        // What is in a state, this or another, is taken out before any of them changes.
        let is_state = program.buffer(next.buffer).storage == Storage::State;
        let ty = graph.ty(state.next);
        nexts.push(if is_state {
            copied(program, values, &format!("{}_next", state.name), ty, next)
        } else {
            next
        });
    }
    for (index, next) in nexts.into_iter().enumerate() {
        let Port { name, ty, view } = program.states[index].clone();
        values.add_copy(program, Copy::of(ty.dtype), next, view, &name, &ty.shape);
    }
}
