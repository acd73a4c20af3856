//! A second opinion on memory plans, from what a program reads and writes and where the plan puts it. Nothing of the
//! planner is used: lifetimes, overlaps and sums are worked out here once more.
//!
//! | file | checks |
//! |---|---|
//! | `lives` | how long each buffer is needed, and what that sums up to |
//! | `replay` | that what a call reads is still there, loops and the next run included |
//! | `random` | nothing: it makes programs of all shapes that the planner may meet |

mod lives;
pub mod random;
mod replay;

use edgec::back::Report;
use edgec::back::plan::Plan;
use edgec::ir::program::{BufferId, Program, View};
use lives::Life;
use std::ops::Range;

/// What a sound plan comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// The most bytes that are live at one step: the plan needs no less in its order.
    pub live: usize,
    /// Calls that run in place.
    pub in_place: usize,
    /// Calls that overwrite their input row by row.
    pub overlapping: usize,
    /// Pairs of buffers that share bytes of the arena, one after the other.
    pub shared: usize,
}

/// Checks the plan of a program for a machine with this alignment.
///
/// # Errors
/// The first thing that is wrong with it.
pub fn check(program: &Program, plan: &Plan, alignment: usize) -> Result<Figures, String> {
    order_is_possible(program, plan)?;
    places_are_in_the_arena(program, plan, alignment)?;
    in_place_is_possible(program, plan)?;
    overlaps_are_possible(program, plan)?;
    let lives = lives::of(program, plan)?;
    for (id, (found, planned)) in lives.iter().zip(&plan.lifetimes).enumerate() {
        let planned = planned.as_ref().map(|life| Life {
            first: life.first,
            last: life.last,
        });
        if *found != planned {
            return Err(format!(
                "`{}` is needed in {found:?}, and planned for {planned:?}",
                name(program, id)
            ));
        }
    }
    let shared = nothing_live_overlaps(program, plan, &lives)?;
    replay::replay(program, plan)?;
    let live = lives::most(program, plan, &lives, alignment);
    if live != plan.lower_bound {
        return Err(format!(
            "{live} bytes are live at one step, and the bound is {}",
            plan.lower_bound
        ));
    }
    if plan.is_least && plan.peak < live || plan.any_order.is_some_and(|bound| bound > live) {
        return Err(format!("no bound can be above {live} bytes: {plan:?}"));
    }
    Ok(Figures {
        live,
        in_place: plan.in_place.iter().filter(|in_place| **in_place).count(),
        overlapping: plan.overlaps.iter().flatten().count(),
        shared,
    })
}

/// Checks that the report tells of each call what program and plan do.
///
/// # Errors
/// The first difference.
pub fn check_report(program: &Program, plan: &Plan, report: &Report) -> Result<(), String> {
    let lives = lives::of(program, plan)?;
    if report.calls.len() != plan.order.len() || report.ram != plan.peak {
        return Err("the report has other calls or another arena than the plan".into());
    }
    for (told, index) in report.calls.iter().zip(&plan.order) {
        let output = &program.calls[*index].outputs[0];
        let place = bytes(program, plan, output).ok_or("an output is outside of the arena")?;
        let life = told.lifetime.map(|life| Life {
            first: life.first,
            last: life.last,
        });
        let same = told.arena == [place.start, place.end]
            && told.in_place == plan.in_place[*index]
            && told.overlaps == plan.overlaps[*index].is_some()
            && life == lives[output.buffer.0];
        if !same {
            return Err(format!(
                "the report has {:?} of `{}` at {place:?}, {life:?}",
                told.arena, told.name
            ));
        }
    }
    Ok(())
}

fn name(program: &Program, id: usize) -> &str {
    &program.buffers[id].name
}

/// Bytes of the arena that a view covers; `None` if it is elsewhere.
fn bytes(program: &Program, plan: &Plan, view: &View) -> Option<Range<usize>> {
    let size = program.buffer(view.buffer).dtype.size();
    let start = plan.offsets[view.buffer.0]? + view.offset * size;
    Some(start..start + view.len * size)
}

/// Bytes of the arena that a buffer covers.
fn place(program: &Program, plan: &Plan, id: usize) -> Option<Range<usize>> {
    plan.offsets[id].map(|start| start..start + program.buffers[id].bytes())
}

fn overlap(a: &Range<usize>, b: &Range<usize>) -> bool {
    a.start < b.end && b.start < a.end
}

/// Each call runs once, those of inference first; calls that are repeated stay as they are. What calls read is looked
/// at by the replay.
fn order_is_possible(program: &Program, plan: &Plan) -> Result<(), String> {
    let mut order = plan.order.clone();
    if !order.is_sorted_by_key(|call| program.stage(*call)) {
        return Err("a call of a later stage, such as training, comes before one of inference or gradients".into());
    }
    if !program.repetitions.is_empty() && !order.is_sorted() {
        return Err("calls have changed places although some are repeated".into());
    }
    order.sort_unstable();
    match order.into_iter().eq(0..program.calls.len()) {
        true => Ok(()),
        false => Err(format!("the order is no order of the calls: {:?}", plan.order)),
    }
}

