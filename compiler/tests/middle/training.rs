//! Steps of training of a small network, against the same computed here in `f64`.

use edgec::back::exec::Executor;
use edgec::back::plan::Plan;
use edgec::back::portable;
use edgec::ir::primitives::{Binary, BinaryOp, MatMul};
use edgec::ir::program::Program;
use edgec::ir::{DType, Graph, Tensor, TensorType};
use edgec::middle::passes::{REQUIRED, run};
use edgec::middle::train::add_step;
use edgec::{Loss, Optimizer, TrainOptions};

const INPUTS: usize = 3;
const OUTPUTS: usize = 2;
const BATCH: usize = 4;
const RATE: f32 = 0.05;
const OPTIMIZERS: [Optimizer; 3] = [Optimizer::Sgd, Optimizer::Momentum { beta: 0.75 }, Optimizer::Adam];

/// Numbers between -1 and 1.
fn numbers(len: usize, seed: usize) -> Vec<f32> {
    let at = |i: usize| ((i * 7919 + seed * 104_729 + 31) % 9973) as f32 / 9973.0;
    (0..len).map(|i| at(i) * 2.0 - 1.0).collect()
}

/// `x w + b` for so many rows, trained by squares.
fn compiled(rows: usize, optimizer: Optimizer, accumulate: bool) -> (Program, Plan) {
    let mut graph = Graph::new("training");
    let x = graph.add_input("x", TensorType::new(DType::F32, [rows, INPUTS]));
    let w = graph.add_state("w", Tensor::f32(&[INPUTS, OUTPUTS], &numbers(6, 1)), true);
    let b = graph.add_state("b", Tensor::f32(&[OUTPUTS], &numbers(2, 2)), true);
    let product = graph.add_op("product", MatMul, &[x, w], &[]).unwrap();
    let y = graph
        .add_op("sum", Binary::from(BinaryOp::Add), &[product, b], &[])
        .unwrap();
    graph.add_output("y", y);
    let options = TrainOptions {
        loss: Loss::MeanSquaredError,
        optimizer,
        accumulate,
        ..TrainOptions::default()
    };
    add_step(&mut graph, &options).unwrap_or_else(|error| panic!("{error}"));
    run(&mut graph, REQUIRED, &mut |_, _| {}).unwrap();
    portable(&graph).unwrap()
}

fn parameters(executor: &Executor<'_>) -> Vec<f32> {
    let states = executor.states().into_iter().take(2);
    states.flat_map(|state| state.to_f32().unwrap()).collect()
}

/// Inputs and targets of one batch, all rows.
fn batch(round: usize) -> (Vec<f32>, Vec<f32>) {
    (
        numbers(BATCH * INPUTS, 10 + round),
        numbers(BATCH * OUTPUTS, 20 + round),
    )
}

/// The parameters, the weights first, and what the optimizer keeps.
struct ByHand {
    parameters: Vec<f64>,
    kept: [Vec<f64>; 2],
    steps: i32,
}

impl ByHand {
    fn new() -> Self {
        let parameters = [numbers(6, 1), numbers(2, 2)].concat();
        Self {
            kept: [vec![0.0; parameters.len()], vec![0.0; parameters.len()]],
            parameters: parameters.into_iter().map(f64::from).collect(),
            steps: 0,
        }
    }

    /// The gradient of the mean of squares over some rows.
    fn gradient(&self, x: &[f32], target: &[f32]) -> Vec<f64> {
        let mut gradient = vec![0.0; self.parameters.len()];
        for (at, wanted) in target.iter().enumerate() {
            let (row, column) = (at / OUTPUTS, at % OUTPUTS);
            // The bias is a row of weights for an input of one.
            let inputs = x[row * INPUTS..][..INPUTS].iter().map(|x| f64::from(*x)).chain([1.0]);
            let inputs: Vec<f64> = inputs.collect();
            let weights = self.parameters.iter().skip(column).step_by(OUTPUTS);
            let y: f64 = inputs.iter().zip(weights).map(|(x, w)| x * w).sum();
            let slope = 2.0 * (y - f64::from(*wanted)) / target.len() as f64;
            let slopes = gradient.iter_mut().skip(column).step_by(OUTPUTS);
            slopes.zip(&inputs).for_each(|(to, x)| *to += slope * x);
        }
        gradient
    }

