//! How long each buffer is needed, from what calls read and write.

use super::{name, overwritten};
use edgec::back::plan::Plan;
use edgec::ir::program::{Program, Storage};

/// The steps at which a buffer is needed, both included. One after the last call is the caller's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    pub(super) first: usize,
    pub(super) last: usize,
}

impl Life {
    pub(super) fn meets(&self, other: &Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }

    fn has(&self, step: usize) -> bool {
        (self.first..=self.last).contains(&step)
    }
}

/// The lives of all buffers of the arena in the plan's order.
pub(super) fn of(program: &Program, plan: &Plan) -> Result<Vec<Option<Life>>, String> {
    let end = plan.order.len();
    let ids = 0..program.buffers.len();
    ids.map(|id| match program.buffers[id].storage {
        Storage::Arena => of_one(program, plan, id),
        // Before the first call and after the last it holds what goes from run to run.
        Storage::State => Ok(Some(Life { first: 0, last: end })),
        Storage::Input(_) | Storage::Constant(_) => Ok(None),
    })
    .collect()
}

/// The life of a buffer that a run begins without.
fn of_one(program: &Program, plan: &Plan, id: usize) -> Result<Option<Life>, String> {
    let calls = plan.order.iter().map(|index| &program.calls[*index]);
    let touched: Vec<usize> = calls
        .enumerate()
        .filter(|(_, call)| {
            let mut views = call.inputs.iter().chain(&call.outputs);
            views.any(|view| view.buffer.0 == id)
        })
        .map(|(step, _)| step)
        .collect();
    let is_given = program.all_outputs().any(|port| port.view.buffer.0 == id);
    let (Some(first), Some(last)) = (touched.first().copied(), touched.last().copied()) else {
        return match is_given {
            true => Err(format!("the output `{}` is written by no call", name(program, id))),
            false => Ok(None),
        };
    };
    // A trip of a loop begins with what came before the first one, so that the last trip may still read it.
    let kept = program.repetitions.iter().filter_map(|repetition| {
        let calls = &repetition.calls;
        let is_read_inside = touched.iter().any(|step| calls.contains(step));
        (first < calls.start && is_read_inside).then_some(calls.end - 1)
    });
    let last = kept.fold(last, usize::max);
    Ok(Some(Life {
        first,
        last: if is_given { plan.order.len() } else { last },
    }))
}

/// The most bytes of whole, aligned buffers that are needed at one step. What a call overwrites of its operand counts
/// once.
pub(super) fn most(program: &Program, plan: &Plan, lives: &[Option<Life>], alignment: usize) -> usize {
    let size = |id: usize| program.buffers[id].bytes().next_multiple_of(alignment);
    let at = |step: usize| {
        let live = lives.iter().enumerate();
        let live: usize = live
            .filter(|(_, life)| life.is_some_and(|life| life.has(step)))
            .map(|(id, _)| size(id))
            .sum();
        let Some(call) = plan.order.get(step).map(|index| &program.calls[*index]) else {
            return live;
        };
        // A state that is computed in its own place is one buffer anyway.
        let over = overwritten(program, plan, plan.order[step]).filter(|view| view.buffer != call.outputs[0].buffer);
        let both = over.map(|view| [view.buffer.0, call.outputs[0].buffer.0]);
        let common = both.map(|both| {
            let [one, other] = both.map(|id| {
                let start = plan.offsets[id].unwrap_or_default();
                start..start + size(id)
            });
            one.end.min(other.end).saturating_sub(one.start.max(other.start))
        });
        live - common.unwrap_or(0)
    };
    (0..=plan.order.len()).map(at).max().unwrap_or(0)
}
