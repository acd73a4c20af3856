//! The order of the calls that keeps the least memory live, among all orders.
//!
//! A state of the search is the set of calls that have run: what is live then does not depend on their order. So the
//! best order is a shortest path from no call to all of them, where the length of a path is the greatest sum that is
//! live on it, and the states of least length are looked at first. Even where the search ends early, no order needs
//! less than the least length that is left.

use super::order::Dependencies;
use super::overlap::Distances;
use crate::ir::program::{Program, Storage, View};
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashSet};

/// Words of sets that the search looks at, at most: about a second. It is a count, so that every machine finds the
/// same.
const MOST_WORK: usize = 200_000_000;
/// Sets of calls that it keeps at most.
const MOST_STATES: usize = 100_000;
/// Calls beyond which no order is searched for.
const MOST_CALLS: usize = 1024;

/// What was found.
pub(super) struct Orders {
    /// What any order needs at least.
    pub(super) bound: usize,
    /// An order in which no more is live, if the search came to its end.
    pub(super) order: Option<Vec<usize>>,
}

/// Calls, as bits.
type Set = Box<[u64]>;

fn has(set: &[u64], call: usize) -> bool {
    set[call / 64] >> (call % 64) & 1 == 1
}

fn add(set: &mut [u64], call: usize) {
    set[call / 64] |= 1 << (call % 64);
}

fn is_within(part: &[u64], set: &[u64]) -> bool {
    part.iter().zip(set).all(|(part, set)| part & !set == 0)
}

/// A buffer of the arena.
struct Use {
    bytes: usize,
    /// The calls that read or write it.
    by: Set,
    /// Whether it is kept after the last of them.
    stays: bool,
}

/// What the search knows of a call.
struct Call {
    before: Set,
    /// Buffers of the arena that it reads or writes, each once.
    uses: Vec<usize>,
    /// The buffer that it may compute its output in the place of, that output, and the bytes that both have then.
    shared: Option<([usize; 2], usize)>,
}

struct Search {
    calls: Vec<Call>,
    uses: Vec<Use>,
    /// What is live whatever runs: states.
    always: usize,
}

/// A set of calls on the way to all of them.
struct State {
    done: Set,
    live: usize,
    /// The state before it, and the call that leads from there to here.
    from: Option<(usize, usize)>,
}

/// Looks through the orders of a program; nothing where it has too many calls, or calls that are repeated, whose order
/// is fixed.
pub(super) fn all_orders(program: &Program, alignment: usize, distances: &[Option<Distances>]) -> Option<Orders> {
    let count = program.calls.len();
    if count == 0 || count > MOST_CALLS || !program.repetitions.is_empty() {
        return None;
    }
    Some(Search::of(program, alignment, distances).run())
}

impl Search {
    fn of(program: &Program, alignment: usize, distances: &[Option<Distances>]) -> Self {
        let count = program.calls.len();
        let empty = || vec![0; count.div_ceil(64)].into_boxed_slice();
        let bytes = |id: usize| program.buffers[id].bytes().next_multiple_of(alignment);
        let is_arena = |id: &usize| program.buffers[*id].storage == Storage::Arena;
        let mut uses: Vec<Use> = (0..program.buffers.len())
            .map(|id| Use {
                bytes: bytes(id),
                by: empty(),
                stays: program.all_outputs().any(|port| port.view.buffer.0 == id),
            })
            .collect();
        let dependencies = Dependencies::of(program);
        let mut calls = vec![];
        let mut first_of_stage = 0;
        for (index, call) in program.calls.iter().enumerate() {
            if program.stage(index) > program.stage(first_of_stage) {
                first_of_stage = index;
            }
            let mut before = empty();
            dependencies.before[index]
                .iter()
                .for_each(|call| add(&mut before, *call));
            (0..first_of_stage).for_each(|call| add(&mut before, call));
            let views = call.inputs.iter().chain(&call.outputs);
            let touched: BTreeSet<usize> = views.map(|view| view.buffer.0).filter(is_arena).collect();
            touched.iter().for_each(|id| add(&mut uses[*id].by, index));
            calls.push(Call {
                before,
                uses: touched.into_iter().collect(),
                shared: shared(program, index, distances[index], alignment)
                    .filter(|(buffers, _)| buffers.iter().all(is_arena)),
            });
        }
        let states = (0..program.buffers.len()).filter(|id| program.buffers[*id].storage == Storage::State);
        Self {
            always: states.map(bytes).sum(),
            calls,
            uses,
        }
    }

    fn run(&self) -> Orders {
        let words = self.calls.len().div_ceil(64);
        // No order is shorter than what one call takes.
        let floor = self.calls.iter().map(|call| self.alone(call)).max().unwrap_or(0);
        let none = vec![0; words].into_boxed_slice();
        let mut states = vec![State {
            done: none,
            live: self.always,
            from: None,
        }];
        let mut seen: HashSet<Set> = HashSet::new();
        // The least length first, then the most calls, so that one of the best is followed to its end.
        let mut open = BinaryHeap::from([(Reverse(floor), 0, Reverse(0))]);
        let mut work = MOST_WORK;
        while let Some((Reverse(length), count, Reverse(index))) = open.pop() {
            if count == self.calls.len() {
                return Orders {
                    bound: length,
                    order: Some(path(&states, index)),
                };
            }
            if !seen.insert(states[index].done.clone()) {
                continue;
            }
            let left = work.checked_sub(self.calls.len() * words);
            let Some(left) = left.filter(|_| states.len() < MOST_STATES) else {
                return Orders {
                    bound: length,
                    order: None,
                };
            };
            work = left;
            for (call, most, live) in self.next(&states[index], length) {
                let mut done = states[index].done.clone();
                add(&mut done, call);
                if !seen.contains(&done) {
                    open.push((Reverse(length.max(most)), count + 1, Reverse(states.len())));
                    states.push(State {
                        done,
                        live,
                        from: Some((index, call)),
                    });
                }
            }
        }
        unreachable!("calls depend on earlier ones only, so that one can always run")
    }

