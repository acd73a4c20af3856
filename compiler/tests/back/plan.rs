//! Memory plans of random programs, checked from what a program and a plan say, and their results against values that
//! are computed one by one, each in memory of its own.

use edgec::back::exec::Executor;
use edgec::back::plan::{Plan, plan};
use edgec::back::{lower::lower, portable};
use edgec::ir::primitives::{Binary, BinaryOp, Concat, Map, Reduce, ReduceOp, Reshape, Slice, Transpose};
use edgec::ir::program::{Program, View};
use edgec::ir::{DType, Graph, NodeKind, Tensor, TensorType, ValueId};
use edgec::machine::Machine;
use edgec::middle::fold;
use edgec::middle::passes::{PIPELINE, REQUIRED, run};
use proptest::prelude::*;
use runtime_core::function::{Neg, Relu, Square};
use std::collections::HashMap;
use std::ops::Range;

/// A random operator, whose results are rounded alike wherever an element lies; the numbers choose among what fits.
pub(crate) type Step = (u8, usize, usize, usize);

pub(crate) fn graph(inputs: &[Vec<usize>], steps: &[Step], outputs: &[usize], states: &[(usize, usize)]) -> Graph {
    let mut graph = Graph::new("random");
    let mut values: Vec<ValueId> = vec![];
    for (i, shape) in inputs.iter().enumerate() {
        values.push(graph.add_input(format!("x{i}"), TensorType::new(DType::F32, shape.clone())));
    }
    let constant: Vec<f32> = (0..12).map(|i| i as f32 / 4.0 - 1.0).collect();
    values.push(graph.add_constant("c", Tensor::f32(&[3, 4], &constant)));
    for (i, step) in steps.iter().enumerate() {
        values.extend(add(&mut graph, &values, &format!("t{i}"), *step));
    }
    for (i, output) in outputs.iter().enumerate() {
        graph.add_output(format!("y{i}"), values[values.len() - 1 - output % values.len()]);
    }
    for (input, next) in states {
        keep(&mut graph, &values, *input, *next);
    }
    graph
}

/// Makes an input, if any is left, a state that becomes a value of its type: another state or itself, too.
fn keep(graph: &mut Graph, values: &[ValueId], input: usize, next: usize) {
    if graph.inputs().is_empty() {
        return;
    }
    let input = input % graph.inputs().len();
    let ty = graph.ty(graph.inputs()[input]).clone();
    let alike: Vec<_> = values.iter().filter(|value| *graph.ty(**value) == ty).collect();
    let next = *alike[alike.len() - 1 - next % alike.len()];
    graph.add_output("next", next);
    graph.bind_state(input, graph.outputs().len() - 1);
}

/// Adds an operator that suits what is there; none where the result would be large.
fn add(graph: &mut Graph, values: &[ValueId], name: &str, (kind, a, b, c): Step) -> Option<ValueId> {
    // The last values more often than the first.
    let pick = |n: usize| values[values.len() - 1 - (n % values.len()).min(n / 7 % values.len())];
    let x = pick(a);
    let shape = graph.ty(x).shape.clone();
    let len: usize = shape.iter().product();
    let axis = |n: usize| (!shape.is_empty()).then(|| n % shape.len());
    let map = |function| Map { function };
    let added = match kind % 8 {
        0 => graph.add_op(name, map([Relu.into(), Neg.into(), Square.into()][b % 3]), &[x], &[]),
        1 => {
            let y = values.iter().copied().cycle().skip(b % values.len()).take(values.len());
            let alike = y.into_iter().find(|y| graph.ty(*y).shape == shape)?;
            let op = [BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul, BinaryOp::Max][c % 4];
            graph.add_op(name, Binary::from(op), &[x, alike], &[])
        }
        2 => {
            let op = [BinaryOp::Add, BinaryOp::Sub, BinaryOp::Min][c % 3];
            graph.add_op(name, Binary::from(op), &[x, pick(b)], &[])
        }
        3 => graph.add_op(name, Concat { axis: axis(c)? }, &[x, pick(b), x], &[]),
        4 => {
            let half = (len.is_multiple_of(2)).then(|| vec![2, len / 2]);
            let shape = [Some(vec![len]), Some(vec![1, len]), half][b % 3].clone()?;
            graph.add_op(name, Reshape { shape }, &[x], &[])
        }
        5 => {
            let mut perm: Vec<usize> = (0..shape.len()).collect();
            perm.rotate_left(axis(b)?);
            graph.add_op(name, Transpose { perm }, &[x], &[])
        }
        6 => {
            let axis = axis(b)?;
            let from = c % shape[axis].max(1);
            let slice = Slice::along(&shape, axis, from, (shape[axis] - from).div_ceil(2));
            graph.add_op(name, slice, &[x], &[])
        }
        _ => graph.add_op(
            name,
            Reduce {
                op: ReduceOp::Max,
                axes: vec![axis(b)?],
            },
            &[x],
            &[],
        ),
    };
    added.ok().filter(|value| graph.ty(*value).len() <= 4096)
}

