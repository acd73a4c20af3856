//! Programs as lowering, tiles, loops, states and training make them, at random: only who reads and writes what is
//! meant.

use crate::random::Random;
use edgec::ir::program::{
    Args, Buffer, BufferId, Call, CallPart, Instance, KernelCall, Port, Program, Repetition, Storage, Sums, Training,
    Value, View,
};
use edgec::ir::{DType, Tensor, TensorType};
use std::ops::Range;

/// Most calls of a program: orders of so few are all looked through.
const MOST_CALLS: usize = 14;
/// Types of elements: what they are does not matter, how large they are does.
const TYPES: [DType; 4] = [DType::I8, DType::I16, DType::F32, DType::F64];

/// A kernel that computes nothing.
#[derive(Debug)]
struct Nothing {
    in_place: bool,
    windows: Option<Windows>,
}

/// What the rows of an output read: some rows of the input, every `stride` of them, of those that there are.
#[derive(Clone, Copy, Debug)]
struct Windows {
    rows: [usize; 2],
    elements: [usize; 2],
    stride: usize,
    reach: usize,
    pad: usize,
}

impl Windows {
    fn seen(&self, rows: &Range<usize>) -> Range<usize> {
        let row = |place: usize| place.saturating_sub(self.pad).min(self.rows[0]) * self.elements[0];
        row(rows.start * self.stride)..row((rows.end - 1) * self.stride + self.reach)
    }
}

impl KernelCall for Nothing {
    fn name(&self) -> &'static str {
        "nothing"
    }

    fn in_place_name(&self) -> Option<&'static str> {
        self.in_place.then_some("nothing_in_place")
    }

    fn params(&self) -> Value {
        Value::Struct("Nothing", vec![])
    }

    fn divides(&self) -> bool {
        self.windows.is_some()
    }

    fn row(&self) -> Option<usize> {
        Some(self.windows?.elements[1])
    }

    fn part(&self, rows: Range<usize>) -> Option<CallPart> {
        let windows = self.windows?;
        let row = windows.elements[1];
        (rows.end <= windows.rows[1] && !rows.is_empty()).then(|| CallPart {
            kernel: Box::new(Self {
                in_place: false,
                windows: None,
            }),
            inputs: vec![windows.seen(&rows)],
            output: rows.start * row..rows.end * row,
            residual: None,
        })
    }

    fn execute(&self, _args: &mut Args<'_>) {}
}

/// A program of its own for each seed.
pub fn program(seed: u64) -> Program {
    let mut build = Build {
        random: Random(seed),
        program: Program::default(),
        ready: vec![],
    };
    // The first numbers of neighbouring seeds are alike.
    build.random.below(2);
    build.inputs();
    let calls = 1 + build.random.below(MOST_CALLS);
    let repeats = calls > 4 && build.random.once_in(5);
    while build.program.calls.len() < calls {
        if repeats && build.program.repetitions.is_empty() && build.program.calls.len() > calls / 3 {
            build.repetition();
        } else {
            build.any_call();
        }
    }
    let inference = build.program.calls.len();
    build.outputs();
    if !repeats && build.random.once_in(6) {
        build.training(inference);
    }
    build.keep_states();
    build.program
}

struct Build {
    random: Random,
    program: Program,
    /// Buffers whose elements are all written, or were there before.
    ready: Vec<BufferId>,
}

impl Build {
    fn buffer(&mut self, dtype: DType, len: usize, storage: Storage) -> View {
        let id = BufferId(self.program.buffers.len());
        self.program.buffers.push(Buffer {
            name: format!("b{}", id.0),
            role: None,
            dtype,
            len,
            storage,
        });
        View {
            buffer: id,
            offset: 0,
            len,
        }
    }

    fn inputs(&mut self) {
        for number in 0..1 + self.random.below(2) {
            let view = self.buffer(DType::F32, 8, Storage::Input(number));
            let port = self.port(view);
            self.program.inputs.push(port);
            self.ready.push(view.buffer);
        }
        for _ in 0..self.random.below(3) {
            let len = 1 + self.random.below(40);
            let state = self.buffer(DType::F32, len, Storage::State);
            let port = self.port(state);
            self.program.states.push(port);
            self.ready.push(state.buffer);
        }
        let constant = self.buffer(
            DType::I8,
            5,
            Storage::Constant(Tensor::new(DType::I8, vec![5], vec![1; 5])),
        );
        self.ready.push(constant.buffer);
    }

    fn port(&self, view: View) -> Port {
        Port {
            name: format!("p{}", view.buffer.0),
            ty: TensorType::new(self.program.buffer(view.buffer).dtype, [view.len]),
            view,
            channels_last: false,
        }
    }

    /// Something that a call can read: the last buffers more often than the first, parts of them now and then.
    fn operand(&mut self) -> View {
        let back = self.random.below(self.ready.len()).min(self.random.below(6));
        let id = self.ready[self.ready.len() - 1 - back];
        let len = self.program.buffer(id).len;
        let from = if self.random.once_in(5) {
            self.random.below(len)
        } else {
            0
        };
        View {
            buffer: id,
            offset: from,
            len: if from > 0 {
                1 + self.random.below(len - from)
            } else {
                len
            },
        }
    }

    fn call(&mut self, inputs: Vec<View>, outputs: Vec<View>, in_place: Option<usize>) {
        self.call_with(inputs, outputs, in_place, None);
    }

