//! Runs a plan on a model of the arena that remembers which buffer each byte belongs to.

use super::{bytes, name, overlap};
use edgec::back::plan::Plan;
use edgec::ir::program::{Program, Step, Storage, View};
use std::ops::Range;

/// What bytes of the arena hold, and of which buffer.
struct Arena(Vec<(Range<usize>, usize)>);

impl Arena {
    fn write(&mut self, at: Range<usize>, buffer: usize) {
        if at.is_empty() {
            return;
        }
        let mut rest = vec![];
        for (held, id) in self.0.drain(..) {
            let parts = [held.start..held.end.min(at.start), held.start.max(at.end)..held.end];
            match overlap(&held, &at) {
                true => rest.extend(parts.into_iter().filter(|part| !part.is_empty()).map(|part| (part, id))),
                false => rest.push((held, id)),
            }
        }
        rest.push((at, buffer));
        self.0 = rest;
    }

    /// Whether all of the bytes are the buffer's.
    fn holds(&self, at: &Range<usize>, buffer: usize) -> bool {
        let own = self.0.iter().filter(|(held, id)| *id == buffer && overlap(held, at));
        let bytes: usize = own
            .map(|(held, _)| held.end.min(at.end) - held.start.max(at.start))
            .sum();
        bytes == at.len()
    }
}

/// Runs the plan twice over one arena, each loop for two trips. What a call reads, what the caller gets and what is
/// kept must be what was written last under that name.
pub(super) fn replay(program: &Program, plan: &Plan) -> Result<(), String> {
    let mut arena = Arena(vec![]);
    for (id, buffer) in program.buffers.iter().enumerate() {
        if buffer.storage == Storage::State {
            arena.write(super::place(program, plan, id).ok_or("a state has no place")?, id);
        }
    }
    for _ in 0..2 {
        // What the run before has left are its states.
        arena.0.retain(|(_, id)| program.buffers[*id].storage == Storage::State);
        steps(program, plan, &mut arena, 0..program.calls.len())?;
        for port in program.all_outputs() {
            read(program, plan, &arena, &port.view, "the caller")?;
        }
        for (id, buffer) in program.buffers.iter().enumerate() {
            let place = super::place(program, plan, id).filter(|_| buffer.storage == Storage::State);
            if place.is_some_and(|place| !arena.holds(&place, id)) {
                return Err(format!("the state `{}` is overwritten", buffer.name));
            }
        }
    }
    Ok(())
}

fn steps(program: &Program, plan: &Plan, arena: &mut Arena, range: Range<usize>) -> Result<(), String> {
    for step in program.steps(range) {
        match step {
            Step::Call(place) => call(program, plan, arena, plan.order[place])?,
            Step::Repeat(repetition) => {
                for _ in 0..2 {
                    read(program, plan, arena, &repetition.going, "a loop")?;
                    steps(program, plan, arena, repetition.calls.clone())?;
                }
                read(program, plan, arena, &repetition.going, "a loop")?;
            }
        }
    }
    Ok(())
}

fn read(program: &Program, plan: &Plan, arena: &Arena, view: &View, who: &str) -> Result<(), String> {
    let Some(place) = bytes(program, plan, view) else {
        return Ok(());
    };
    match arena.holds(&place, view.buffer.0) {
        true => Ok(()),
        false => Err(format!(
            "{who} reads `{}` at {place:?}, where something else is",
            name(program, view.buffer.0)
        )),
    }
}

fn call(program: &Program, plan: &Plan, arena: &mut Arena, index: usize) -> Result<(), String> {
    let call = &program.calls[index];
    for view in &call.inputs {
        read(program, plan, arena, view, &call.name)?;
    }
    let over = call.in_place.filter(|_| plan.in_place[index]);
    let over = if plan.overlaps[index].is_some() { Some(0) } else { over };
    for (number, output) in call.outputs.iter().enumerate() {
        let written = bytes(program, plan, output).ok_or("an output is outside of the arena")?;
        for (input, view) in call.inputs.iter().enumerate() {
            let is_read = bytes(program, plan, view).is_some_and(|place| overlap(&place, &written));
            if is_read && !(number == 0 && over == Some(input)) {
                return Err(format!("`{}` overwrites what it reads", call.name));
            }
        }
        for other in &call.outputs[..number] {
            if bytes(program, plan, other).is_some_and(|place| overlap(&place, &written)) {
                return Err(format!("`{}` writes two results to one place", call.name));
            }
        }
    }
    if plan.overlaps[index].is_some() {
        by_rows(program, plan, arena, index)?;
    }
    for output in &call.outputs {
        if let Some(place) = bytes(program, plan, output) {
            arena.write(place, output.buffer.0);
        }
    }
    Ok(())
}

/// Runs a call that overwrites its input row by row: from the first row on where the output begins before the input,
/// else from the last one. What each step reads must be there still, and the steps must write all of the output.
fn by_rows(program: &Program, plan: &Plan, arena: &mut Arena, index: usize) -> Result<(), String> {
    let call = &program.calls[index];
    let Some(overlap) = plan.overlaps[index].filter(|overlap| overlap.step > 0) else {
        return Err(format!("`{}` has steps of no rows", call.name));
    };
    let (x, y) = (call.inputs[0], call.outputs[0]);
    let steps = (overlap.rows / overlap.step).max(1);
    let up = overlap.output <= overlap.input;
    let mut written = 0;
    for step in 0..steps {
        // What is left over is computed in the last step.
        let all = if step + 1 == steps {
            overlap.rows - step * overlap.step
        } else {
            overlap.step
        };
        let before = step * overlap.step;
        let rows = if up {
            before..before + all
        } else {
            overlap.rows - before - all..overlap.rows - before
        };
        let part = call
            .kernel
            .part(rows.clone())
            .ok_or(format!("`{}` has no part of {rows:?}", call.name))?;
        let seen = View {
            offset: part.inputs[0].start,
            len: part.inputs[0].len(),
            ..x
        };
        let given = View {
            offset: part.output.start,
            len: part.output.len(),
            ..y
        };
        read(program, plan, arena, &seen, &format!("{rows:?} of {}", call.name))?;
        let places = [bytes(program, plan, &seen), bytes(program, plan, &given)];
        if let [Some(seen), Some(given)] = places {
            if super::overlap(&seen, &given) {
                return Err(format!("`{}` overwrites what it reads for {rows:?}", call.name));
            }
            arena.write(given, y.buffer.0);
        }
        written += part.output.len();
    }
    match written == y.len {
        true => Ok(()),
        false => Err(format!("`{}` writes {written} elements of {}", call.name, y.len)),
    }
}