pub(crate) type Case = (Vec<Vec<usize>>, Vec<Step>, Vec<usize>, Vec<(usize, usize)>);

pub(crate) fn cases() -> impl Strategy<Value = Case> {
    let shape = prop::collection::vec(1..5usize, 0..4);
    let step = (any::<u8>(), 0..1000usize, 0..1000usize, 0..1000usize);
    (
        prop::collection::vec(shape, 1..3),
        prop::collection::vec(step, 1..24),
        prop::collection::vec(0..6usize, 1..4),
        prop::collection::vec((0..3usize, 0..6usize), 0..3),
    )
}

fn inputs(graph: &Graph, run: usize) -> Vec<Tensor> {
    let types = graph.inputs().iter().map(|v| graph.ty(*v));
    types
        .enumerate()
        .map(|(n, ty)| {
            let values: Vec<f32> = (0..ty.len())
                .map(|i| ((i * 7 + n * 3 + run * 5) % 13) as f32 / 6.5 - 1.0)
                .collect();
            Tensor::f32(&ty.shape, &values)
        })
        .collect()
}

/// Every value in a tensor of its own; `states` are those of the run before, then those of this one.
fn one_by_one(graph: &Graph, inputs: &[Tensor], states: &mut [Tensor]) -> Vec<Tensor> {
    let mut values: HashMap<ValueId, Tensor> = graph.inputs().iter().copied().zip(inputs.iter().cloned()).collect();
    let kept = graph.states().iter().zip(states.iter());
    values.extend(kept.map(|(state, tensor)| (state.value, tensor.clone())));
    for id in graph.order() {
        let node = graph.node(id);
        let results = match &node.kind {
            NodeKind::Input | NodeKind::State => continue,
            NodeKind::Constant(tensor) => vec![tensor.clone()],
            NodeKind::Operator(operator) => {
                let operands: Vec<_> = node.inputs.iter().flatten().map(|v| values[v].clone()).collect();
                fold::evaluate(operator.as_ref(), &operands).unwrap()
            }
        };
        values.extend(node.outputs.iter().copied().zip(results));
    }
    for (state, tensor) in graph.states().iter().zip(states) {
        *tensor = values[&state.next].clone();
    }
    graph.outputs().iter().map(|(_, v)| values[v].clone()).collect()
}

/// Bytes of the arena that a view covers; `None` if it is elsewhere.
fn place(program: &Program, plan: &Plan, view: &View) -> Option<Range<usize>> {
    let buffer = program.buffer(view.buffer);
    assert!(view.offset + view.len <= buffer.len, "a view leaves `{}`", buffer.name);
    let is_placed = buffer.storage.is_in_arena();
    let start = is_placed.then(|| plan.offsets[view.buffer.0].expect("it has a place"))?;
    let size = buffer.dtype.size();
    Some(start + view.offset * size..start + (view.offset + view.len) * size)
}

/// Each call runs once, and each buffer is aligned and inside the arena.
fn places_are_sound(program: &Program, plan: &Plan, machine: &Machine) {
    let mut order = plan.order.clone();
    order.sort_unstable();
    assert_eq!(
        order,
        (0..program.calls.len()).collect::<Vec<_>>(),
        "each call runs once"
    );
    for (buffer, offset) in program.buffers.iter().zip(&plan.offsets) {
        assert!(offset.is_none() || buffer.storage.is_in_arena());
        if let Some(offset) = offset {
            assert!(
                offset.is_multiple_of(machine.alignment()),
                "`{}` at {offset} is not aligned",
                buffer.name
            );
            assert!(
                offset + buffer.bytes() <= plan.peak,
                "`{}` leaves the arena",
                buffer.name
            );
        }
    }
}

