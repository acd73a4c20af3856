//! Recurrent layers in integers: to the bit against plain loops over integers, and close to the layers of numbers that
//! the integers stand for.

use core::fmt::Debug;
use runtime_core::Simd;
use runtime_core::kernels::*;

use kernel_tests::numbers;
use kernel_tests::sequences::Along;

const LENGTHS: [i32; 3] = [6, 0, 5];
/// Bits after the point of a cell's state.
const CELL: u32 = 12;
/// The scale of the inputs.
const SCALE: f64 = 1.0 / 8000.0;

/// One direction: for each gate, for each unit, its weights and their scale; the biases of the last gate.
struct Weights {
    gates: Vec<Vec<Vec<i8>>>,
    scales: Vec<Vec<f64>>,
    bias: Vec<i32>,
}

/// The multiplier of a factor between integers, for a shift by [`SHIFT`].
fn multiplier(factor: f64) -> i32 {
    (factor * f64::from(1 << SHIFT)).round() as i32
}

const SHIFT: u32 = 18;
/// One, as an argument of a function.
const ARGUMENT: f64 = (1 << 22) as f64;

impl Weights {
    fn new(gates: usize, hidden: usize) -> Self {
        let integer = |v: &f32| (v * 127.4) as i8;
        let rows = |gate| {
            let numbers = numbers(hidden * hidden, 7 + gate as u32);
            let row = |unit| numbers[unit * hidden..][..hidden].iter().map(integer).collect();
            (0..hidden).map(row).collect()
        };
        let scale = |unit: usize| (1.0 + unit as f64 % 3.0) / 500.0;
        Self {
            gates: (0..gates).map(rows).collect(),
            scales: vec![(0..hidden).map(scale).collect(); gates],
            bias: numbers(hidden, 20).iter().map(|v| (v * 1e6) as i32).collect(),
        }
    }

    /// Numbers of some gates of each unit as the kernel wants them, `of(gate, unit, input)`.
    fn panels<T: Default>(
        parts: &[&[usize]],
        [hidden, inputs]: [usize; 2],
        of: impl Fn(usize, usize, usize) -> T,
    ) -> Vec<T> {
        let mut packed = vec![];
        for part in parts {
            for first in (0..hidden).step_by(16) {
                for input in 0..inputs {
                    for gate in *part {
                        let number = |unit| {
                            if unit < hidden {
                                of(*gate, unit, input)
                            } else {
                                T::default()
                            }
                        };
                        packed.extend((first..first + 16).map(number));
                    }
                }
            }
        }
        packed
    }

    /// Sum of the products of a gate of a unit.
    fn sum(&self, gate: usize, unit: usize, h: &[i16]) -> i64 {
        let products = self.gates[gate][unit].iter().zip(h);
        products.map(|(w, h)| i64::from(*w) * i64::from(*h)).sum()
    }

    /// The multiplier of such a sum.
    fn by(&self, gate: usize, unit: usize) -> i32 {
        multiplier(self.scales[gate][unit] / 32768.0 * ARGUMENT)
    }

    /// The sum of the numbers that products stand for.
    fn real(&self, gate: usize, unit: usize, h: &[f64]) -> f64 {
        let products = self.gates[gate][unit].iter().zip(h);
        products.map(|(w, h)| f64::from(*w) * h).sum::<f64>() * self.scales[gate][unit]
    }
}

/// A step in integers, and one in numbers: weights, for each gate the input's part, states.
type Step<T> = fn(&Weights, &[Vec<T>], &mut [Vec<T>]);

