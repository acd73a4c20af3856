use super::overlap::Distances;
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
    /// A block of one buffer.
    pub(super) fn of(id: BufferId, bytes: usize, life: Lifetime) -> Self {
        Self {
            buffers: vec![id],
            bytes,
            first: life.first,
            last: life.last,
        }
    }

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

/// The calls that overlap.
#[derive(Clone, Copy)]
pub(super) struct Chosen<'a> {
    /// For each call how far apart its operands have to be, if it overlaps.
    pub(super) distances: &'a [Option<Distances>],
    /// Whether what follows goes into the memory of those where there is room: it is kept longer then.
    pub(super) beside: bool,
}

impl<'a> Chosen<'a> {
    /// None, given no distance for each call.
    pub(super) fn none(distances: &'a [Option<Distances>]) -> Self {
        Self {
            distances,
            beside: false,
        }
    }
}

/// Buffers joined into blocks.
pub(super) struct Joined {
    /// The blocks.
    pub(super) blocks: Vec<Block>,
    /// For each buffer its first byte in its block.
    pub(super) within: Vec<usize>,
    /// For each block whether some of its buffers overlap.
    chains: Vec<bool>,
    /// For each call whether it runs in place.
    pub(super) in_place: Vec<bool>,
    /// For each call whether its output overlaps its input.
    pub(super) overlapping: Vec<bool>,
}

/// Joins the buffers of calls that can run in place, and of those that may overlap, for which there are distances; with
/// `beside`, later ones too that find room beside those.
pub(super) fn join(
    program: &Program,
    order: &[usize],
    lifetimes: &[Option<Lifetime>],
    Chosen { distances, beside }: Chosen<'_>,
    alignment: usize,
) -> Joined {
    let mut block_of: Vec<Option<usize>> = vec![None; program.buffers.len()];
    let mut joined = Joined {
        blocks: vec![],
        chains: vec![],
        within: vec![0; program.buffers.len()],
        in_place: vec![false; program.calls.len()],
        overlapping: vec![false; program.calls.len()],
    };
    let states = (0..program.buffers.len()).filter(|id| program.buffers[*id].storage == Storage::State);
    for id in states.map(BufferId) {
        let bytes = program.buffer(id).bytes().next_multiple_of(alignment);
        let throughout = Lifetime {
            first: 0,
            last: order.len(),
        };
        block_of[id.0] = Some(joined.add(id, bytes, throughout));
    }
    for (step, index) in order.iter().enumerate() {
        let call = &program.calls[*index];
        for (number, output) in call.outputs.iter().enumerate() {
            let id = output.buffer;
            let Some(life) = lifetimes[id.0] else { continue };
            if block_of[id.0].is_some() {
                // A state that is computed in its own place.
                joined.in_place[*index] |= call.in_place.is_some_and(|input| call.inputs[input] == *output);
                continue;
            }
            let bytes = program.buffer(id).bytes().next_multiple_of(alignment);
            let whole = number == 0 && output.offset == 0 && output.len == program.buffer(id).len;
            let block_of_input = |input: usize| {
                let block = block_of[call.inputs.get(input)?.buffer.0]?;
                (whole && joined.blocks[block].last == step).then_some(block)
            };
            let in_place = call
                .in_place
                .filter(|input| reusable(program, lifetimes, step, *index, *input))
                .and_then(|input| Some((call.inputs[input].buffer, block_of_input(input)?)));
            let first = block_of_input(0).filter(|_| ends(program, lifetimes, step, *index, 0));
            let first = first.map(|block| (call.inputs[0].buffer, block));
            let block = if let Some((x, block)) = in_place {
                joined.in_place[*index] = true;
                joined.within[id.0] = joined.within[x.0];
                Some(block)
            } else if let (Some((x, block)), Some(distances)) = (first, distances[*index]) {
                joined.overlapping[*index] = true;
                joined.overlap(block, x, (id, bytes), distances.aligned(alignment));
                Some(block)
            } else {
                first
                    .filter(|_| beside)
                    .filter(|(x, block)| {
                        let size = program.buffer(*x).bytes().next_multiple_of(alignment);
                        joined.beside(*block, (*x, size), (id, bytes))
                    })
                    .map(|(_, block)| block)
            };
            block_of[id.0] = Some(match block {
                Some(block) => joined.extend(block, id, life),
                None => joined.add(id, bytes, life),
            });
        }
    }
    joined
}

