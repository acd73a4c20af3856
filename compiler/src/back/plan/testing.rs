//! Small programs for the tests of the planner: only who reads and writes what is meant.

use crate::bindings::{Args, KernelCall, Value};
use crate::ir::program::{Buffer, BufferId, Call, Instance, Port, Program, Storage, View};
use crate::ir::{DType, TensorType};

/// A kernel that computes nothing.
#[derive(Debug)]
struct Nothing;

impl KernelCall for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn params(&self) -> Value {
        Value::Struct("Nothing", vec![])
    }

    fn execute(&self, _args: &mut Args<'_>) {}
}

/// A program with buffers of these sizes in the arena, calls that read and write some of them as a whole, and outputs.
pub(super) fn program(bytes: &[usize], calls: &[(Vec<usize>, Vec<usize>)], outputs: &[usize]) -> Program {
    let buffers = bytes.iter().enumerate().map(|(id, bytes)| Buffer {
        name: format!("b{id}"),
        role: None,
        dtype: DType::I8,
        len: *bytes,
        storage: Storage::Arena,
    });
    let view = |id: &usize| View {
        buffer: BufferId(*id),
        offset: 0,
        len: bytes[*id],
    };
    let calls = calls.iter().enumerate().map(|(number, (inputs, outputs))| Call {
        kernel: Box::new(Nothing),
        inputs: inputs.iter().map(view).collect(),
        outputs: outputs.iter().map(view).collect(),
        in_place: None,
        name: format!("c{number}"),
        origin: vec![],
        operands: vec![],
        shape: vec![],
        steps: None,
        macs: 0,
        choice: None,
        instance: Instance::default(),
        part: None,
    });
    let outputs = outputs.iter().map(|id| Port {
        name: format!("y{id}"),
        ty: TensorType::new(DType::I8, [bytes[*id]]),
        view: view(id),
        channels_last: false,
    });
    Program {
        buffers: buffers.collect(),
        calls: calls.collect(),
        outputs: outputs.collect(),
        ..Program::default()
    }
}