/// Replays the plan on a model of the arena that remembers, for each byte, which byte of which buffer it holds.
fn check(program: &Program, plan: &Plan, machine: &Machine) {
    places_are_sound(program, plan, machine);
    let mut arena: Vec<Option<(usize, usize)>> = vec![None; plan.peak];
    let byte_of = |view: &View, i: usize| {
        let start = view.offset * program.buffer(view.buffer).dtype.size();
        Some((view.buffer.0, start + i))
    };
    let holds = |arena: &[Option<(usize, usize)>], view: &View| {
        let Some(place) = place(program, plan, view) else {
            return;
        };
        let name = &program.buffer(view.buffer).name;
        for (i, byte) in place.enumerate() {
            assert_eq!(
                arena[byte],
                byte_of(view, i),
                "byte {i} of `{name}` was not written yet or is overwritten"
            );
        }
    };
    for state in &program.states {
        let place = place(program, plan, &state.view).expect("states are in the arena");
        for (i, byte) in place.enumerate() {
            assert_eq!(arena[byte], None, "two states share a byte");
            arena[byte] = byte_of(&state.view, i);
        }
    }
    let mut live = 0;
    for index in &plan.order {
        let call = &program.calls[*index];
        call.inputs.iter().for_each(|view| holds(&arena, view));
        let shared = plan.in_place[*index].then(|| call.in_place.expect("the kernel has a form in place"));
        for (n, output) in call.outputs.iter().enumerate() {
            let written = place(program, plan, output).expect("results are in the arena");
            for (i, input) in call.inputs.iter().enumerate() {
                let Some(read) = place(program, plan, input) else {
                    continue;
                };
                if n == 0 && shared == Some(i) {
                    assert_eq!(read, written, "in place means at the same place");
                } else {
                    let apart = read.end <= written.start || written.end <= read.start;
                    assert!(
                        apart || read.is_empty() || written.is_empty(),
                        "`{}` overwrites what it reads",
                        call.name
                    );
                }
            }
            for (i, byte) in written.enumerate() {
                arena[byte] = byte_of(output, i);
            }
        }
        let places = call
            .inputs
            .iter()
            .chain(&call.outputs)
            .filter_map(|view| place(program, plan, view));
        let mut bytes: Vec<usize> = places.flatten().collect();
        bytes.sort_unstable();
        bytes.dedup();
        live = live.max(bytes.len());
    }
    let left = program.outputs.iter().chain(&program.states);
    left.for_each(|port| holds(&arena, &port.view));
    assert!(
        plan.lower_bound <= plan.peak,
        "the bound {} is above the peak {}",
        plan.lower_bound,
        plan.peak
    );
    assert!(
        live <= plan.lower_bound,
        "a call needs {live} bytes, more than the bound {}",
        plan.lower_bound
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn plans_are_sound_and_results_are_right((shapes, steps, outputs, states) in cases()) {
        for passes in [REQUIRED, PIPELINE] {
            let mut graph = graph(&shapes, &steps, &outputs, &states);
            let zeros = |ty: &TensorType| Tensor::f32(&ty.shape, &vec![0.0; ty.len()]);
            let mut kept: Vec<_> = graph.states().iter().map(|state| zeros(graph.ty(state.value))).collect();
            let runs: Vec<_> = (0..3).map(|run| inputs(&graph, run)).collect();
            let expected: Vec<_> = runs.iter().map(|inputs| one_by_one(&graph, inputs, &mut kept)).collect();
            run(&mut graph, passes, &mut |_, _| {}).unwrap();
            for machine in [Machine::board(), Machine::mcu()] {
                let program = lower(&graph, &machine).unwrap();
                let plan = plan(&program, &machine);
                check(&program, &plan, &machine);
                let mut executor = Executor::new(&program, &plan);
                // Twice, as if nothing had been kept.
                for (inputs, expected) in runs.iter().zip(&expected).chain(runs.iter().zip(&expected)) {
                    if std::ptr::eq(inputs, &runs[0]) {
                        executor.reset();
                    }
                    let found = executor.run(inputs);
                    for (found, expected) in found.iter().zip(expected) {
                    prop_assert_eq!(found.ty(), expected.ty());
                    let pairs = found.to_f64().into_iter().zip(expected.to_f64());
                    let same = pairs.into_iter().all(|(a, b)| a == b || a.is_nan() && b.is_nan());
                    prop_assert!(same, "{:?} is not {:?}", found.to_f64(), expected.to_f64());
                    }
                }
            }
        }
    }
}

/// Work that may run in place, with reasons not to.
#[test]
fn in_place_only_where_nothing_else_reads() {
    let mut graph = Graph::new("in place");
    let x = graph.add_input("x", TensorType::new(DType::F32, [64]));
    let map = || Map { function: Relu.into() };
    let a = graph.add_op("a", map(), &[x], &[]).unwrap();
    let b = graph.add_op("b", map(), &[a], &[]).unwrap();
    let c = graph.add_op("c", Binary::from(BinaryOp::Mul), &[b, b], &[]).unwrap();
    let d = graph.add_op("d", map(), &[c], &[]).unwrap();
    graph.add_output("c", c);
    graph.add_output("d", d);
    let (program, plan) = portable(&graph).unwrap();
    check(&program, &plan, &Machine::portable());
    let in_place: Vec<_> = program
        .calls
        .iter()
        .zip(&plan.in_place)
        .filter(|(_, yes)| **yes)
        .collect();
    let names: Vec<_> = in_place.iter().map(|(call, _)| call.name.as_str()).collect();
    // Not `a`, which reads the caller's array, nor `c`, which reads `b` twice, nor `d`, whose operand is an output.
    assert_eq!(names, ["b"]);
    assert_eq!(plan.peak, 2 * 256);
}