/// Compares layers of several sizes and layouts; `parts` says which gates are packed together.
fn check<C: QlinearCell + Debug>(cell: C, parts: &[&[usize]], integers: Step<i16>, exact: Step<f64>) {
    for hidden in [0, 1, 5, 16, 17, 33] {
        for (batch_first, reverse, sequence, direction) in
            [(false, false, true, 0), (true, true, true, 1), (false, true, false, 1)]
        {
            let layer = QlinearRecurrence {
                steps: LENGTHS[0] as usize,
                batch: LENGTHS.len(),
                hidden,
                directions: 2,
                direction,
                reverse,
                batch_first,
                sequence,
                input: multiplier(SCALE * ARGUMENT),
                shift: SHIFT,
                cell,
            };
            let along = Along {
                steps: layer.steps,
                lengths: &LENGTHS,
                hidden,
                directions: layer.directions,
                direction,
                reverse,
                batch_first,
                sequence,
                gates: C::GATES,
                states: C::STATES,
            };
            let weights = Weights::new(C::GATES, hidden);
            compare(layer, &along, parts, &weights, integers, exact);
        }
    }
}

fn compare<C: QlinearCell + Debug>(
    layer: QlinearRecurrence<C>,
    along: &Along<'_>,
    parts: &[&[usize]],
    weights: &Weights,
    integers: Step<i16>,
    exact: Step<f64>,
) {
    let hidden = along.hidden;
    let w = Weights::panels(parts, [hidden, hidden], |gate, unit, input| {
        weights.gates[gate][unit][input]
    });
    let by = Weights::panels(parts, [hidden, 1], |gate, unit, _| weights.by(gate, unit));
    // Only one cell has biases of its own. The others ask for none: a kernel that did would do nothing.
    let has_biases = format!("{:?}", layer.cell).contains("linear_before_reset: true");
    let bias = match has_biases {
        true => Weights::panels(&[&[0]], [hidden, 1], |_, unit, _| weights.bias[unit]),
        false => vec![],
    };
    let integer = |v: f32| (v * 32767.9) as i16;
    let x: Vec<_> = numbers(along.inputs(), 3).into_iter().map(integer).collect();
    // Cells' states that stay within bounds.
    let first = numbers(along.states * along.state_len(), 5).into_iter().enumerate();
    let first = first.map(|(i, v)| integer(if i < along.state_len() { v } else { v / 4.0 }));
    let first: Vec<_> = first.collect();
    let expected = along.run(&x, &first, |x, state| integers(weights, x, state));
    for simd in Simd::levels() {
        let mut y = vec![9; layer.output_len()];
        qlinear_recurrence(simd, layer, &x, &w, &by, &bias, &first, &LENGTHS, &mut y);
        for (i, (y, expected)) in y.iter().zip(&expected).enumerate() {
            assert_eq!(*y, expected.unwrap_or(9), "{layer:?} at {i}");
        }
    }
    let hidden_states = expected.len() - (along.states - 1) * along.state_len();
    let scale = |i: usize| {
        if i < hidden_states {
            2_f64.powi(-15)
        } else {
            2_f64.powi(-(CELL as i32))
        }
    };
    let x: Vec<f64> = x.iter().map(|x| f64::from(*x) * SCALE).collect();
    let begin = first
        .iter()
        .enumerate()
        .map(|(i, v)| f64::from(*v) * scale(if i < along.state_len() { 0 } else { hidden_states }));
    let begin: Vec<f64> = begin.collect();
    let real = along.run(&x, &begin, |x, state| exact(weights, x, state));
    let mut worst = [0.0_f64; 2];
    for (i, (y, real)) in expected.iter().zip(&real).enumerate() {
        if let (Some(y), Some(real)) = (y, real) {
            let worst = &mut worst[usize::from(i >= hidden_states)];
            *worst = worst.max((f64::from(*y) - real / scale(i)).abs());
        }
    }
    println!("{layer:?}: off by up to {worst:?} steps");
    assert!(worst[0] <= 12.0 && worst[1] <= 2.0, "{layer:?}: off by {worst:?} steps");
}

/// Rounds half to even.
fn round(value: i128, shift: u32) -> i64 {
    let (floor, rest) = (value >> shift, value & ((1 << shift) - 1));
    let half = 1 << (shift - 1);
    (floor + i128::from(rest > half || rest == half && floor & 1 == 1)) as i64
}

fn narrow(value: i64) -> i16 {
    value.clamp(-32768, 32767) as i16
}

