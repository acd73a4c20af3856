//! Memory plans of random programs, looked at by a checker that shares nothing with the planner.
//! `EDGEC_SEEDS=0..10000` tries that many.

use crate::seeds::seeds;
use codegen_tests::plans::{check, random};
use edgec::back::plan::{Plan, plan};
use edgec::ir::program::Program;
use edgec::machine::{Machine, Overlapping};

#[test]
fn plans_of_random_programs_are_sound() {
    let (mut in_place, mut overlapping, mut shared, mut optimal, mut plans) = (0, 0, 0, 0, 0);
    for seed in seeds(0..300) {
        let program = random::program(seed);
        for machine in [
            Machine::board(),
            Machine::mcu(),
            Machine::mcu().overlap(Overlapping::Always),
        ] {
            let plan = plan(&program, &machine);
            let figures = check(&program, &plan, machine.alignment());
            let figures = figures.unwrap_or_else(|wrong| panic!("seed {seed} for {}: {wrong}", machine.name));
            in_place += figures.in_place;
            overlapping += figures.overlapping;
            shared += figures.shared;
            optimal += usize::from(plan.any_order == Some(plan.peak));
            plans += 1;
        }
    }
    println!(
        "{plans} plans: {in_place} calls in place, {overlapping} by rows, {shared} pairs that share bytes, {optimal} plans \
         optimal"
    );
    // Otherwise nothing was looked at.
    assert!(in_place > plans / 2 && overlapping > plans / 8 && shared > plans && optimal > plans / 2);
}

/// Does something wrong to a plan; whether that is possible in this one.
type Damage = fn(&Program, &mut Plan) -> bool;

/// The buffers of the arena with bytes, by number.
fn placed(program: &Program, plan: &Plan) -> Vec<usize> {
    let ids = 0..program.buffers.len();
    ids.filter(|id| plan.offsets[*id].is_some() && program.buffers[*id].len > 0)
        .collect()
}

/// What a planner could get wrong, and what the checker says of it.
const DAMAGES: &[(&str, Damage)] = &[
    ("overlaps", |program, plan| {
        // A buffer where another one is that is needed at the same time.
        let placed = placed(program, plan);
        let pairs = placed.iter().flat_map(|a| placed.iter().map(move |b| (*a, *b)));
        let clash = pairs.into_iter().find(|(a, b)| {
            let (one, other) = (plan.lifetimes[*a].unwrap(), plan.lifetimes[*b].unwrap());
            let fits = program.buffers[*a].bytes() <= program.buffers[*b].bytes();
            a != b && fits && one.first < other.last && other.first < one.last && plan.offsets[*a] != plan.offsets[*b]
        });
        clash.is_some_and(|(a, b)| {
            plan.offsets[a] = plan.offsets[b];
            true
        })
    }),
    ("not aligned", |program, plan| {
        let id = placed(program, plan).pop();
        id.is_some_and(|id| {
            plan.offsets[id] = plan.offsets[id].map(|offset| offset + 1);
            true
        })
    }),
    ("leaves the arena", |program, plan| {
        let last = placed(program, plan).into_iter().max_by_key(|id| plan.offsets[*id]);
        last.is_some_and(|id| {
            plan.peak = plan.offsets[id].unwrap();
            true
        })
    }),
    ("are used", |_, plan| {
        plan.peak += 64;
        true
    }),
    ("planned for", |program, plan| {
        // Kept for too short.
        let mut lives = plan.lifetimes.iter_mut().flatten();
        let life = lives.find(|life| life.first < life.last && life.last < program.calls.len());
        life.is_some_and(|life| {
            life.last -= 1;
            true
        })
    }),
    ("overlaps", |program, plan| {
        // A call that runs in place and is not said to.
        let pair = (0..program.calls.len()).find(|index| {
            let call = &program.calls[*index];
            let operand = call.in_place.map(|input| call.inputs[input].buffer);
            plan.in_place[*index] && operand != Some(call.outputs[0].buffer)
        });
        pair.is_some_and(|index| {
            plan.in_place[index] = false;
            true
        })
    }),
    ("in place", |program, plan| {
        // A call that is said to run in place and does not.
        let other = (0..program.calls.len()).find(|index| !plan.in_place[*index]);
        other.is_some_and(|index| {
            plan.in_place[index] = true;
            true
        })
    }),
    ("reads", |program, plan| {
        // An output that begins where the input does that it overwrites row by row.
        let call =
            (0..program.calls.len()).find(|index| plan.overlaps[*index].is_some_and(|overlap| overlap.output == 0));
        call.is_some_and(|index| {
            let call = &program.calls[index];
            plan.offsets[call.outputs[0].buffer.0] = plan.offsets[call.inputs[0].buffer.0];
            if let Some(overlap) = &mut plan.overlaps[index] {
                overlap.input = 0;
            }
            true
        })
    }),
    ("planned for", |program, plan| {
        // A call before what it reads.
        let reads = |index: usize, earlier: usize| {
            let written = &program.calls[earlier].outputs;
            let inputs = &program.calls[index].inputs;
            inputs
                .iter()
                .any(|view| written.iter().any(|output| output.buffer == view.buffer))
        };
        let steps = 1..plan.order.len();
        let pair = steps.into_iter().find(|step| {
            let (earlier, later) = (plan.order[step - 1], plan.order[*step]);
            program.repetitions.is_empty() && reads(later, earlier) && program.stage(earlier) == program.stage(later)
        });
        pair.is_some_and(|step| {
            plan.order.swap(step - 1, step);
            true
        })
    }),
    ("no order of the calls", |_, plan| {
        plan.order.len() > 1 && {
            plan.order[0] = plan.order[1];
            plan.order.is_sorted()
        }
    }),
    ("the bound is", |_, plan| {
        plan.lower_bound -= 8;
        true
    }),
];

#[test]
fn the_checker_finds_what_is_wrong() {
    let machine = Machine::mcu().overlap(Overlapping::Always);
    let mut found = vec![0; DAMAGES.len()];
    for seed in 0..100 {
        let program = random::program(seed);
        let plan = plan(&program, &machine);
        for ((expected, damage), found) in DAMAGES.iter().zip(&mut found) {
            let mut damaged = plan.clone();
            if damage(&program, &mut damaged) {
                let wrong = check(&program, &damaged, machine.alignment()).expect_err("the plan is damaged");
                *found += usize::from(wrong.contains(expected));
            }
        }
    }
    assert!(
        found.iter().all(|found| *found > 5),
        "damages were told of {found:?} times"
    );
}
