use crate::ir::program::{BufferId, Program, Storage};
use std::collections::{BTreeSet, HashMap};

/// Calls beyond which only the model's own order is tried: the time to find others grows with their square.
const MAX_CALLS: usize = 4096;

/// Orders worth trying, each once: the model's own, and greedy ones that look for a low peak. Calls that are repeated
/// must stay together: then there is only the model's own.
pub(super) fn candidates(program: &Program) -> Vec<Vec<usize>> {
    let mut orders = vec![(0..program.calls.len()).collect()];
    if program.calls.len() > MAX_CALLS || !program.repetitions.is_empty() {
        return orders;
    }
    let dependencies = Dependencies::of(program);
    for prefer in [Prefer::LeastLive, Prefer::DeepestFirst] {
        let order = dependencies.schedule(program, prefer);
        if !orders.contains(&order) {
            orders.push(order);
        }
    }
    orders
}

/// Which of the calls that could run next does.
#[derive(Clone, Copy)]
enum Prefer {
    /// The one after which the least memory is live.
    LeastLive,
    /// One that reads what was written last, so that a branch is finished before the next is begun.
    DeepestFirst,
}

pub(super) struct Dependencies {
    /// Calls that must run before each call.
    pub(super) before: Vec<BTreeSet<usize>>,
    /// Calls that must run after each call.
    after: Vec<BTreeSet<usize>>,
}

impl Dependencies {
    /// In the program's order a call depends on all earlier writers of what it reads or writes, and a writer on all
    /// earlier readers.
    pub(super) fn of(program: &Program) -> Self {
        let count = program.calls.len();
        let (mut before, mut after) = (vec![BTreeSet::new(); count], vec![BTreeSet::new(); count]);
        let mut writers: HashMap<BufferId, Vec<usize>> = HashMap::new();
        let mut readers: HashMap<BufferId, Vec<usize>> = HashMap::new();
        for (index, call) in program.calls.iter().enumerate() {
            let read = call.inputs.iter().flat_map(|v| writers.get(&v.buffer)).flatten();
            let written = call.outputs.iter().flat_map(|v| readers.get(&v.buffer)).flatten();
            for earlier in read.chain(written) {
                before[index].insert(*earlier);
                after[*earlier].insert(index);
            }
            for view in &call.inputs {
                readers.entry(view.buffer).or_default().push(index);
            }
            for view in &call.outputs {
                writers.entry(view.buffer).or_default().push(index);
            }
        }
        Self { before, after }
    }

    fn schedule(&self, program: &Program, prefer: Prefer) -> Vec<usize> {
        let mut missing: Vec<usize> = self.before.iter().map(BTreeSet::len).collect();
        let mut ready: BTreeSet<usize> = (0..missing.len()).filter(|i| missing[*i] == 0).collect();
        let mut memory = Memory::of(program);
        let mut order: Vec<usize> = Vec::with_capacity(missing.len());
        // The calls of inference come first: they run without those of a step of training.
        let later = |index: &usize| program.stage(*index);
        while let Some(next) = match prefer {
            Prefer::LeastLive => {
                let key = |i: &usize| (later(i), memory.growth(program, *i), *i);
                ready.iter().copied().min_by_key(key)
            }
            Prefer::DeepestFirst => {
                let last = order.last().copied();
                ready
                    .iter()
                    .copied()
                    .min_by_key(|i| (later(i), !last.is_some_and(|l| self.before[*i].contains(&l)), *i))
            }
        } {
            ready.remove(&next);
            memory.run(program, next);
            order.push(next);
            for later in &self.after[next] {
                missing[*later] -= 1;
                if missing[*later] == 0 {
                    ready.insert(*later);
                }
            }
        }
        order
    }
}

struct Memory {
    uses_left: Vec<usize>,
    written: Vec<bool>,
}

impl Memory {
    fn of(program: &Program) -> Self {
        let mut uses_left = vec![0; program.buffers.len()];
        for call in &program.calls {
            for view in &call.inputs {
                uses_left[view.buffer.0] += 1;
            }
        }
        for port in program.all_outputs() {
            uses_left[port.view.buffer.0] += 1;
        }
        Self {
            uses_left,
            written: vec![false; program.buffers.len()],
        }
    }

    /// Bytes that running `call` adds to what is live afterwards.
    fn growth(&self, program: &Program, call: usize) -> isize {
        let call = &program.calls[call];
        let arena = |id: &BufferId| program.buffer(*id).storage == Storage::Arena;
        let added: BTreeSet<_> = call
            .outputs
            .iter()
            .map(|v| v.buffer)
            .filter(|b| !self.written[b.0])
            .collect();
        let read: BTreeSet<_> = call.inputs.iter().map(|v| v.buffer).collect();
        let freed = read
            .iter()
            .filter(|b| self.uses_left[b.0] == call.inputs.iter().filter(|v| v.buffer == **b).count());
        let bytes = |id: &BufferId| program.buffer(*id).bytes() as isize;
        added.iter().filter(|b| arena(b)).map(bytes).sum::<isize>()
            - freed.filter(|b| arena(b)).map(bytes).sum::<isize>()
    }

    fn run(&mut self, program: &Program, call: usize) {
        for view in &program.calls[call].inputs {
            self.uses_left[view.buffer.0] -= 1;
        }
        for view in &program.calls[call].outputs {
            self.written[view.buffer.0] = true;
        }
    }
}
