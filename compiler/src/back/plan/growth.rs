use crate::ir::program::{BufferId, Program, Storage};

/// What is live while calls run one after the other.
pub(super) struct Memory<'a> {
    program: &'a Program,
    /// For each buffer, how often calls that have not run read it; an output is read once more.
    uses_left: Vec<usize>,
    /// For each buffer, whether a call that has run writes it.
    written: Vec<bool>,
    /// For each buffer, how many calls read it and have not run.
    readers_left: Vec<usize>,
    /// For each buffer, all calls that read it, and all that write it.
    readers: Vec<Vec<usize>>,
    writers: Vec<Vec<usize>>,
}

impl<'a> Memory<'a> {
    /// Before the first call.
    pub(super) fn of(program: &'a Program) -> Self {
        let count = program.buffers.len();
        let mut uses_left = vec![0; count];
        let (mut readers, mut writers) = (vec![vec![]; count], vec![vec![]; count]);
        for index in 0..program.calls.len() {
            for view in &program.calls[index].inputs {
                uses_left[view.buffer.0] += 1;
            }
            for buffer in read(program, index) {
                readers[buffer.0].push(index);
            }
            for buffer in written(program, index) {
                writers[buffer.0].push(index);
            }
        }
        for port in program.all_outputs() {
            uses_left[port.view.buffer.0] += 1;
        }
        Self {
            program,
            uses_left,
            written: vec![false; count],
            readers_left: readers.iter().map(Vec::len).collect(),
            readers,
            writers,
        }
    }

    /// Bytes that running `call` adds to what is live afterwards.
    pub(super) fn growth(&self, call: usize) -> isize {
        let arena = |id: &BufferId| self.program.buffer(*id).storage == Storage::Arena;
        let bytes = |id: BufferId| self.program.buffer(id).bytes() as isize;
        let inputs = &self.program.calls[call].inputs;
        let uses = |id: &BufferId| inputs.iter().filter(|view| view.buffer == *id).count();
        let added = written(self.program, call).into_iter();
        let added = added.filter(|id| arena(id) && !self.written[id.0]).map(bytes);
        let freed = read(self.program, call).into_iter();
        let freed = freed.filter(|id| arena(id) && self.uses_left[id.0] == uses(id));
        added.sum::<isize>() - freed.map(bytes).sum::<isize>()
    }

    /// The calls whose growth may be another once `call` has run: the last reader of what it reads, and others that
    /// write what it is the first to write. A buffer adds its readers once and its writers once, so that a whole
    /// schedule takes time in proportion to its views.
    pub(super) fn changed_by(&self, call: usize) -> Vec<usize> {
        let mut changed = vec![];
        for BufferId(buffer) in read(self.program, call) {
            if self.readers_left[buffer] == 2 {
                changed.extend(&self.readers[buffer]);
            }
        }
        for BufferId(buffer) in written(self.program, call) {
            if !self.written[buffer] {
                changed.extend(&self.writers[buffer]);
            }
        }
        changed
    }

    /// Notes that `call` has run.
    pub(super) fn run(&mut self, call: usize) {
        for view in &self.program.calls[call].inputs {
            self.uses_left[view.buffer.0] -= 1;
        }
        for buffer in read(self.program, call) {
            self.readers_left[buffer.0] -= 1;
        }
        for view in &self.program.calls[call].outputs {
            self.written[view.buffer.0] = true;
        }
    }
}

/// The buffers that a call reads, each once.
fn read(program: &Program, call: usize) -> Vec<BufferId> {
    once(program.calls[call].inputs.iter().map(|view| view.buffer).collect())
}

/// The buffers that a call writes, each once.
fn written(program: &Program, call: usize) -> Vec<BufferId> {
    once(program.calls[call].outputs.iter().map(|view| view.buffer).collect())
}

fn once(mut buffers: Vec<BufferId>) -> Vec<BufferId> {
    buffers.sort_unstable();
    buffers.dedup();
    buffers
}

#[cfg(test)]
mod tests {
    use super::Memory;
    use crate::back::plan::order::Dependencies;
    use crate::back::plan::testing::program;
    use crate::ir::program::Program;
    use proptest::prelude::*;

    /// Bytes that are written and still read, or the caller's, after some calls.
    fn live(program: &Program, done: &[usize]) -> isize {
        let is_live = |id: &usize| {
            let touches = |views: &[crate::ir::program::View]| views.iter().any(|view| view.buffer.0 == *id);
            let is_output = program.all_outputs().any(|port| port.view.buffer.0 == *id);
            let mut left = (0..program.calls.len()).filter(|call| !done.contains(call));
            done.iter().any(|call| touches(&program.calls[*call].outputs))
                && (is_output || left.any(|call| touches(&program.calls[call].inputs)))
        };
        let live = (0..program.buffers.len()).filter(is_live);
        live.map(|id| program.buffers[id].bytes() as isize).sum()
    }

    /// Calls that read earlier buffers, some twice, and write a buffer of their own or a part of the last one. What
    /// nothing reads is an output, and what the numbers say.
    fn random(calls: &[(usize, Vec<usize>, bool)], outputs: &[usize]) -> Program {
        let (mut bytes, mut all, mut read) = (vec![], vec![], vec![]);
        for (size, inputs, writes_last) in calls {
            let written = if *writes_last && !bytes.is_empty() && !read.contains(&(bytes.len() - 1)) {
                bytes.len() - 1
            } else {
                bytes.push(*size);
                bytes.len() - 1
            };
            let inputs: Vec<usize> = inputs
                .iter()
                .filter(|_| written > 0)
                .map(|n| n % written.max(1))
                .collect();
            read.extend(&inputs);
            all.push((inputs, vec![written]));
        }
        let is_output = |id: &usize| !read.contains(id) || outputs.contains(id);
        let outputs: Vec<usize> = (0..bytes.len()).filter(is_output).collect();
        program(&bytes, &all, &outputs)
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]
        #[test]
        fn growth_is_what_more_is_live(
            calls in prop::collection::vec((1..50usize, prop::collection::vec(0..20usize, 0..4), any::<bool>()), 1..12),
            outputs in prop::collection::vec(0..12usize, 0..3),
            choices in prop::collection::vec(0..12usize, 12),
        ) {
            let program = random(&calls, &outputs);
            let dependencies = Dependencies::of(&program);
            let mut memory = Memory::of(&program);
            let mut done = vec![];
            for choice in choices.iter().take(program.calls.len()) {
                let left: Vec<usize> = (0..program.calls.len()).filter(|call| !done.contains(call)).collect();
                let is_ready = |call: &&usize| dependencies.before[**call].iter().all(|before| done.contains(before));
                let ready: Vec<usize> = left.iter().filter(is_ready).copied().collect();
                let next = ready[choice % ready.len()];
                let before: Vec<isize> = left.iter().map(|call| memory.growth(*call)).collect();
                for call in &ready {
                    let more = live(&program, &[&done[..], &[*call]].concat()) - live(&program, &done);
                    prop_assert_eq!(memory.growth(*call), more, "call {} after {:?} of {:?}", call, done, program);
                }
                let changed = memory.changed_by(next);
                memory.run(next);
                for (call, before) in left.iter().zip(before) {
                    let is_told = *call == next || changed.contains(call);
                    prop_assert!(is_told || memory.growth(*call) == before, "{} after {} of {:?}", call, next, program);
                }
                done.push(next);
            }
        }
    }
}
