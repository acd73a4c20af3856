//! Gradients of every operator that has one, against central differences in `f64`.

mod elements;
mod functions;
mod losses;
mod normalisations;
mod recurrences;
mod windows;

use edgec::back::exec::Executor;
use edgec::back::portable;
use edgec::ir::primitives::*;
use edgec::ir::{DType, Graph, Operator, Tensor, TensorType, ValueId};
use edgec::middle::passes::{REQUIRED, run};
use edgec::middle::train::differentiate;

/// Numbers between -1 and 1 that differ from each other and from zero, so that no slope has a corner there.
fn numbers(len: usize, seed: usize) -> Vec<f64> {
    let at = |i: usize| ((i * 7919 + seed * 104_729 + 31) % 9973) as f64 / 9973.0;
    (0..len)
        .map(|i| at(i) * 2.0 - 1.0)
        .map(|x| x + 0.03 * x.signum())
        .collect()
}

fn tensor(dtype: DType, shape: &[usize], numbers: &[f64]) -> Tensor {
    match dtype {
        DType::F32 => Tensor::f32(shape, &numbers.iter().map(|x| *x as f32).collect::<Vec<_>>()),
        _ => Tensor::f64(shape, numbers),
    }
}

/// A function of tensors.
type Build<'b> = &'b dyn Fn(&mut Graph, &[ValueId]) -> ValueId;

/// The loss, a sum of what `build` gives with weights that differ, and its gradients by all operands.
struct Case<'b> {
    build: Build<'b>,
    dtype: DType,
    shapes: Vec<Vec<usize>>,
}

impl Case<'_> {
    /// The loss, then the gradients.
    fn run(&self, operands: &[Vec<f64>], gradients: bool) -> Vec<Tensor> {
        let mut graph = Graph::new("gradients");
        let types = self
            .shapes
            .iter()
            .map(|shape| TensorType::new(self.dtype, shape.clone()));
        let inputs: Vec<_> = types
            .enumerate()
            .map(|(i, ty)| graph.add_input(format!("x{i}"), ty))
            .collect();
        let y = (self.build)(&mut graph, &inputs);
        let shape = graph.ty(y).shape.clone();
        let len: usize = shape.iter().product();
        let weights = graph.add_constant("weights", tensor(self.dtype, &shape, &numbers(len, 5)));
        let products = add(&mut graph, Binary::from(BinaryOp::Mul), &[y, weights]);
        let (op, axes) = (ReduceOp::Sum, (0..shape.len()).collect());
        let loss = add(&mut graph, Reduce { op, axes }, &[products]);
        let loss = add(&mut graph, Reshape { shape: vec![] }, &[loss]);
        graph.add_output("loss", loss);
        if gradients {
            let found = differentiate(&mut graph, loss, &inputs).unwrap();
            for (i, gradient) in found.into_iter().enumerate() {
                graph.add_output(format!("g{i}"), gradient.expect("the loss depends on it"));
            }
        }
        run(&mut graph, REQUIRED, &mut |_, _| {}).unwrap();
        let (program, plan) = portable(&graph).unwrap();
        let inputs = self.shapes.iter().zip(operands);
        let inputs: Vec<_> = inputs.map(|(shape, x)| tensor(self.dtype, shape, x)).collect();
        Executor::new(&program, &plan).run(&inputs)
    }

    fn loss(&self, operands: &[Vec<f64>]) -> f64 {
        self.run(operands, false)[0].scalar_f64().unwrap()
    }
}

fn add(graph: &mut Graph, operator: impl Operator + 'static, inputs: &[ValueId]) -> ValueId {
    graph
        .add_op("node", operator, inputs, &[])
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Compares the gradients of `case` with differences of `reference`, which computes the same in `f64`.
fn compare(name: &str, case: &Case<'_>, reference: &Case<'_>, operands: &[Vec<f64>], tolerance: f64) {
    const STEP: f64 = 1e-5;
    let results = case.run(operands, true);
    for (index, gradient) in results[1..].iter().enumerate() {
        for (at, found) in gradient.to_f64().into_iter().enumerate() {
            let moved = |by: f64| {
                let mut operands = operands.to_vec();
                operands[index][at] += by;
                reference.loss(&operands)
            };
            let expected = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            let off = (found - expected).abs() / expected.abs().max(1.0);
            assert!(
                off < tolerance,
                "{name}: operand {index}, element {at}: {found} instead of {expected}"
            );
        }
    }
}

/// Checks an operator of `f64` operands of these shapes.
fn check(name: &str, build: Build<'_>, shapes: &[&[usize]]) {
    let shapes: Vec<_> = shapes.iter().map(|shape| shape.to_vec()).collect();
    let operands = shapes.iter().enumerate();
    let operands: Vec<_> = operands.map(|(i, shape)| numbers(shape.iter().product(), i)).collect();
    check_at(name, build, shapes, &operands);
}

fn check_at(name: &str, build: Build<'_>, shapes: Vec<Vec<usize>>, operands: &[Vec<f64>]) {
    let case = Case {
        build,
        dtype: DType::F64,
        shapes,
    };
    compare(name, &case, &case, operands, 1e-6);
}

#[test]
fn gradients_on_several_ways_are_added() {
    let both = |graph: &mut Graph, x: &[ValueId]| {
        let square = add(graph, Binary::from(BinaryOp::Mul), &[x[0], x[0]]);
        let sine = add(
            graph,
            Map {
                function: runtime_core::function::Sin.into(),
            },
            &[x[0]],
        );
        add(graph, Binary::from(BinaryOp::Mul), &[square, sine])
    };
    check("x^2 sin x", &both, &[&[5]]);
}
