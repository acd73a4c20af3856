//! Where each buffer of a program is in the arena.
//!
//! The planner knows sizes and who reads what, not what a kernel computes. It orders the calls, lets calls with an
//! in-place form overwrite an operand that nothing reads later, has others that take most overwrite it row by row, and
//! places the buffers.

mod all_orders;
mod draft;
mod growth;
mod lifetime;
mod order;
mod overlap;
mod place;
mod search;
#[cfg(test)]
mod testing;

pub(super) use lifetime::lifetimes;
pub use lifetime::{Block, Lifetime, lower_bound};
pub use place::place;

use crate::ir::program::Program;
use crate::machine::Machine;
use all_orders::Orders;
use draft::Draft;
use lifetime::Chosen;
use overlap::Distances;
use runtime_core::Overlap;

/// Calls up to which several orders and placements are tried for the host too: that takes time with their square.
const MOST_QUICK: usize = 256;

/// The memory plan of one program.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    /// Indices of the program's calls, in the order they run.
    pub order: Vec<usize>,
    /// For each call of the program, whether it runs in place.
    pub in_place: Vec<bool>,
    /// For each call of the program, how its output overlaps its first input, if it does: both are computed row by row.
    pub overlaps: Vec<Option<Overlap>>,
    /// For each buffer, its first byte in the arena; `None` outside the arena.
    pub offsets: Vec<Option<usize>>,
    /// For each buffer, the steps in which it holds something; `None` outside the arena.
    pub lifetimes: Vec<Option<Lifetime>>,
    /// Bytes of the arena.
    pub peak: usize,
    /// What any plan for this order needs at least: the greatest sum of live buffers.
    pub lower_bound: usize,
    /// Whether no placement for this order needs less.
    pub is_least: bool,
    /// What any plan needs at least, whatever the order; `None` where that was not looked for.
    pub any_order: Option<usize>,
}

/// Plans a program for a machine: tries several orders and placements, and keeps the least peak. Where another order
/// might need less, all are searched; where an order might need less than the least that was found, the best placement
/// is.
pub fn plan(program: &Program, machine: &Machine) -> Plan {
    let alignment = machine.alignment();
    let distances = Distances::of(program, machine);
    let mut drafts = drafts(program, alignment, &distances);
    let found = all_orders::all_orders(program, alignment, &distances);
    let least = drafts.iter().map(|draft| draft.lower_bound).min();
    if let Some(Orders {
        bound,
        order: Some(order),
    }) = &found
        && least.is_none_or(|least| *bound < least)
    {
        drafts.push(Draft::of(program, order.clone(), alignment, &distances));
    }
    let mut least = drafts.iter().map(|draft| draft.peak).min().unwrap_or(0);
    for draft in &mut drafts {
        if draft.lower_bound < least {
            let found = search::search(&draft.blocks, least);
            if let Some((offsets, peak)) = found.placement {
                (draft.offsets, draft.peak, least) = (offsets, peak, peak);
            }
            draft.is_least = found.is_least && draft.overlapping.iter().all(Option::is_none);
        }
    }
    let best = drafts.into_iter().min_by_key(|draft| draft.peak);
    let plan = best.map(|draft| draft.plan(program)).unwrap_or_default();
    Plan {
        any_order: found.map(|found| found.bound),
        ..plan
    }
}

/// Plans a program that is only run on the host, and not often: without looking for what needs the least memory. One
/// of many calls keeps the model's own order. Nothing overlaps.
pub fn quick(program: &Program, machine: &Machine) -> Plan {
    let alignment = machine.alignment();
    let apart = vec![None; program.calls.len()];
    if program.calls.len() > MOST_QUICK {
        let order = (0..program.calls.len()).collect();
        return Draft::placed(program, order, alignment, Chosen::none(&apart), place::in_sequence).plan(program);
    }
    let best = drafts(program, alignment, &apart)
        .into_iter()
        .min_by_key(|draft| draft.peak);
    best.map(|draft| draft.plan(program)).unwrap_or_default()
}

/// A plan for each order that is tried.
fn drafts(program: &Program, alignment: usize, distances: &[Option<Distances>]) -> Vec<Draft> {
    let orders = order::candidates(program).into_iter();
    orders
        .map(|order| Draft::of(program, order, alignment, distances))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::testing::program;
    use super::{Machine, Program, plan, quick};

    /// Calls of which each reads what the one before writes.
    fn chain(calls: usize) -> Program {
        let all: Vec<_> = (0..calls)
            .map(|i| (Vec::from_iter(i.checked_sub(1)), vec![i]))
            .collect();
        program(&vec![16; calls], &all, &[calls - 1])
    }

    #[test]
    fn a_plan_that_meets_its_bound_is_the_least_however_many_buffers_there_are() {
        let plan = plan(&chain(600), &Machine::board());
        assert!(plan.is_least && plan.peak == 32 && plan.any_order == Some(32));
    }

    #[test]
    fn a_worse_order_takes_nothing_from_a_better_one() {
        // Something large that is read last: the model computes it first.
        let (mut bytes, mut calls) = (vec![1024], vec![(vec![], vec![0])]);
        for call in 1..600 {
            bytes.push(64);
            calls.push((Vec::from_iter(Some(call - 1).filter(|before| *before > 0)), vec![call]));
        }
        bytes.extend([16, 16]);
        calls.extend([(vec![599], vec![600]), (vec![0, 600], vec![601])]);
        let plan = plan(&program(&bytes, &calls, &[601]), &Machine::board());
        assert_eq!((plan.peak, plan.any_order, plan.is_least), (1056, Some(1056), true));
    }

    #[test]
    fn many_calls_are_planned_quickly_in_their_own_order() {
        let plan = quick(&chain(600), &Machine::board());
        assert!(plan.order.into_iter().eq(0..600) && plan.peak == 32);
    }

    #[test]
    fn the_best_of_all_orders_is_taken_where_the_others_need_more() {
        // The second branch takes much for a moment, and begins with little. What goes on with the least memory has
        // begun both by then, and what finishes branch by branch has finished the first.
        let calls = [
            (vec![], vec![0]),
            (vec![0], vec![1]),
            (vec![], vec![2]),
            (vec![2], vec![3]),
            (vec![3], vec![4]),
            (vec![1, 4], vec![5]),
        ];
        let plan = plan(&program(&[48, 16, 32, 160, 16, 16], &calls, &[5]), &Machine::board());
        assert_eq!(
            (plan.order, plan.peak, plan.any_order),
            (vec![2, 3, 4, 0, 1, 5], 192, Some(192))
        );
    }

    #[test]
    fn a_plan_is_not_called_the_least_where_the_search_has_not_seen_all() {
        // The blocks of which `search` tries some placements for as long as it may, at the steps of one possible order:
        // each call also reads a byte of the one before.
        let (mut bytes, mut calls) = (vec![16; 40], vec![]);
        for step in 0..40_usize {
            calls.push((Vec::from_iter(step.checked_sub(1)), vec![step]));
        }
        for i in 0..60 {
            calls[i / 2].1.push(bytes.len());
            calls[i / 2 + 3 + i % 5].0.push(bytes.len());
            bytes.push(16 * (7 + i * 13 % 17));
        }
        let plan = plan(&program(&bytes, &calls, &[39]), &Machine::board());
        assert_eq!(plan.any_order, Some(plan.lower_bound));
        assert!(plan.peak > plan.lower_bound && !plan.is_least);
    }
}
