//! Runs a planned program on the host, through the kernels that devices run.

mod stream;
mod training;

use crate::back::plan::Plan;
use crate::ir::Tensor;
use crate::ir::program::{Args, Port, Program, Step, Storage, View};
use runtime_core::Simd;
use std::ops::Range;
use std::time::{Duration, Instant};

/// Bytes aligned for any element.
struct Aligned {
    words: Vec<u64>,
    len: usize,
}

impl Aligned {
    fn zeroed(len: usize) -> Self {
        Self {
            words: vec![0; len.div_ceil(8)],
            len,
        }
    }

    fn from(bytes: &[u8]) -> Self {
        let mut aligned = Self::zeroed(bytes.len());
        aligned.bytes_mut().copy_from_slice(bytes);
        aligned
    }

    fn bytes(&self) -> &[u8] {
        &bytemuck::cast_slice(&self.words)[..self.len]
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        &mut bytemuck::cast_slice_mut(&mut self.words)[..self.len]
    }
}

/// What an executor keeps between runs, apart from the program that it is of: the arena, with the states in it, and the
/// constants.
pub struct Memory {
    simd: Simd,
    arena: Aligned,
    constants: Vec<Option<Aligned>>,
}

/// A program ready to run on the host.
pub struct Executor<'a> {
    program: &'a Program,
    plan: &'a Plan,
    memory: Memory,
    /// How long each call took, if that is asked for.
    clock: Option<Vec<Duration>>,
}

impl<'a> Executor<'a> {
    /// Prepares the arena and the constants.
    pub fn new(program: &'a Program, plan: &'a Plan) -> Self {
        let constants = program
            .buffers
            .iter()
            .map(|b| match &b.storage {
                Storage::Constant(tensor) => Some(Aligned::from(&tensor.bytes)),
                _ => None,
            })
            .collect();
        let memory = Memory {
            simd: Simd::detect(),
            arena: Aligned::zeroed(plan.peak),
            constants,
        };
        let mut executor = Self::resume(program, plan, memory);
        executor.reset();
        executor
    }

    /// Goes on with what an executor of the same program and plan has [left](Self::into_memory).
    pub fn resume(program: &'a Program, plan: &'a Plan, memory: Memory) -> Self {
        Self {
            program,
            plan,
            memory,
            clock: None,
        }
    }

    /// What is left to go on with.
    pub fn into_memory(self) -> Memory {
        self.memory
    }

    /// Runs on another instruction set than the best of this machine.
    pub fn on(mut self, simd: Simd) -> Self {
        self.memory.simd = simd;
        self
    }

    /// Fills the arena with a byte, as if something else had been there. No result may depend on it.
    pub fn filled(mut self, byte: u8) -> Self {
        self.memory.arena.bytes_mut().fill(byte);
        self.reset();
        self
    }

    /// Sets the states back to what they were before the first run.
    pub fn reset(&mut self) {
        for state in &self.program.states {
            let range = self.arena_range(&state.view);
            self.memory.arena.bytes_mut()[range].fill(0);
        }
        for (state, from) in &self.program.initial {
            let to = self.arena_range(&self.program.states[*state].view);
            let initial = self.operand(from, &[]).to_vec();
            self.memory.arena.bytes_mut()[to].copy_from_slice(&initial);
        }
    }

    /// Runs one inference. States are what the run before left.
    ///
    /// # Panics
    /// If `inputs` are not of the program's types; callers check what users give.
    pub fn run(&mut self, inputs: &[Tensor]) -> Vec<Tensor> {
        let program = self.program;
        self.run_calls(program.inference_calls(), inputs, program.inputs.iter());
        program.outputs.iter().map(|port| self.read(port)).collect()
    }

    /// Runs one inference, and gives how long each call of the program took: all its runs together where it is one of a
    /// loop.
    ///
    /// # Panics
    /// As [`run`](Self::run).
    pub fn time(&mut self, inputs: &[Tensor]) -> Vec<Duration> {
        self.clock = Some(vec![Duration::ZERO; self.program.calls.len()]);
        self.run(inputs);
        self.clock.take().unwrap_or_default()
    }