/// What belongs into the arena is there, aligned, and nothing else; the arena ends where the last of it does.
fn places_are_in_the_arena(program: &Program, plan: &Plan, alignment: usize) -> Result<(), String> {
    let mut end = 0;
    for (id, buffer) in program.buffers.iter().enumerate() {
        let Some(place) = place(program, plan, id) else {
            continue;
        };
        if !buffer.storage.is_in_arena() {
            return Err(format!(
                "`{}` is no tensor of the arena and has a place in it",
                buffer.name
            ));
        }
        if !place.start.is_multiple_of(alignment) {
            return Err(format!("`{}` is at {}: not aligned", buffer.name, place.start));
        }
        if place.end > plan.peak {
            return Err(format!(
                "`{}` leaves the arena: {place:?} of {}",
                buffer.name, plan.peak
            ));
        }
        end = end.max(place.end.next_multiple_of(alignment));
    }
    for call in &program.calls {
        for view in call.inputs.iter().chain(&call.outputs) {
            let buffer = program.buffer(view.buffer);
            if view.offset + view.len > buffer.len {
                return Err(format!("a view of `{}` is larger than it", buffer.name));
            }
            if buffer.storage.is_in_arena() && plan.offsets[view.buffer.0].is_none() {
                return Err(format!("`{}` has no place in the arena", buffer.name));
            }
        }
    }
    match plan.peak == end {
        true => Ok(()),
        false => Err(format!("the arena has {} bytes, and {end} are used", plan.peak)),
    }
}

/// A call runs in place only where its kernel has such a form, over an operand that it reads once, from end to end.
fn in_place_is_possible(program: &Program, plan: &Plan) -> Result<(), String> {
    for (call, _) in program.calls.iter().zip(&plan.in_place).filter(|(_, yes)| **yes) {
        let operand = call.in_place.map(|input| call.inputs[input]);
        let (Some(operand), Some(output)) = (operand, call.outputs.first()) else {
            return Err(format!("`{}` runs in place and has no operand for that", call.name));
        };
        if call.kernel.in_place_name().is_none() {
            return Err(format!("`{}` runs in place and has no such form", call.name));
        }
        if bytes(program, plan, &operand) != bytes(program, plan, output) {
            return Err(format!("`{}` runs in place, but not where its operand is", call.name));
        }
        let reads = call.inputs.iter().filter(|view| view.buffer == operand.buffer);
        if reads.count() != 1 {
            return Err(format!("`{}` reads twice what it overwrites", call.name));
        }
    }
    Ok(())
}

/// A call overwrites its input row by row only where its kernel has parts, and the emitted places are those of the
/// plan. That nothing is overwritten too early is looked at by the replay.
fn overlaps_are_possible(program: &Program, plan: &Plan) -> Result<(), String> {
    let calls = program.calls.iter().zip(&plan.overlaps).zip(&plan.in_place);
    for ((call, overlap), in_place) in calls {
        let Some(overlap) = overlap else { continue };
        let [x, y] = [call.inputs.first(), call.outputs.first()].map(|view| {
            let view = view.filter(|view| view.len == program.buffer(view.buffer).len)?;
            Some((program.buffer(view.buffer).dtype, bytes(program, plan, view)?))
        });
        let (Some((x_type, x)), Some((y_type, y))) = (x, y) else {
            return Err(format!(
                "`{}` overlaps what is not whole or not in the arena",
                call.name
            ));
        };
        let size = x_type.size();
        let first = x.start.min(y.start);
        let same = (first + overlap.input * size, first + overlap.output * size) == (x.start, y.start);
        if *in_place || x_type != y_type || !call.kernel.divides() || !same {
            return Err(format!("`{}` cannot overlap its input as {overlap:?}", call.name));
        }
        let reads = call.inputs.iter().filter(|view| view.buffer == call.inputs[0].buffer);
        if reads.count() != 1 {
            return Err(format!("`{}` reads twice what it overwrites", call.name));
        }
    }
    Ok(())
}

/// Buffers that are needed at one step have no byte in common, except where a call overwrites its operand: then the one
/// ends and the other begins at that step.
fn nothing_live_overlaps(program: &Program, plan: &Plan, lives: &[Option<Life>]) -> Result<usize, String> {
    let live = lives.iter().enumerate().filter_map(|(id, life)| {
        let place = place(program, plan, id).filter(|place| !place.is_empty())?;
        Some((id, (*life)?, place))
    });
    let live: Vec<_> = live.collect();
    let mut shared = 0;
    for (i, (id, life, place)) in live.iter().enumerate() {
        for (other_id, other_life, other_place) in &live[i + 1..] {
            if !overlap(place, other_place) {
                continue;
            }
            shared += 1;
            let declared = || hands_over(program, plan, (*id, life), (*other_id, other_life));
            if life.meets(other_life) && !declared() {
                let (one, other) = (name(program, *id), name(program, *other_id));
                return Err(format!(
                    "`{one}` at {place:?} in {life:?} overlaps `{other}` at {other_place:?} in {other_life:?}"
                ));
            }
        }
    }
    Ok(shared)
}

/// Whether the one of two buffers is overwritten by the other, at the only step at which both are needed.
fn hands_over(program: &Program, plan: &Plan, one: (usize, &Life), other: (usize, &Life)) -> bool {
    let (from, to) = if one.1.last == other.1.first {
        (one, other)
    } else {
        (other, one)
    };
    let Some(index) = plan.order.get(to.1.first).filter(|_| from.1.last == to.1.first) else {
        return false;
    };
    let output = program.calls[*index].outputs.first().map(|view| view.buffer);
    let operand = overwritten(program, plan, *index).map(|view| view.buffer);
    operand == Some(BufferId(from.0)) && output == Some(BufferId(to.0))
}

/// The operand that a call overwrites by its first output: in place, or row by row.
fn overwritten(program: &Program, plan: &Plan, index: usize) -> Option<View> {
    let call = &program.calls[index];
    match plan.overlaps[index] {
        Some(_) => call.inputs.first().copied(),
        None => call
            .in_place
            .filter(|_| plan.in_place[index])
            .map(|input| call.inputs[input]),
    }
}
