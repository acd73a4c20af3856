//! What any order of the calls needs at least, against all orders one by one.

use super::plan::{cases, graph};
use edgec::back::lower::lower;
use edgec::back::plan::plan;
use edgec::ir::program::{BufferId, Program, Storage, View};
use edgec::machine::Machine;
use edgec::middle::passes::{REQUIRED, run};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Calls of which all orders are tried.
const FEW: usize = 6;

/// The least of the greatest sums that are live, over all orders that give what the program gives.
struct Orders<'a> {
    program: &'a Program,
    alignment: usize,
    least: usize,
}

impl Orders<'_> {
    fn of(program: &Program, alignment: usize) -> usize {
        let mut orders = Orders {
            program,
            alignment,
            least: usize::MAX,
        };
        orders.go_on(&mut vec![], 0);
        orders.least
    }

    fn go_on(&mut self, order: &mut Vec<usize>, most: usize) {
        if order.len() == self.program.calls.len() {
            self.least = self.least.min(most);
            return;
        }
        for call in 0..self.program.calls.len() {
            let waits = (0..call).any(|earlier| !order.contains(&earlier) && self.must_follow(call, earlier));
            if !order.contains(&call) && !waits {
                let most = most.max(self.live(order, call));
                order.push(call);
                self.go_on(order, most);
                order.pop();
            }
        }
    }

    /// Whether a call reads what an earlier one of the program writes, or writes what that reads.
    fn must_follow(&self, later: usize, earlier: usize) -> bool {
        let [later, earlier] = [later, earlier].map(|index| &self.program.calls[index]);
        let meets = |a: &[View], b: &[View]| a.iter().any(|a| b.iter().any(|b| a.buffer == b.buffer));
        meets(&later.inputs, &earlier.outputs) || meets(&later.outputs, &earlier.inputs)
    }

    fn touches(&self, calls: impl IntoIterator<Item = usize>) -> BTreeSet<usize> {
        let calls = calls.into_iter().map(|index| &self.program.calls[index]);
        let views = calls.flat_map(|call| call.inputs.iter().chain(&call.outputs));
        views.map(|view| view.buffer.0).collect()
    }

    /// Bytes that are live while `call` runs after `done`.
    fn live(&self, done: &[usize], call: usize) -> usize {
        let program = self.program;
        let rest = (0..program.calls.len()).filter(|other| !done.contains(other) && *other != call);
        let (before, now, after) = (
            self.touches(done.iter().copied()),
            self.touches([call]),
            self.touches(rest),
        );
        let is_output = |id: usize| program.all_outputs().any(|port| port.view.buffer == BufferId(id));
        let bytes = |id: usize| program.buffers[id].bytes().next_multiple_of(self.alignment);
        let is_live = |id: &usize| match program.buffers[*id].storage {
            Storage::State => true,
            Storage::Arena => now.contains(id) || before.contains(id) && (after.contains(id) || is_output(*id)),
            _ => false,
        };
        let live: usize = (0..program.buffers.len()).filter(is_live).map(bytes).sum();
        let call = &program.calls[call];
        let Some(operand) = call.in_place.map(|index| call.inputs[index]) else {
            return live;
        };
        let (x, y) = (operand.buffer.0, call.outputs[0].buffer.0);
        let in_arena = [x, y].iter().all(|id| program.buffers[*id].storage == Storage::Arena);
        let whole = |view: &View| view.offset == 0 && view.len == program.buffer(view.buffer).len;
        let once = call.inputs.iter().filter(|view| view.buffer.0 == x).count() == 1;
        let last = !after.contains(&x) && !is_output(x) && !before.contains(&y);
        let same = program.buffers[x].bytes() == program.buffers[y].bytes();
        let shared = in_arena && whole(&operand) && whole(&call.outputs[0]) && once && last && same;
        live - if shared { bytes(x) } else { 0 }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn no_order_needs_less_than_the_plan_says((shapes, steps, outputs, states) in cases()) {
        let mut graph = graph(&shapes, &steps, &outputs, &states);
        run(&mut graph, REQUIRED, &mut |_, _| {}).unwrap();
        let machine = Machine::board();
        let program = lower(&graph, &machine).unwrap();
        let plan = plan(&program, &machine);
        if let Some(least) = plan.any_order {
            prop_assert!(least <= plan.peak, "{least} is more than the plan takes, {}", plan.peak);
            if program.calls.len() <= FEW {
                prop_assert_eq!(least, Orders::of(&program, machine.alignment()));
            }
        } else {
            prop_assert!(program.calls.is_empty());
        }
    }
}