    fn call_with(&mut self, inputs: Vec<View>, outputs: Vec<View>, in_place: Option<usize>, windows: Option<Windows>) {
        let number = self.program.calls.len();
        self.program.calls.push(Call {
            // A form that calls without a hint must not be taken for one.
            kernel: Box::new(Nothing {
                in_place: in_place.is_some() || number.is_multiple_of(2),
                windows,
            }),
            inputs,
            outputs,
            in_place,
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
    }

    /// An ordinary call, with temporary memory now and then, or several that write parts of one buffer, as tiles do.
    fn any_call(&mut self) {
        let inputs: Vec<View> = (0..1 + self.random.below(3)).map(|_| self.operand()).collect();
        if self.random.once_in(4) {
            self.windows();
            return;
        }
        let dtype = TYPES[self.random.below(TYPES.len())];
        let len = 1 + self.random.below(64);
        if self.random.once_in(6) {
            let whole = self.buffer(dtype, len + 1, Storage::Arena);
            let cut = 1 + self.random.below(len);
            let parts = [0..cut, cut..len + 1];
            for part in parts {
                let view = View {
                    offset: part.start,
                    len: part.len(),
                    ..whole
                };
                self.call(inputs.clone(), vec![view], None);
            }
            self.ready.push(whole.buffer);
            return;
        }
        // Half of the calls could overwrite an operand, if it is of this size and nobody reads it later.
        let over = self.random.once_in(2).then(|| self.random.below(inputs.len()));
        let output = match over.map(|input| inputs[input]) {
            Some(view) if !self.random.once_in(4) => {
                let dtype = self.program.buffer(view.buffer).dtype;
                self.buffer(dtype, view.len, Storage::Arena)
            }
            _ => self.buffer(dtype, len, Storage::Arena),
        };
        let mut outputs = vec![output];
        for _ in 0..self.random.below(3) {
            let len = 1 + self.random.below(32);
            outputs.push(self.buffer(dtype, len, Storage::Arena));
        }
        self.ready.push(output.buffer);
        // The third is a temporary that nobody reads.
        self.ready.extend(outputs.get(1).map(|view| view.buffer));
        self.call(inputs, outputs, over);
    }

    /// A layer over an image, and mostly another over what it gives.
    fn windows(&mut self) {
        let first = self.operand();
        let dtype = TYPES[self.random.below(TYPES.len())];
        let (mut rows, mut elements) = (8 + self.random.below(40), 100 + self.random.below(300));
        let mut x = self.buffer(dtype, rows * elements, Storage::Arena);
        self.call(vec![first], vec![x], None);
        self.ready.push(x.buffer);
        for _ in 0..1 + self.random.below(3) {
            let stride = 1 + self.random.below(2);
            let next = [rows.div_ceil(stride), 1 + self.random.below(2 * elements)];
            let windows = Windows {
                rows: [rows, next[0]],
                elements: [elements, next[1]],
                stride,
                reach: 1 + self.random.below(4),
                pad: self.random.below(3),
            };
            let mut outputs = vec![self.buffer(dtype, next[0] * next[1], Storage::Arena)];
            if self.random.once_in(2) {
                let len = 1 + self.random.below(64);
                outputs.push(self.buffer(DType::I8, len, Storage::Arena));
            }
            let y = outputs[0];
            self.call_with(vec![x], outputs, None, Some(windows));
            self.ready.push(y.buffer);
            [rows, elements] = next;
            x = y;
        }
    }

    /// A loop over some calls, which changes a flag and a value that came before it.
    fn repetition(&mut self) {
        let len = 1 + self.random.below(32);
        let (going, value) = (
            self.buffer(DType::Bool, 1, Storage::Arena),
            self.buffer(DType::F32, len, Storage::Arena),
        );
        let first = self.operand();
        self.call(vec![first], vec![going, value], None);
        self.ready.push(value.buffer);
        let before = self.ready.len();
        let start = self.program.calls.len();
        for _ in 0..1 + self.random.below(3) {
            self.any_call();
        }
        // No kernel reads what it writes, unless it runs in place.
        let last = Some(self.operand()).filter(|view| view.buffer != value.buffer);
        self.call(vec![last.unwrap_or(first)], vec![going, value], None);
        self.program.repetitions.push(Repetition {
            calls: start..self.program.calls.len(),
            going,
            most: 3,
        });
        // What was computed inside is not known to have been computed.
        self.ready.truncate(before);
    }

    fn computed(&mut self) -> View {
        let written = |id: &&BufferId| self.program.buffer(**id).storage == Storage::Arena;
        let computed: Vec<BufferId> = self.ready.iter().filter(written).copied().collect();
        let buffer = computed[self.random.below(computed.len())];
        View {
            buffer,
            offset: 0,
            len: self.program.buffer(buffer).len,
        }
    }

    fn outputs(&mut self) {
        for _ in 0..1 + self.random.below(2) {
            let view = self.computed();
            let port = self.port(view);
            self.program.outputs.push(port);
        }
    }

    /// Calls behind those of inference.
    fn training(&mut self, inference: usize) {
        for _ in 0..1 + self.random.below(4) {
            self.any_call();
        }
        let loss = self.computed();
        let sums = self.random.once_in(2).then(|| Sums {
            calls: self.program.calls.len(),
            count: 0,
            cleared: vec![],
        });
        if sums.is_some() {
            self.any_call();
        }
        self.program.training = Some(Training {
            inputs: vec![],
            loss: self.port(loss),
            inference,
            sums,
            parameters: vec![],
            transposed: vec![],
        });
    }

    /// What states become: computed in their own place, or copied there, when nothing reads them any more.
    fn keep_states(&mut self) {
        let inference = self.program.training.as_ref().map(|training| training.inference);
        for port in self.program.states.clone() {
            if inference == Some(self.program.calls.len()) {
                continue;
            }
            match self.random.once_in(3) {
                true => self.call(vec![port.view], vec![port.view], Some(0)),
                false => {
                    let view = self.computed();
                    self.call(vec![view], vec![port.view], None);
                }
            }
        }
    }
}