    fn step(&mut self, optimizer: Optimizer, (x, target): &(Vec<f32>, Vec<f32>)) {
        let gradient = self.gradient(x, target);
        let [first, second] = &mut self.kept;
        self.steps += 1;
        for (at, g) in gradient.into_iter().enumerate() {
            let movement = match optimizer {
                Optimizer::Sgd => g,
                Optimizer::Momentum { beta } => {
                    first[at] = f64::from(beta) * first[at] + g;
                    first[at]
                }
                Optimizer::Adam => {
                    first[at] = 0.9 * first[at] + 0.1 * g;
                    second[at] = 0.999 * second[at] + 0.001 * g * g;
                    let mean = first[at] / (1.0 - 0.9_f64.powi(self.steps));
                    let square = second[at] / (1.0 - 0.999_f64.powi(self.steps));
                    mean / (square.sqrt() + 1e-8)
                }
            };
            self.parameters[at] -= f64::from(RATE) * movement;
        }
    }
}

fn assert_close(name: &str, found: &[f32], expected: &[f64]) {
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        let off = (f64::from(*a) - b).abs();
        assert!(off < 2e-7, "{name}, parameter {index}: {a} instead of {b}");
    }
}

fn rate() -> Tensor {
    Tensor::f32(&[], &[RATE])
}

/// The rows of a batch one by one, as a model for one row takes them.
fn samples((x, target): &(Vec<f32>, Vec<f32>)) -> Vec<[Tensor; 2]> {
    let rows = x.chunks(INPUTS).zip(target.chunks(OUTPUTS));
    rows.map(|(x, target)| [Tensor::f32(&[1, INPUTS], x), Tensor::f32(&[1, OUTPUTS], target)])
        .collect()
}

#[test]
fn accumulated_samples_are_a_batch() {
    for optimizer in OPTIMIZERS {
        let (program, plan) = compiled(1, optimizer, true);
        let mut apart = Executor::new(&program, &plan);
        let (program, plan) = compiled(BATCH, optimizer, false);
        let mut whole = Executor::new(&program, &plan);
        let mut by_hand = ByHand::new();
        for round in 0..3 {
            let batch = batch(round);
            by_hand.step(optimizer, &batch);
            let x = Tensor::f32(&[BATCH, INPUTS], &batch.0);
            let target = Tensor::f32(&[BATCH, OUTPUTS], &batch.1);
            let loss = whole.train_step(&[x, target, rate()]).unwrap().scalar_f64().unwrap();
            let before = parameters(&apart);
            let losses = samples(&batch)
                .into_iter()
                .map(|sample| apart.accumulate(&sample).unwrap());
            let sum: f64 = losses.map(|loss| loss.scalar_f64().unwrap()).sum();
            assert!(
                (sum / BATCH as f64 - loss).abs() < 2e-7,
                "{optimizer}: {sum} for {loss}"
            );
            assert_eq!(parameters(&apart), before, "{optimizer}: sums alone move nothing");
            apart.apply(&rate());
            let name = format!("{optimizer}, round {round}");
            assert_close(&format!("{name}, samples"), &parameters(&apart), &by_hand.parameters);
            assert_close(&format!("{name}, batch"), &parameters(&whole), &by_hand.parameters);
        }
    }
}

#[test]
fn a_step_without_samples_changes_nothing() {
    for optimizer in OPTIMIZERS {
        let (program, plan) = compiled(1, optimizer, true);
        let mut executor = Executor::new(&program, &plan);
        // Where the optimizer would go on by what it keeps.
        for sample in samples(&batch(0)) {
            executor.accumulate(&sample);
        }
        executor.apply(&rate());
        let before = executor.states();
        executor.apply(&rate());
        assert_eq!(executor.states(), before, "{optimizer}");
    }
}

#[test]
fn a_step_is_the_same_with_sums() {
    for optimizer in OPTIMIZERS {
        let programs = [false, true].map(|accumulate| compiled(1, optimizer, accumulate));
        let [mut plain, mut summed] = programs.each_ref().map(|(program, plan)| Executor::new(program, plan));
        for sample in samples(&batch(1)) {
            let inputs = [&sample[..], &[rate()]].concat();
            assert_eq!(plain.train_step(&inputs), summed.train_step(&inputs), "{optimizer}");
            assert_eq!(parameters(&plain), parameters(&summed), "{optimizer}");
        }
    }
}