    /// What the states are now.
    pub fn states(&self) -> Vec<Tensor> {
        self.program.states.iter().map(|port| self.read(port)).collect()
    }

    /// Runs the calls before number `end`, in the plan's order.
    fn run_calls<'p>(&mut self, end: usize, inputs: &[Tensor], ports: impl Iterator<Item = &'p Port> + Clone) {
        assert_eq!(inputs.len(), ports.clone().count(), "one tensor an input");
        for (tensor, port) in inputs.iter().zip(ports) {
            assert_eq!(tensor.ty(), port.ty, "input `{}`", port.name);
        }
        let inputs: Vec<Aligned> = inputs.iter().map(|t| Aligned::from(&t.bytes)).collect();
        self.calls(0..end, &inputs);
    }

    fn read(&self, port: &Port) -> Tensor {
        let bytes = self.memory.arena.bytes()[self.arena_range(&port.view)].to_vec();
        Tensor::new(port.ty.dtype, port.ty.shape.clone(), bytes)
    }

    fn calls(&mut self, range: Range<usize>, inputs: &[Aligned]) {
        let program = self.program;
        for step in program.steps(range) {
            match step {
                Step::Call(place) => self.call(self.plan.order[place], inputs),
                Step::Repeat(repetition) => {
                    let going = self.arena_range(&repetition.going);
                    for _ in 0..repetition.most {
                        if self.memory.arena.bytes()[going.clone()] == [0] {
                            break;
                        }
                        self.calls(repetition.calls.clone(), inputs);
                    }
                }
            }
        }
    }

    /// Outputs are computed aside and copied into the arena, so that operands can be borrowed together.
    fn call(&mut self, index: usize, inputs: &[Aligned]) {
        let call = &self.program.calls[index];
        let in_place = self.plan.in_place[index];
        let mut results: Vec<Aligned> = call
            .outputs
            .iter()
            .map(|v| Aligned::from(&self.memory.arena.bytes()[self.arena_range(v)]))
            .collect();
        let operands = call.inputs.iter().enumerate();
        let operands = operands.filter(|(i, _)| !(in_place && call.in_place == Some(*i)));
        let operands = operands.map(|(_, view)| self.operand(view, inputs)).collect();
        let mut args = Args::new(
            self.memory.simd,
            operands,
            results.iter_mut().map(Aligned::bytes_mut).collect(),
        );
        let start = self.clock.is_some().then(Instant::now);
        if in_place {
            call.kernel.execute_in_place(&mut args);
        } else {
            call.kernel.execute(&mut args);
        }
        drop(args);
        if let (Some(clock), Some(start)) = (&mut self.clock, start) {
            clock[index] += start.elapsed();
        }
        for (view, result) in call.outputs.iter().zip(&results) {
            let range = self.arena_range(view);
            self.memory.arena.bytes_mut()[range].copy_from_slice(result.bytes());
        }
    }

    fn operand<'b>(&'b self, view: &View, inputs: &'b [Aligned]) -> &'b [u8] {
        let (bytes, range) = match &self.program.buffer(view.buffer).storage {
            Storage::Arena | Storage::State => (self.memory.arena.bytes(), self.arena_range(view)),
            Storage::Input(i) => (inputs[*i].bytes(), self.range(view, 0)),
            Storage::Constant(_) => {
                let constant = self.memory.constants[view.buffer.0]
                    .as_ref()
                    .expect("constants were prepared");
                (constant.bytes(), self.range(view, 0))
            }
        };
        &bytes[range]
    }

    fn range(&self, view: &View, base: usize) -> Range<usize> {
        let size = self.program.buffer(view.buffer).dtype.size();
        base + view.offset * size..base + (view.offset + view.len) * size
    }

    fn arena_range(&self, view: &View) -> Range<usize> {
        let base = self.plan.offsets[view.buffer.0].expect("every arena buffer that is used was placed");
        self.range(view, base)
    }
}
