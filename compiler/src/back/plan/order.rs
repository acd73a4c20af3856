use super::growth::Memory;
use crate::ir::program::{BufferId, Program};
use std::collections::{BTreeSet, HashMap};

/// Calls beyond which only the model's own order is tried: the time to place the buffers grows with their square.
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
    /// In the program's order a call depends on all earlier writers of what it reads, and a writer on all earlier
    /// readers. Calls that write to one buffer write different elements of it, in any order.
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
        let mut memory = Memory::of(program);
        // The calls of inference come first: they run without those of a step of training.
        let key = |memory: &Memory<'_>, call: usize| match prefer {
            Prefer::LeastLive => (program.stage(call), memory.growth(call), call),
            Prefer::DeepestFirst => (program.stage(call), 0, call),
        };
        let first = (0..missing.len()).filter(|call| missing[*call] == 0);
        let mut ready: BTreeSet<_> = first.map(|call| key(&memory, call)).collect();
        let mut order: Vec<usize> = Vec::with_capacity(missing.len());
        while let Some(least) = ready.first().copied() {
            let chosen = match (prefer, order.last()) {
                (Prefer::DeepestFirst, Some(last)) => {
                    let readers = self.after[*last].iter().map(|call| key(&memory, *call));
                    let mut readers = readers.filter(|key| key.0 == least.0 && ready.contains(key));
                    readers.next().unwrap_or(least)
                }
                _ => least,
            };
            ready.remove(&chosen);
            let (_, _, next) = chosen;
            order.push(next);
            // What grows otherwise from now on gets another place among those that are ready.
            let changed = memory.changed_by(next);
            let waiting: Vec<usize> = changed
                .into_iter()
                .filter(|call| ready.remove(&key(&memory, *call)))
                .collect();
            memory.run(next);
            ready.extend(waiting.into_iter().map(|call| key(&memory, call)));
            for later in &self.after[next] {
                missing[*later] -= 1;
                if missing[*later] == 0 {
                    ready.insert(key(&memory, *later));
                }
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::{Dependencies, candidates};
    use crate::back::plan::testing::program;
    use crate::ir::program::Training;

    #[test]
    fn branches_begin_with_the_least_or_are_finished_one_by_one() {
        // Two branches: one of a large result and one of a small one, which meet at the end.
        let calls = [
            (vec![], vec![0]),
            (vec![], vec![1]),
            (vec![0], vec![2]),
            (vec![1], vec![3]),
            (vec![2, 3], vec![4]),
        ];
        let program = program(&[64, 8, 4, 4, 4], &calls, &[4]);
        let [own, least_live, deepest_first] = [[0, 1, 2, 3, 4], [1, 3, 0, 2, 4], [0, 2, 1, 3, 4]];
        assert_eq!(candidates(&program), [own, least_live, deepest_first]);
    }

    #[test]
    fn calls_wait_for_what_they_read_and_for_the_readers_of_what_they_write() {
        // The last call changes what the two before have read.
        let calls = [
            (vec![], vec![0]),
            (vec![0], vec![1]),
            (vec![0, 1], vec![2]),
            (vec![], vec![0]),
        ];
        let before = Dependencies::of(&program(&[8, 8, 8], &calls, &[2])).before;
        let before: Vec<Vec<usize>> = before.iter().map(|calls| calls.iter().copied().collect()).collect();
        assert_eq!(before, [vec![], vec![0], vec![0, 1], vec![1, 2]]);
    }

    #[test]
    fn what_training_adds_comes_after_the_inference() {
        // The last call reads what the first has written, and could run before the second.
        let calls = [(vec![], vec![0]), (vec![], vec![1]), (vec![0], vec![2])];
        let mut program = program(&[64, 8, 4], &calls, &[1, 2]);
        program.training = Some(Training {
            inputs: vec![],
            loss: program.outputs[1].clone(),
            inference: 2,
            sums: None,
            parameters: vec![],
            transposed: vec![],
        });
        assert_eq!(candidates(&program), [[0, 1, 2], [1, 0, 2]]);
    }
}
