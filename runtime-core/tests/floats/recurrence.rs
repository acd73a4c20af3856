//! Recurrent layers against plain loops in double precision.

use core::fmt::Debug;
use runtime_core::function::*;
use runtime_core::kernels::*;
use runtime_core::{Simd, f16};

use kernel_tests::sequences::Along;

type Row = Vec<f64>;
type Matrix = Vec<Row>;

fn noise(count: usize, seed: u32) -> Row {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from((state >> 8) as f32 / (1 << 23) as f32 - 1.0)
    };
    (0..count).map(|_| next()).collect()
}

fn matrix(rows: usize, columns: usize, seed: u32) -> Matrix {
    let numbers = noise(rows * columns, seed);
    (0..rows)
        .map(|row| numbers[row * columns..(row + 1) * columns].to_vec())
        .collect()
}

/// The weights of a layer: a matrix for each gate, other numbers of all units.
struct Weights {
    gates: Vec<Matrix>,
    extras: Matrix,
}

/// One step in double precision: weights, for each gate the input's part, states, and the bound of sums.
type Step = fn(&Weights, &[Row], &mut [Row], f64);

/// `x + weights * h` for one gate.
fn sums(x: &[f64], weights: &Matrix, h: &[f64]) -> Row {
    let product = |row: &Row| row.iter().zip(h).map(|(w, h)| w * h).sum::<f64>();
    x.iter().zip(weights).map(|(x, row)| x + product(row)).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn bounded(x: f64, clip: f64) -> f64 {
    x.clamp(-clip, clip)
}

/// `[rows of units][inputs]` of some gates as `[panels][inputs][gates][16]`.
fn panels(gates: &[&Matrix], hidden: usize, inputs: usize) -> Row {
    let mut packed = vec![];
    for first in (0..hidden).step_by(16) {
        for input in 0..inputs {
            for gate in gates {
                packed.extend((first..first + 16).map(|unit| gate.get(unit).map_or(0.0, |row| row[input])));
            }
        }
    }
    packed
}

/// Compares layers of several sizes and layouts; `parts` says which gates are packed together.
fn check<C: Cell + Debug>(cell: C, parts: &[&[usize]], extras: usize, states: usize, step: Step) {
    for hidden in [0, 1, 5, 16, 17, 33] {
        for (batch_first, reverse, sequence, direction) in
            [(false, false, true, 0), (true, true, true, 1), (false, true, false, 1)]
        {
            let layer = Recurrence {
                steps: 4,
                batch: LENGTHS.len(),
                hidden,
                directions: 2,
                direction,
                reverse,
                batch_first,
                sequence,
                clip: if reverse { 0.5 } else { f32::INFINITY },
                cell,
            };
            let count = parts.iter().map(|part| part.len()).sum();
            let weights = Weights {
                gates: (0..count).map(|gate| matrix(hidden, hidden, 7 + gate as u32)).collect(),
                extras: matrix(extras, hidden, 20),
            };
            let mut w = vec![];
            for part in parts {
                let gates: Vec<_> = part.iter().map(|gate| &weights.gates[*gate]).collect();
                w.extend(panels(&gates, hidden, hidden));
            }
            let columns: Vec<Matrix> = weights
                .extras
                .iter()
                .map(|e| e.iter().map(|x| vec![*x]).collect())
                .collect();
            w.extend(panels(&columns.iter().collect::<Vec<_>>(), hidden, 1));
            compare(layer, &w, states, |x, state| {
                step(&weights, x, state, layer.clip.into())
            });
        }
    }
}

const LENGTHS: [i32; 3] = [4, 0, 3];

fn compare<C: Cell + Debug>(layer: Recurrence<C>, w: &[f64], states: usize, run: impl Fn(&[Row], &mut [Row])) {
    let along = Along {
        steps: layer.steps,
        lengths: &LENGTHS,
        hidden: layer.hidden,
        directions: layer.directions,
        direction: layer.direction,
        reverse: layer.reverse,
        batch_first: layer.batch_first,
        sequence: layer.sequence,
        gates: C::GATES,
        states,
    };
    let (x, first) = (noise(along.inputs(), 3), noise(states * along.state_len(), 5));
    let expected = along.run(&x, &first, run);
    // What is not of this direction stays as it was.
    let expected: Row = expected.iter().map(|y| y.unwrap_or(9.0)).collect();

    let single = |values: &[f64]| values.iter().map(|x| *x as f32).collect::<Vec<f32>>();
    for simd in [Simd::detect(), Simd::BASELINE] {
        let mut y = vec![9.0; layer.output_len()];
        recurrence(simd, layer, &single(&x), &single(w), &single(&first), &LENGTHS, &mut y);
        let y: Row = y.iter().map(|y| f64::from(*y)).collect();
        close(&y, &expected, 2e-5, &layer);
    }
    let mut y = vec![9.0; layer.output_len()];
    recurrence_of(Simd::BASELINE, layer, &x, w, &first, &LENGTHS, &mut y);
    close(&y, &expected, 1e-12, &layer);
    halves_are_the_numbers_they_stand_for(layer, &single(&x), &single(w), &single(&first));
}

/// Weights in half precision give every bit that the same numbers in single precision give.
fn halves_are_the_numbers_they_stand_for<C: Cell + Debug>(layer: Recurrence<C>, x: &[f32], w: &[f32], first: &[f32]) {
    let halves: Vec<f16> = w.iter().map(|w| f16::from_f32(*w)).collect();
    let whole: Vec<f32> = halves.iter().map(|half| half.to_f32()).collect();
    for simd in [Simd::detect(), Simd::BASELINE] {
        let mut y = [vec![9.0; layer.output_len()], vec![9.0; layer.output_len()]];
        recurrence(simd, layer, x, &whole, first, &LENGTHS, &mut y[0]);
        recurrence(simd, layer, x, &halves, first, &LENGTHS, &mut y[1]);
        let bits = y.map(|y| y.iter().map(|y| y.to_bits()).collect::<Vec<u32>>());
        assert_eq!(bits[0], bits[1], "{layer:?}");
    }
}

fn close(y: &[f64], expected: &[f64], tolerance: f64, what: &impl Debug) {
    for (i, (y, expected)) in y.iter().zip(expected).enumerate() {
        assert!((y - expected).abs() <= tolerance, "{what:?}: {y} for {expected} at {i}");
    }
}

#[test]
fn rnn() {
    check(Rnn { f: Tanh }, &[&[0]], 0, 1, |weights, x, state, clip| {
        state[0] = sums(&x[0], &weights.gates[0], &state[0]);
        state[0].iter_mut().for_each(|x| *x = bounded(*x, clip).tanh());
    });
}

#[test]
fn gru() {
    for linear_before_reset in [false, true] {
        let cell = Gru {
            f: Sigmoid,
            g: Tanh,
            linear_before_reset,
        };
        let step: Step = if linear_before_reset {
            |w, x, state, clip| gru_step(w, x, state, clip, true)
        } else {
            |w, x, state, clip| gru_step(w, x, state, clip, false)
        };
        check(cell, &[&[0, 1], &[2]], usize::from(linear_before_reset), 1, step);
    }
}

fn gru_step(weights: &Weights, x: &[Row], state: &mut [Row], clip: f64, linear_before_reset: bool) {
    let h = state[0].clone();
    let gate = |index: usize| {
        let sums = sums(&x[index], &weights.gates[index], &h);
        sums.into_iter().map(|x| sigmoid(bounded(x, clip))).collect::<Row>()
    };
    let (z, r) = (gate(0), gate(1));
    let new: Row = if linear_before_reset {
        let recurrent = sums(&weights.extras[0], &weights.gates[2], &h);
        x[2].iter()
            .zip(r.iter().zip(recurrent))
            .map(|(x, (r, sum))| x + r * sum)
            .collect()
    } else {
        let reset: Row = r.iter().zip(&h).map(|(r, h)| r * h).collect();
        sums(&x[2], &weights.gates[2], &reset)
    };
    for (h, (z, new)) in state[0].iter_mut().zip(z.iter().zip(new)) {
        *h = (1.0 - z) * bounded(new, clip).tanh() + z * *h;
    }
}

#[test]
fn lstm() {
    let cell = |peephole, input_forget| Lstm {
        f: Sigmoid,
        g: Tanh,
        h: Softsign,
        peephole,
        input_forget,
    };
    check(cell(false, false), &[&[0, 1, 2, 3]], 0, 2, |w, x, state, clip| {
        lstm_step(w, x, state, clip, false)
    });
    check(cell(true, false), &[&[0, 1, 2, 3]], 3, 2, |w, x, state, clip| {
        lstm_step(w, x, state, clip, false)
    });
    check(cell(true, true), &[&[0, 1, 2, 3]], 3, 2, |w, x, state, clip| {
        lstm_step(w, x, state, clip, true)
    });
}

fn lstm_step(weights: &Weights, x: &[Row], state: &mut [Row], clip: f64, input_forget: bool) {
    let gates: Vec<Row> = (0..4)
        .map(|gate| sums(&x[gate], &weights.gates[gate], &state[0]))
        .collect();
    for unit in 0..state[0].len() {
        let c = state[1][unit];
        let peephole = |index: usize, c: f64| weights.extras.get(index).map_or(0.0, |p| p[unit] * c);
        let i = sigmoid(bounded(gates[0][unit] + peephole(0, c), clip));
        let f = sigmoid(bounded(gates[2][unit] + peephole(2, c), clip));
        let f = if input_forget { 1.0 - i } else { f };
        let c = f * c + i * bounded(gates[3][unit], clip).tanh();
        let o = sigmoid(bounded(gates[1][unit] + peephole(1, c), clip));
        state[1][unit] = c;
        state[0][unit] = o * c / (1.0 + c.abs());
    }
}

#[test]
fn the_first_state_is_zero_unless_it_is_given() {
    let cell = Lstm {
        f: Sigmoid,
        g: Tanh,
        h: Tanh,
        peephole: false,
        input_forget: false,
    };
    let layer = Recurrence {
        steps: 2,
        batch: 1,
        hidden: 3,
        directions: 1,
        direction: 0,
        reverse: false,
        batch_first: false,
        sequence: true,
        clip: f32::INFINITY,
        cell,
    };
    let single = |values: Row| values.iter().map(|x| *x as f32).collect::<Vec<f32>>();
    let (x, w, h) = (
        single(noise(24, 1)),
        single(noise(layer.weights_len(), 2)),
        single(noise(3, 3)),
    );
    let run = |first: &[f32]| {
        let mut y = vec![9.0; layer.output_len()];
        recurrence(Simd::detect(), layer, &x, &w, first, &[], &mut y);
        y.truncate(12);
        y
    };
    assert_eq!(run(&[]), run(&[0.0; 6]));
    assert_eq!(run(&h), run(&[&h[..], &[0.0; 3]].concat()));
    assert_ne!(run(&h), run(&[]));
}

/// A state in 255 steps of its range with zero.
fn in_steps(h: &[f32]) -> Vec<f32> {
    let least = h.iter().fold(0.0f32, |a, b| a.min(*b));
    let greatest = h.iter().fold(0.0f32, |a, b| a.max(*b));
    let scale = (greatest - least) / 255.0;
    let zero = (-least / scale).clamp(0.0, 255.0).round_ties_even();
    let integer = |x: &f32| ((x / scale).round_ties_even() + zero).clamp(0.0, 255.0);
    h.iter().map(|x| (integer(x) - zero) * scale).collect()
}

#[test]
fn a_state_may_be_rounded_before_its_product() {
    let lstm = Lstm {
        f: Sigmoid,
        g: Tanh,
        h: Tanh,
        peephole: false,
        input_forget: false,
    };
    let single = |values: Row| values.iter().map(|x| *x as f32).collect::<Vec<f32>>();
    for hidden in [3, 16, 21] {
        fn layer<C: Cell>(hidden: usize, cell: C) -> Recurrence<C> {
            Recurrence {
                steps: 1,
                batch: 1,
                hidden,
                directions: 1,
                direction: 0,
                reverse: false,
                batch_first: false,
                sequence: true,
                clip: f32::INFINITY,
                cell,
            }
        }
        let (plain, rounded) = (layer(hidden, lstm), layer(hidden, DynamicState { cell: lstm }));
        let (x, w) = (single(noise(4 * hidden, 1)), single(noise(plain.weights_len(), 2)));
        let h = single(noise(hidden, 3));
        for simd in [Simd::detect(), Simd::BASELINE] {
            let mut expected = vec![9.0; plain.output_len()];
            recurrence(simd, plain, &x, &w, &in_steps(&h), &[], &mut expected);
            let mut y = vec![9.0; rounded.output_len()];
            recurrence(simd, rounded, &x, &w, &h, &[], &mut y);
            assert_eq!(y[..hidden], expected[..hidden]);
            recurrence(simd, plain, &x, &w, &h, &[], &mut expected);
            assert_ne!(y[..hidden], expected[..hidden], "rounding shows");
            // Zeros have no range.
            recurrence(simd, plain, &x, &w, &[], &[], &mut expected);
            recurrence(simd, rounded, &x, &w, &[], &[], &mut y);
            assert_eq!(y[..hidden], expected[..hidden]);
        }
    }
}
