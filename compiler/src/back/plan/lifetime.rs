use crate::ir::program::{BufferId, Program, Storage};
use serde::Serialize;

/// The steps from the first that writes a buffer to the last that uses it, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lifetime {
    /// The step that writes it first.
    pub first: usize,
    /// The step that uses it last; that of an output of the model is one after the last call.
    pub last: usize,
}

/// Buffers that share storage, and when.
#[derive(Clone, Debug)]
pub struct Block {
    /// The buffers.
    pub buffers: Vec<BufferId>,
    /// Bytes, rounded up to the alignment of the machine.
    pub bytes: usize,
    /// First step that uses it.
    pub first: usize,
    /// Last step that uses it.
    pub last: usize,
}

impl Block {
    /// Whether both are live at one step.
    pub fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// For each buffer in the arena its lifetime under `order`; outputs live to the end, states throughout.
pub(in crate::back) fn lifetimes(program: &Program, order: &[usize]) -> Vec<Option<Lifetime>> {
    let mut lifetimes: Vec<Option<Lifetime>> = vec![None; program.buffers.len()];
    for (lifetime, buffer) in lifetimes.iter_mut().zip(&program.buffers) {
        *lifetime = (buffer.storage == Storage::State).then_some(Lifetime {
            first: 0,
            last: order.len(),
        });
    }
    let mut touch = |buffer: BufferId, step: usize| {
        if program.buffer(buffer).storage.is_in_arena() {
            let life = lifetimes[buffer.0].get_or_insert(Lifetime {
                first: step,
                last: step,
            });
            life.last = life.last.max(step);
        }
    };
    for (step, call) in order.iter().enumerate() {
        let call = &program.calls[*call];
        for view in call.inputs.iter().chain(&call.outputs) {
            touch(view.buffer, step);
        }
    }
    for port in program.all_outputs() {
        touch(port.view.buffer, order.len());
    }
    // Where calls are repeated, the order is the program's own.
    for repetition in &program.repetitions {
        let (first, last) = (repetition.calls.start, repetition.calls.end.saturating_sub(1));
        for life in lifetimes.iter_mut().flatten() {
            // What was there before is read again in each run, up to the last.
            if life.first < first && (first..=last).contains(&life.last) {
                life.last = last;
            }
        }
    }
    lifetimes
}

/// Joins the buffers of calls that can run in place; says for each call whether it does.
pub(super) fn blocks(
    program: &Program,
    order: &[usize],
    lifetimes: &[Option<Lifetime>],
    alignment: usize,
) -> (Vec<Block>, Vec<bool>) {
    let mut block_of: Vec<Option<usize>> = vec![None; program.buffers.len()];
    let mut blocks: Vec<Block> = vec![];
    let mut in_place = vec![false; program.calls.len()];
    let states = (0..program.buffers.len()).filter(|id| program.buffers[*id].storage == Storage::State);
    for id in states.map(BufferId) {
        block_of[id.0] = Some(blocks.len());
        blocks.push(Block {
            buffers: vec![id],
            bytes: program.buffer(id).bytes().next_multiple_of(alignment),
            first: 0,
            last: order.len(),
        });
    }
    for (step, index) in order.iter().enumerate() {
        let call = &program.calls[*index];
        for (number, output) in call.outputs.iter().enumerate() {
            let id = output.buffer;
            let Some(life) = lifetimes[id.0] else { continue };
            if block_of[id.0].is_some() {
                // A state that is computed in its own place.
                in_place[*index] |= call.in_place.is_some_and(|input| call.inputs[input] == *output);
                continue;
            }
            let bytes = program.buffer(id).bytes().next_multiple_of(alignment);
            let shared = (number == 0 && output.offset == 0 && output.len == program.buffer(id).len)
                .then_some(call.in_place)
                .flatten()
                .filter(|input| reusable(program, lifetimes, step, *index, *input))
                .and_then(|input| block_of[call.inputs[input].buffer.0])
                .filter(|block| blocks[*block].last == step && blocks[*block].bytes == bytes);
            let block = match shared {
                Some(block) => {
                    in_place[*index] = true;
                    blocks[block].buffers.push(id);
                    blocks[block].last = life.last;
                    block
                }
                None => {
                    blocks.push(Block {
                        buffers: vec![id],
                        bytes,
                        first: life.first,
                        last: life.last,
                    });
                    blocks.len() - 1
                }
            };
            block_of[id.0] = Some(block);
        }
    }
    (blocks, in_place)
}

/// Whether call `index`, at `step`, may overwrite its input number `input`: a whole buffer of the arena, of the
/// output's size, that neither the call reads twice nor anything reads later.
fn reusable(program: &Program, lifetimes: &[Option<Lifetime>], step: usize, index: usize, input: usize) -> bool {
    let call = &program.calls[index];
    let view = call.inputs[input];
    let (x, y) = (program.buffer(view.buffer), program.buffer(call.outputs[0].buffer));
    let read_once = call.inputs.iter().filter(|v| v.buffer == view.buffer).count() == 1;
    let last_use = lifetimes[view.buffer.0].is_some_and(|life| life.last == step);
    read_once && last_use && view.offset == 0 && view.len == x.len && x.bytes() == y.bytes()
}

/// The greatest sum of blocks that are live at one step: no placement needs less.
pub fn lower_bound(blocks: &[Block]) -> usize {
    // At each step what died the step before goes first.
    let births = blocks.iter().map(|b| (b.first, true, b.bytes));
    let deaths = blocks.iter().map(|b| (b.last + 1, false, b.bytes));
    let mut changes: Vec<_> = births.chain(deaths).collect();
    changes.sort_unstable();
    let (mut live, mut most) = (0, 0);
    for (_, born, bytes) in changes {
        live = if born { live + bytes } else { live - bytes };
        most = most.max(live);
    }
    most
}

#[cfg(test)]
mod tests {
    use super::{Storage, blocks, lifetimes};
    use crate::back::plan::testing::program;
    use crate::ir::program::Program;

