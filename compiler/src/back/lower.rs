//! `Graph` -> `Program`: each operator emits the kernel calls that compute it, over buffers without addresses.
//!
//! Memory is planned after lowering, so that an operator may use several calls and temporaries, and so that views,
//! in-place calls and temporaries are planned alike.

use crate::Error;
use crate::bindings::Copy;
use crate::ir::program::{Port, Program, Storage};
use crate::ir::{Graph, Lowering, NodeKind, Values};

/// Lowers a whole graph. Operators must be in the forms that kernels exist for (see `passes`).
pub fn lower(graph: &Graph) -> Result<Program, Error> {
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
            let mut cx = Lowering::new(graph, node, &mut program, &mut values);
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
    Ok(program)
}
