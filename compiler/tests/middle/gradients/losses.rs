//! Gradients of the losses by the scores, against central differences of the same in `f64`.
#![expect(clippy::disallowed_methods, reason = "references, which are not emitted")]

use super::numbers;
use edgec::back::exec::Executor;
use edgec::back::portable;
use edgec::ir::primitives::{Binary, BinaryOp};
use edgec::ir::{DType, Graph, Tensor, TensorType};
use edgec::middle::passes::{REQUIRED, run};
use edgec::middle::train::add_step;
use edgec::{Loss, Optimizer, TrainOptions};

const CLASSES: usize = 4;

fn f32s(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|x| *x as f32).collect()
}

/// The loss of scores, in rows of classes, and its gradient by these: what momentum keeps of the first step.
fn trained(loss: Loss, scores: &[f64], target: &Tensor) -> (f64, Vec<f64>) {
    let shape = [scores.len() / CLASSES, CLASSES];
    let mut graph = Graph::new("loss");
    let x = graph.add_input("x", TensorType::new(DType::F32, shape));
    let zeros = graph.add_state("zeros", Tensor::f32(&shape, &vec![0.0; scores.len()]), true);
    let y = graph
        .add_op("sum", Binary::from(BinaryOp::Add), &[x, zeros], &[])
        .unwrap();
    graph.add_output("y", y);
    let options = TrainOptions {
        loss,
        optimizer: Optimizer::Momentum { beta: 0.5 },
        ..TrainOptions::default()
    };
    add_step(&mut graph, &options).unwrap_or_else(|error| panic!("{error}"));
    run(&mut graph, REQUIRED, &mut |_, _| {}).unwrap();
    let (program, plan) = portable(&graph).unwrap();
    let mut executor = Executor::new(&program, &plan);
    let inputs = [
        Tensor::f32(&shape, &f32s(scores)),
        target.clone(),
        Tensor::f32(&[], &[1.0]),
    ];
    let loss = executor.train_step(&inputs).unwrap().scalar_f64().unwrap();
    (loss, executor.states()[1].to_f64())
}

/// Logarithms of the probabilities of one row.
fn logarithms(scores: &[f64], temperature: f64) -> Vec<f64> {
    let most = scores.iter().copied().fold(f64::MIN, f64::max);
    let sum: f64 = scores.iter().map(|x| ((x - most) / temperature).exp()).sum();
    scores.iter().map(|x| (x - most) / temperature - sum.ln()).collect()
}

/// The loss by its definition; for classes by index, `target` has one number a row.
fn defined(loss: Loss, scores: &[f64], target: &[f64]) -> f64 {
    let rows = scores.chunks(CLASSES);
    let count = rows.len() as f64;
    match loss {
        Loss::SoftmaxCrossEntropy => {
            let pairs = rows.zip(target);
            let losses = pairs.map(|(row, class)| -logarithms(row, 1.0)[*class as usize]);
            losses.sum::<f64>() / count
        }
        Loss::MeanSquaredError => {
            let squares = scores.iter().zip(target).map(|(x, t)| (x - t).powi(2));
            squares.sum::<f64>() / scores.len() as f64
        }
        Loss::BinaryCrossEntropy => {
            let losses = scores.iter().zip(target).map(|(x, t)| {
                let p = 1.0 / (1.0 + (-x).exp());
                -t * p.ln() - (1.0 - t) * (1.0 - p).ln()
            });
            losses.sum::<f64>() / scores.len() as f64
        }
        Loss::Distillation { temperature } => {
            let temperature = f64::from(temperature);
            let divergences = rows.zip(target.chunks(CLASSES)).map(|(student, teacher)| {
                let [q, p] = [student, teacher].map(|scores| logarithms(scores, temperature));
                let terms = p.iter().zip(q).map(|(p, q)| p.exp() * (p - q));
                terms.sum::<f64>()
            });
            temperature.powi(2) * divergences.sum::<f64>() / count
        }
    }
}

#[test]
fn losses_and_their_gradients() {
    const STEP: f64 = 1e-5;
    let scores: Vec<f64> = numbers(3 * CLASSES, 1).iter().map(|x| 3.0 * x).collect();
    let wide: Vec<f64> = numbers(3 * CLASSES, 2).iter().map(|x| 5.0 * x).collect();
    let shares: Vec<f64> = numbers(3 * CLASSES, 3).iter().map(|x| 0.5 + 0.4 * x).collect();
    let as_floats = |target: &[f64]| Tensor::f32(&[3, CLASSES], &f32s(target));
    let classes = Tensor::i32(&[3], &[2, 0, 3]);
    let soft = |temperature| (Loss::Distillation { temperature }, wide.clone(), as_floats(&wide));
    let cases = [
        (Loss::SoftmaxCrossEntropy, vec![2.0, 0.0, 3.0], classes),
        (Loss::MeanSquaredError, wide.clone(), as_floats(&wide)),
        (Loss::BinaryCrossEntropy, shares.clone(), as_floats(&shares)),
        soft(0.5),
        soft(1.0),
        soft(4.0),
    ];
    for (loss, target, tensor) in cases {
        let (found, gradient) = trained(loss, &scores, &tensor);
        let expected = defined(loss, &scores, &target);
        assert!(
            (found - expected).abs() < 1e-5 * expected,
            "{loss}: {found} instead of {expected}"
        );
        for (at, found) in gradient.iter().enumerate() {
            let moved = |by: f64| {
                let mut scores = scores.clone();
                scores[at] += by;
                defined(loss, &scores, &target)
            };
            let expected = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            let off = (found - expected).abs() / expected.abs().max(0.1);
            assert!(off < 1e-4, "{loss}, score {at}: {found} instead of {expected}");
        }
    }
}

/// Scores so far apart that all probabilities are 0 or 1, and a class that both rule out.
#[test]
fn distillation_of_large_and_infinite_scores() {
    let scores = [1e4, 0.0, -1e4, 5.0, 1.0, 2.0, 0.5, f64::NEG_INFINITY];
    let teacher = [-1e4, 1e4, 0.0, 5.0, 2.0, 1.0, 0.5, f64::NEG_INFINITY];
    let loss = Loss::Distillation { temperature: 2.0 };
    let target = Tensor::f32(&[2, CLASSES], &f32s(&teacher));
    let (found, gradient) = trained(loss, &scores, &target);
    let [q, p] = [&scores[4..7], &teacher[4..7]].map(|scores| logarithms(scores, 2.0));
    let second: f64 = p.iter().zip(&q).map(|(p, q)| p.exp() * (p - q)).sum();
    // The teacher is sure of the second class, which the student holds for e^-5000.
    let expected = 4.0 * (5000.0 + second) / 2.0;
    assert!(
        (found - expected).abs() < 1e-5 * expected,
        "{found} instead of {expected}"
    );
    // T (q - p), as a mean over two rows.
    let second = q.iter().zip(&p).map(|(q, p)| q.exp() - p.exp());
    let expected: Vec<f64> = [1.0, -1.0, 0.0, 0.0].into_iter().chain(second).chain([0.0]).collect();
    for (found, expected) in gradient.iter().zip(&expected) {
        assert!((found - expected).abs() < 1e-6, "{gradient:?} instead of {expected:?}");
    }
}
