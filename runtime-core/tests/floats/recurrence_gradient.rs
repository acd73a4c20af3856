//! Back-propagation through time against central differences of plain loops in double precision.

use core::fmt::Debug;
use runtime_core::Simd;
use runtime_core::kernels::*;

type Row = Vec<f64>;

/// Numbers between -1 and 1.
fn noise(count: usize, seed: usize) -> Row {
    let at = |i: usize| ((i * 7919 + seed * 104_729 + 31) % 9973) as f64 / 9973.0;
    (0..count).map(|i| at(i) * 2.0 - 1.0).collect()
}

fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// The product of a state by the weights of one gate.
fn product(w: &[f64], gate: usize, h: &[f64]) -> Row {
    let rows = w[gate * h.len() * h.len()..].chunks(h.len().max(1)).take(h.len());
    rows.map(|row| row.iter().zip(h).map(|(w, h)| w * h).sum()).collect()
}

fn plus(a: &[f64], b: &[f64]) -> Row {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// One step: the input's part of each sum, weights and states; gives what the kernel takes as the sums.
type Step = fn(&[&[f64]], &[f64], &mut [Row]) -> Vec<Row>;

fn rnn_step(x: &[&[f64]], w: &[f64], states: &mut [Row]) -> Vec<Row> {
    let sums = plus(x[0], &product(w, 0, &states[0]));
    states[0] = sums.iter().map(|x| x.tanh()).collect();
    vec![states[0].iter().map(|y| 1.0 - y * y).collect()]
}

fn gru_states(z: &[f64], new: &[f64], h: &mut [f64]) {
    for (h, (z, new)) in h.iter_mut().zip(z.iter().zip(new)) {
        let z = sigmoid(*z);
        *h = (1.0 - z) * new.tanh() + z * *h;
    }
}

fn gru_step(x: &[&[f64]], w: &[f64], states: &mut [Row]) -> Vec<Row> {
    let h = &mut states[0];
    let (z, r) = (plus(x[0], &product(w, 0, h)), plus(x[1], &product(w, 1, h)));
    let reset: Row = r.iter().zip(h.iter()).map(|(r, h)| sigmoid(*r) * h).collect();
    let new = plus(x[2], &product(w, 2, &reset));
    gru_states(&z, &new, h);
    vec![z, r, new]
}

fn linear_gru_step(x: &[&[f64]], w: &[f64], states: &mut [Row]) -> Vec<Row> {
    let h = &mut states[0];
    let (z, r) = (plus(x[0], &product(w, 0, h)), plus(x[1], &product(w, 1, h)));
    let of_state = plus(x[3], &product(w, 2, h));
    let reset: Row = r.iter().zip(&of_state).map(|(r, m)| sigmoid(*r) * m).collect();
    gru_states(&z, &plus(x[2], &reset), h);
    vec![z, r, x[2].to_vec(), of_state]
}

fn lstm_step(x: &[&[f64]], w: &[f64], states: &mut [Row]) -> Vec<Row> {
    let sums: Vec<Row> = (0..4)
        .map(|gate| plus(x[gate], &product(w, gate, &states[0])))
        .collect();
    for unit in 0..states[0].len() {
        let [i, o, f] = [0, 1, 2].map(|gate| sigmoid(sums[gate][unit]));
        states[1][unit] = f * states[1][unit] + i * sums[3][unit].tanh();
        states[0][unit] = o * states[1][unit].tanh();
    }
    sums
}

/// What a layer is run with.
#[derive(Clone)]
struct Operands {
    x: Row,
    w: Row,
    /// The first states, `[batch, hidden]` each.
    first: Vec<Row>,
    of_states: Row,
    of_last: Row,
}

/// The sums of all steps, and the loss: the hidden and the last states times their gradients.
fn run<C: CellGradient>(layer: &RecurrenceGradient<C>, operands: &Operands, step: Step) -> (Row, f64) {
    let RecurrenceGradient {
        steps, batch, hidden, ..
    } = *layer;
    let (mut sums, mut loss) = (vec![0.0; layer.sums_len()], 0.0);
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    for sample in 0..batch {
        let rows = operands
            .first
            .iter()
            .map(|first| first[sample * hidden..][..hidden].to_vec());
        let mut states: Vec<Row> = rows.collect();
        for index in 0..steps {
            let time = if layer.reverse { steps - 1 - index } else { index };
            let row = if layer.batch_first {
                sample * steps + time
            } else {
                time * batch + sample
            };
            let width = C::SUMS * hidden;
            let x: Vec<_> = (0..C::SUMS)
                .map(|gate| &operands.x[row * width + gate * hidden..][..hidden])
                .collect();
            sums[row * width..][..width].copy_from_slice(&step(&x, &operands.w, &mut states).concat());
            loss += operands
                .of_states
                .get(row * hidden..)
                .map_or(0.0, |row| dot(&states[0], row));
        }
        for (index, state) in states.iter().enumerate() {
            let of_last = operands.of_last.get((index * batch + sample) * hidden..);
            loss += of_last.map_or(0.0, |row| dot(state, row));
        }
    }
    (sums, loss)
}

fn close(found: &[f64], expected: &[f64], tolerance: f64, what: &impl Debug) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        let off = (found - expected).abs() / expected.abs().max(1.0);
        assert!(off < tolerance, "{what:?}: {found} for {expected} at {i}");
    }
}

