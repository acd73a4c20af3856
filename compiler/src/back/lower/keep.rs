//! What a run leaves in the states.

use super::copied;
use crate::bindings::Copy;
use crate::ir::program::{BufferId, Program, Storage, View};
use crate::ir::{Graph, State, Values};

/// Lets calls put what the run leaves into the states that are `chosen`, or copies it there, after all that reads
/// these: the memory plan keeps that order.
pub(super) fn keep(graph: &Graph, program: &mut Program, values: &mut Values, chosen: fn(&State) -> bool) {
    let mut nexts = vec![];
    let changing = |state: &&State| state.next != state.value && chosen(state);
    for state in graph.states().iter().filter(changing) {
        let next = values.view(graph, program, state.next);
        // What is in a state, this or another, is taken out before any of them changes.
        let is_state = program.buffer(next.buffer).storage == Storage::State;
        let name = format!("{}_next", state.name);
        nexts.push(if is_state {
            copied(graph, program, values, &name, state.next, next)
        } else {
            next
        });
    }
    let kept: Vec<BufferId> = nexts.iter().map(|next| next.buffer).collect();
    let states = graph.states().iter().enumerate().filter(|(_, state)| changing(state));
    for ((index, state), next) in states.zip(nexts) {
        let view = program.states[index].view;
        let once = kept.iter().filter(|buffer| **buffer == next.buffer).count() == 1;
        match in_place(program, view, next).filter(|_| once) {
            Some(call) => program.calls[call].outputs[0] = view,
            None => {
                let ty = graph.ty(state.next);
                values.add_copy(program, Copy::of(ty.dtype), next, view, &state.name, state.next, ty);
            }
        }
    }
}

/// The call that can compute `next` in the place of `state`: one with an in-place form, which reads the state as the
/// operand that it overwrites, and after which the state is not read and only the state is made from `next`.
fn in_place(program: &Program, state: View, next: View) -> Option<usize> {
    let writes = |call: &crate::ir::program::Call| call.outputs.iter().any(|view| view.buffer == next.buffer);
    let mut writers = program.calls.iter().enumerate().filter(|(_, call)| writes(call));
    let (index, call) = writers.next()?;
    let operand = *call.inputs.get(call.in_place?)?;
    let reads_once = call.inputs.iter().filter(|view| view.buffer == state.buffer).count() == 1;
    let fits = operand == state && call.outputs[..] == [next] && next.len == program.buffer(next.buffer).len;
    let later = program.calls[index + 1..].iter().flat_map(|call| &call.inputs);
    let is_read = later
        .into_iter()
        .any(|view| view.buffer == state.buffer || view.buffer == next.buffer);
    let is_output = program.all_outputs().any(|port| port.view.buffer == next.buffer);
    // A call that runs again would change the state again.
    let runs_once = program
        .repetitions
        .iter()
        .all(|repetition| !repetition.calls.contains(&index));
    (writers.next().is_none() && runs_once && reads_once && fits && !is_read && !is_output).then_some(index)
}