/// The table's number for `i / 64`: raised by half of how far the middle of a chord is below the curve.
fn node(i: i64) -> i64 {
    let t = (i as f64 / 64.0).tanh();
    let raised = t + 2.0 * t * (1.0 - t * t) / 64.0 / 64.0 / 16.0;
    ((raised * 65536.0 + 0.5) as i64).min(65535)
}

/// 22 bits after the point before, 30 after.
fn tanh(argument: i64) -> i64 {
    let position = argument.abs().min((8 << 22) - 1);
    let (index, within) = (position >> 16, position & 0xffff);
    let value = (node(index) << 14) + (((node(index + 1) - node(index)) * within) >> 2);
    value * argument.signum()
}

/// 22 bits after the point before, 15 after.
fn sigmoid(argument: i64) -> i64 {
    round(i128::from((1 << 30) + tanh(argument >> 1)), 16)
}

fn argument(w: &Weights, x: &[Vec<i16>], gate: usize, unit: usize, h: &[i16]) -> i64 {
    let input = i128::from(x[gate][unit]) * i128::from(multiplier(SCALE * ARGUMENT));
    let sum = i128::from(w.sum(gate, unit, h)) * i128::from(w.by(gate, unit));
    round(input + sum, SHIFT)
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

#[test]
fn rnn() {
    check(
        QlinearRnn,
        &[&[0]],
        |w, x, state| {
            let h = state[0].clone();
            for (unit, state) in state[0].iter_mut().enumerate() {
                let value = tanh(argument(w, x, 0, unit, &h));
                *state = narrow(round(value.into(), 15));
            }
        },
        |w, x, state| {
            let h = state[0].clone();
            for (unit, state) in state[0].iter_mut().enumerate() {
                *state = (x[0][unit] + w.real(0, unit, &h)).tanh();
            }
        },
    );
}

#[test]
fn lstm() {
    check(
        QlinearLstm { cell_fraction: CELL },
        &[&[0, 1, 2, 3]],
        |w, x, state| {
            let old = state[0].clone();
            let [h, c] = state else { panic!("two states") };
            for (unit, (h, c)) in h.iter_mut().zip(c).enumerate() {
                let gate = |gate| argument(w, x, gate, unit, &old);
                let (i, o, f, g) = (sigmoid(gate(0)), sigmoid(gate(1)), sigmoid(gate(2)), tanh(gate(3)));
                let sum = (i128::from(f * i64::from(*c)) << (30 - CELL)) + i128::from(i * g);
                *c = narrow(round(sum, 45 - CELL));
                *h = narrow(round(i128::from(o * tanh(round(sum, 23))), 30));
            }
        },
        |w, x, state| {
            let old = state[0].clone();
            let [h, c] = state else { panic!("two states") };
            for (unit, (h, c)) in h.iter_mut().zip(c).enumerate() {
                let gate = |gate: usize| x[gate][unit] + w.real(gate, unit, &old);
                *c = logistic(gate(2)) * *c + logistic(gate(0)) * gate(3).tanh();
                *h = logistic(gate(1)) * c.tanh();
            }
        },
    );
}

fn gru_step(w: &Weights, x: &[Vec<i16>], state: &mut [Vec<i16>], linear_before_reset: bool) {
    let h = state[0].clone();
    let gate = |gate: usize, unit: usize| sigmoid(argument(w, x, gate, unit, &h));
    let reset = |unit: usize| narrow(round(i128::from(gate(1, unit) * i64::from(h[unit])), 15));
    let reset: Vec<_> = (0..h.len()).map(reset).collect();
    for unit in 0..h.len() {
        let new = if linear_before_reset {
            let sum = i128::from(w.sum(2, unit, &h) + i64::from(w.bias[unit]));
            let recurrent = round(sum * i128::from(w.by(2, unit)), SHIFT);
            let input = i128::from(x[2][unit]) * i128::from(multiplier(SCALE * ARGUMENT));
            round(input, SHIFT) + round(i128::from(recurrent * gate(1, unit)), 15)
        } else {
            argument(w, x, 2, unit, &reset)
        };
        let z = gate(0, unit);
        let mixed = (i128::from(z * i64::from(h[unit])) << 15) + i128::from((32768 - z) * tanh(new));
        state[0][unit] = narrow(round(mixed, 30));
    }
}

fn gru_in_numbers(w: &Weights, x: &[Vec<f64>], state: &mut [Vec<f64>], linear_before_reset: bool) {
    let h = state[0].clone();
    let gate = |gate: usize, unit: usize| logistic(x[gate][unit] + w.real(gate, unit, &h));
    let reset: Vec<_> = (0..h.len()).map(|unit| gate(1, unit) * h[unit]).collect();
    for unit in 0..h.len() {
        let new = if linear_before_reset {
            let bias = f64::from(w.bias[unit]) / 32768.0 * w.scales[2][unit];
            gate(1, unit) * (w.real(2, unit, &h) + bias)
        } else {
            w.real(2, unit, &reset)
        };
        let z = gate(0, unit);
        state[0][unit] = z * h[unit] + (1.0 - z) * (x[2][unit] + new).tanh();
    }
}

#[test]
fn gru() {
    let cell = |linear_before_reset| QlinearGru { linear_before_reset };
    let parts: [&[usize]; 2] = [&[0, 1], &[2]];
    check(
        cell(false),
        &parts,
        |w, x, state| gru_step(w, x, state, false),
        |w, x, state| gru_in_numbers(w, x, state, false),
    );
    check(
        cell(true),
        &parts,
        |w, x, state| gru_step(w, x, state, true),
        |w, x, state| gru_in_numbers(w, x, state, true),
    );
}

#[test]
fn states_saturate() {
    // The gates are open and the input is one, so the cell's state grows by one at each step.
    let layer = QlinearRecurrence {
        steps: 6,
        batch: 1,
        hidden: 1,
        directions: 1,
        direction: 0,
        reverse: false,
        batch_first: false,
        sequence: true,
        input: multiplier(16.0 / 32767.0 * ARGUMENT),
        shift: SHIFT,
        cell: QlinearLstm { cell_fraction: 13 },
    };
    let mut y = vec![0; layer.output_len()];
    let (by, w) = ([0; 64], [0; 64]);
    qlinear_recurrence(Simd::detect(), layer, &[i16::MAX; 24], &w, &by, &[], &[], &[], &mut y);
    let seen = |steps: i32| (f64::from(steps).tanh() * 32768.0).round().min(32767.0) as i16;
    assert_eq!(y[..6], [1, 2, 3, 4, 5, 5].map(seen), "the hidden state after each step");
    assert_eq!(y[6..8], [y[5], i16::MAX], "the last states");
}

#[test]
fn hidden_states_reach_one_and_saturate_there() {
    // Arguments of 16, where sigmoids are zero or one and hyperbolic tangents round to one, which 16 bits do not hold.
    const ONE: i16 = i16::MAX;
    fn run<C: QlinearCell>(cell: C, steps: usize, x: &[i16], first: &[i16]) -> i16 {
        let layer = QlinearRecurrence {
            steps,
            batch: 1,
            hidden: 1,
            directions: 1,
            direction: 0,
            reverse: false,
            batch_first: false,
            sequence: false,
            input: multiplier(16.0 / 32767.0 * ARGUMENT),
            shift: SHIFT,
            cell,
        };
        let (mut y, w, by) = (vec![0; layer.output_len()], [0; 64], [0; 64]);
        qlinear_recurrence(Simd::detect(), layer, x, &w, &by, &[0; 16], first, &[], &mut y);
        y[0]
    }
    let gru = |linear_before_reset| QlinearGru { linear_before_reset };
    for cell in [gru(false), gru(true)] {
        // The update gate is shut: nothing is left of the old state.
        assert_eq!(run(cell, 1, &[-ONE, 0, ONE], &[i16::MIN]), ONE);
        assert_eq!(run(cell, 1, &[-ONE, 0, -ONE], &[ONE]), i16::MIN);
    }
    // The state of the cell grows by one at each step.
    let cell = QlinearLstm { cell_fraction: 10 };
    assert_eq!(run(cell, 12, &[ONE; 48], &[]), ONE);
}