    /// What is live at least while a call runs.
    fn alone(&self, call: &Call) -> usize {
        let uses: usize = call.uses.iter().map(|id| self.uses[*id].bytes).sum();
        self.always + uses - call.shared.map_or(0, |(_, bytes)| bytes)
    }

    /// The calls that can run next, with what is live while each runs and after it. Only one, if there is one that
    /// neither takes more than this path has taken nor leaves more live: to run it first makes no order worse.
    fn next(&self, state: &State, length: usize) -> Vec<(usize, usize, usize)> {
        let mut found = vec![];
        for (index, call) in self.calls.iter().enumerate() {
            if has(&state.done, index) || !is_within(&call.before, &state.done) {
                continue;
            }
            let (most, live) = self.after(state, index);
            if most <= length && live <= state.live {
                return vec![(index, most, live)];
            }
            found.push((index, most, live));
        }
        found
    }

    /// What is live while a call runs, and after it.
    fn after(&self, state: &State, index: usize) -> (usize, usize) {
        let call = &self.calls[index];
        let mut done = state.done.clone();
        add(&mut done, index);
        let is_over = |buffer: &Use| !buffer.stays && is_within(&buffer.by, &done);
        let is_new = |buffer: &Use| buffer.by.iter().zip(&state.done).all(|(by, done)| by & done == 0);
        let (mut most, mut freed) = (state.live, 0);
        for buffer in call.uses.iter().map(|id| &self.uses[*id]) {
            most += if is_new(buffer) { buffer.bytes } else { 0 };
            freed += if is_over(buffer) { buffer.bytes } else { 0 };
        }
        let live = most - freed;
        let shared = call
            .shared
            .filter(|([operand, output], _)| is_over(&self.uses[*operand]) && is_new(&self.uses[*output]));
        (most - shared.map_or(0, |(_, bytes)| bytes), live)
    }
}

/// The operand in whose place a call may compute its output, at once or row by row, if it is the last to read it; that
/// output; and the bytes that both have in common then.
fn shared(
    program: &Program,
    index: usize,
    distances: Option<Distances>,
    alignment: usize,
) -> Option<([usize; 2], usize)> {
    let call = &program.calls[index];
    let output = call.outputs.first()?;
    let whole = |view: &View| view.offset == 0 && view.len == program.buffer(view.buffer).len;
    let bytes = |view: &View| program.buffer(view.buffer).bytes();
    let alone = |input: usize| {
        let view = call.inputs[input];
        let reads = call.inputs.iter().filter(|input| input.buffer == view.buffer);
        (reads.count() == 1 && whole(&view) && whole(output)).then_some(view)
    };
    let in_place = call
        .in_place
        .and_then(alone)
        .filter(|view| bytes(view) == bytes(output));
    if let Some(view) = in_place {
        let shared = bytes(&view).next_multiple_of(alignment);
        return Some(([view.buffer.0, output.buffer.0], shared));
    }
    let view = distances.and_then(|_| alone(0))?;
    let sizes = [&view, output].map(|view| bytes(view).next_multiple_of(alignment));
    let together = distances?.together(sizes, alignment);
    Some(([view.buffer.0, output.buffer.0], sizes[0] + sizes[1] - together))
}

/// The calls that lead to a state.
fn path(states: &[State], mut index: usize) -> Vec<usize> {
    let mut order = vec![];
    while let Some((before, call)) = states[index].from {
        order.push(call);
        index = before;
    }
    order.reverse();
    order
}

#[cfg(test)]
mod tests {
    use super::all_orders;
    use crate::back::plan::testing::program;

    #[test]
    fn a_search_that_gives_up_says_what_no_order_goes_below() {
        // So many pairs of calls of which the first writes two units and the second makes one of them, and a call that
        // reads all of these and writes a unit.
        let bounds_of = |pairs: usize| {
            let (mut bytes, mut calls) = (vec![], vec![]);
            for pair in 0..pairs {
                bytes.extend([32, 16]);
                calls.extend([(vec![], vec![2 * pair]), (vec![2 * pair], vec![2 * pair + 1])]);
            }
            bytes.push(16);
            calls.push(((0..pairs).map(|pair| 2 * pair + 1).collect(), vec![2 * pairs]));
            let apart = vec![None; calls.len()];
            let found = all_orders(&program(&bytes, &calls, &[2 * pairs]), 16, &apart).unwrap();
            (found.bound, found.order.is_some())
        };
        // The second call of the last pair runs beside the results of all others: two units more than these are.
        assert_eq!(bounds_of(6), (16 * (5 + 3), true));
        // Seventeen pairs may run in so many orders that the eighteenth is not seen in all of them: only what the last
        // call takes is sure.
        assert_eq!(bounds_of(18), (16 * (18 + 1), false));
    }

    #[test]
    fn a_result_takes_the_place_of_an_operand_of_its_size_alone() {
        let bound = |operand: usize, result: usize| {
            let mut program = program(&[operand, result], &[(vec![], vec![0]), (vec![0], vec![1])], &[1]);
            program.calls[1].in_place = Some(0);
            all_orders(&program, 16, &[None, None]).unwrap().bound
        };
        assert_eq!([bound(32, 32), bound(32, 16), bound(16, 32)], [32, 48, 48]);
    }
}