    /// Whether the middle one of three calls runs in place, of which each reads what the one before writes.
    fn runs_in_place(change: impl Fn(&mut Program)) -> bool {
        let calls = [(vec![], vec![0]), (vec![0], vec![1]), (vec![1], vec![2])];
        let mut program = program(&[16, 16, 16], &calls, &[2]);
        program.calls[1].in_place = Some(0);
        change(&mut program);
        let lifetimes = lifetimes(&program, &[0, 1, 2]);
        blocks(&program, &[0, 1, 2], &lifetimes, 16).1[1]
    }

    #[test]
    fn only_a_whole_buffer_is_overwritten_by_another_one() {
        assert!(runs_in_place(|_| ()));
        assert!(!runs_in_place(|program| program.calls[1].in_place = None));
        // Parts of buffers.
        assert!(!runs_in_place(|program| program.calls[1].inputs[0].len = 8));
        assert!(!runs_in_place(|program| program.calls[1].outputs[0].len = 8));
        // A buffer that takes as much room and is smaller, and one that is read again.
        assert!(!runs_in_place(|program| program.buffers[1].len = 15));
        let reads_again = |program: &mut Program, call: usize| {
            let operand = program.calls[0].outputs[0];
            program.calls[call].inputs.push(operand);
        };
        assert!(!runs_in_place(|program| reads_again(program, 1)));
        assert!(!runs_in_place(|program| reads_again(program, 2)));
    }

    #[test]
    fn a_state_is_computed_in_its_own_place_or_from_elsewhere() {
        let state = |program: &mut Program| program.buffers[1].storage = Storage::State;
        assert!(!runs_in_place(state));
        assert!(runs_in_place(|program| {
            state(program);
            program.calls[1].inputs[0] = program.calls[1].outputs[0];
        }));
    }
}
