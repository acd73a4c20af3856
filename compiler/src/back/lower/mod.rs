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
use crate::ir::program::{Port, Program, Storage};
use crate::ir::{Graph, Lowering, NodeKind, Select, Values};
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
        ..Program::default()
    };
    let mut values = Values::default();
    for (i, id) in graph.inputs().iter().enumerate() {
        let value = graph.value(*id);
        let view = values.add_buffer(&mut program, &value.name, &value.ty, Storage::Input(i));
        values.set(*id, view);
        program.inputs.push(Port {
            name: value.name.clone(),
            ty: value.ty.clone(),
            view,
        });
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
        let value = graph.value(*id);
        let mut view = values.view(graph, &mut program, *id);
        if program.buffer(view.buffer).storage != Storage::Arena {
            let copy = values.add_buffer(&mut program, name, &value.ty, Storage::Arena);
            values.add_copy(
                &mut program,
                Copy::of(value.ty.dtype),
                view,
                copy,
                name,
                &value.ty.shape,
            );
            view = copy;
        }
        program.outputs.push(Port {
            name: name.clone(),
            ty: value.ty.clone(),
            view,
        });
    }
    copies::decide(&mut program, select.machine());
    Ok(program)
}