impl Joined {
    /// A block of one buffer.
    fn add(&mut self, id: BufferId, bytes: usize, life: Lifetime) -> usize {
        self.blocks.push(Block::of(id, bytes, life));
        self.chains.push(false);
        self.blocks.len() - 1
    }

    fn extend(&mut self, block: usize, id: BufferId, life: Lifetime) -> usize {
        self.blocks[block].buffers.push(id);
        self.blocks[block].last = life.last;
        block
    }

    /// Finds the place of an output that overlaps the input `x` in its block: before it by the first distance or behind
    /// it by the second, whatever makes the block less large, and as far away as the block allows, which leaves room
    /// for the next.
    fn overlap(&mut self, block: usize, x: BufferId, (y, bytes): (BufferId, usize), [up, down]: [usize; 2]) {
        let (x, size) = (self.within[x.0], self.blocks[block].bytes);
        let before = up.saturating_sub(x);
        let below = (size + before).max(bytes);
        let above = size.max(x + down + bytes);
        if below <= above {
            for id in &self.blocks[block].buffers {
                self.within[id.0] += before;
            }
            self.within[y.0] = 0;
        } else {
            self.within[y.0] = above - bytes;
        }
        self.blocks[block].bytes = below.min(above);
        self.chains[block] = true;
    }

    /// Finds a place for an output beside the input `x`, if its block is one of buffers that overlap and has room.
    fn beside(&mut self, block: usize, (x, size): (BufferId, usize), (y, bytes): (BufferId, usize)) -> bool {
        let (from, Some(last)) = (self.within[x.0], self.blocks[block].bytes.checked_sub(bytes)) else {
            return false;
        };
        let place = if bytes <= from { 0 } else { last };
        let fits = self.chains[block] && (bytes <= from || from + size <= last);
        if fits {
            self.within[y.0] = place;
        }
        fits
    }
}

/// Whether call `index`, at `step`, may overwrite its input number `input`: a whole buffer of the arena, of the
/// output's size, that neither the call reads twice nor anything reads later.
fn reusable(program: &Program, lifetimes: &[Option<Lifetime>], step: usize, index: usize, input: usize) -> bool {
    let call = &program.calls[index];
    let (x, y) = (call.inputs[input].buffer, call.outputs[0].buffer);
    ends(program, lifetimes, step, index, input) && program.buffer(x).bytes() == program.buffer(y).bytes()
}

/// Whether call `index`, at `step`, reads its input number `input` once, as a whole, and nothing reads it later.
fn ends(program: &Program, lifetimes: &[Option<Lifetime>], step: usize, index: usize, input: usize) -> bool {
    let call = &program.calls[index];
    let view = call.inputs[input];
    let read_once = call.inputs.iter().filter(|v| v.buffer == view.buffer).count() == 1;
    let last_use = lifetimes[view.buffer.0].is_some_and(|life| life.last == step);
    read_once && last_use && view.offset == 0 && view.len == program.buffer(view.buffer).len
}

/// The greatest sum of blocks that are live at one step: no placement needs less.
pub fn lower_bound(blocks: &[Block]) -> usize {
    sums(blocks).into_iter().max().unwrap_or(0)
}

/// The sum of the blocks that are live, at each step.
pub(super) fn sums(blocks: &[Block]) -> Vec<usize> {
    let end = blocks.iter().map(|block| block.last + 2).max().unwrap_or(0);
    let (mut begun, mut ended) = (vec![0; end], vec![0; end]);
    for block in blocks {
        begun[block.first] += block.bytes;
        ended[block.last + 1] += block.bytes;
    }
    let mut live = 0;
    let steps = begun.into_iter().zip(ended);
    steps
        .map(|(begun, ended)| {
            live = live + begun - ended;
            live
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Chosen, Storage, join, lifetimes};
    use crate::back::plan::testing::program;
    use crate::ir::program::Program;

    /// Whether the middle one of three calls runs in place, of which each reads what the one before writes.
    fn runs_in_place(change: impl Fn(&mut Program)) -> bool {
        let calls = [(vec![], vec![0]), (vec![0], vec![1]), (vec![1], vec![2])];
        let mut program = program(&[16, 16, 16], &calls, &[2]);
        program.calls[1].in_place = Some(0);
        change(&mut program);
        let lifetimes = lifetimes(&program, &[0, 1, 2]);
        let apart = Chosen::none(&[None; 3]);
        join(&program, &[0, 1, 2], &lifetimes, apart, 16).in_place[1]
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