/// Compares layers of several sizes and layouts. `kept` is the state that the cell keeps, if any.
fn check<C: CellGradient + Debug>(cell: C, gates: usize, kept: Option<usize>, step: Step) {
    for (case, hidden) in [0, 1, 3, 5, 17].into_iter().enumerate() {
        let layer = RecurrenceGradient {
            steps: if case == 1 { 1 } else { 3 },
            batch: 1 + case % 2,
            hidden,
            reverse: case % 3 == 2,
            batch_first: case % 2 == 1,
            cell,
        };
        let state = layer.state_len();
        let operands = Operands {
            x: noise(layer.sums_len(), 1),
            w: noise(gates * hidden * hidden, 2),
            first: (0..C::STATES).map(|index| noise(state, 3 + index)).collect(),
            of_states: if case == 4 {
                vec![]
            } else {
                noise(state * layer.steps, 5)
            },
            of_last: if case == 3 { vec![] } else { noise(state * C::STATES, 6) },
        };
        compare(&layer, &operands, kept, step);
    }
}

fn compare<C: CellGradient + Debug>(
    layer: &RecurrenceGradient<C>,
    operands: &Operands,
    kept: Option<usize>,
    step: Step,
) {
    const STEP: f64 = 1e-5;
    let slope = |change: &dyn Fn(&mut Operands, f64)| {
        let [after, before] = [STEP, -STEP].map(|by| {
            let mut operands = operands.clone();
            change(&mut operands, by);
            run(layer, &operands, step).1
        });
        (after - before) / (2.0 * STEP)
    };
    let mut expected: Row = (0..operands.x.len()).map(|i| slope(&|o, by| o.x[i] += by)).collect();
    for state in 0..C::STATES {
        expected.extend((0..layer.state_len()).map(|i| slope(&|o, by| o.first[state][i] += by)));
    }
    let sums = run(layer, operands, step).0;
    let first = kept.map_or(vec![], |index| operands.first[index].clone());
    let Operands {
        w, of_states, of_last, ..
    } = operands;
    let mut y = vec![9.0; layer.output_len()];
    recurrence_gradient(Simd::BASELINE, *layer, &sums, w, &first, of_states, of_last, &mut y);
    close(&y[..expected.len()], &expected, 1e-7, layer);
    let single = |values: &[f64]| values.iter().map(|x| *x as f32).collect::<Vec<f32>>();
    let [sums, w, first, of_states, of_last] = [&sums, w, &first, of_states, of_last].map(|values| single(values));
    for simd in [Simd::detect(), Simd::BASELINE] {
        let mut y = vec![9.0; layer.output_len()];
        recurrence_gradient(simd, *layer, &sums, &w, &first, &of_states, &of_last, &mut y);
        let y: Row = y[..expected.len()].iter().map(|y| f64::from(*y)).collect();
        close(&y, &expected, 1e-4, layer);
    }
}

#[test]
fn rnn() {
    check(RnnGradient, 1, None, rnn_step);
}

#[test]
fn gru() {
    check(GruGradient, 3, Some(0), gru_step);
}

#[test]
fn linear_gru() {
    check(LinearGruGradient, 3, Some(0), linear_gru_step);
}

#[test]
fn lstm() {
    check(LstmGradient, 4, Some(1), lstm_step);
}
