//! Operators whose kernels have no precision to spare in `f64`, beside the same of simpler ones.

use super::{Build, Case, add, compare, numbers};
use edgec::ir::primitives::*;
use edgec::ir::{DType, Graph, Tensor, ValueId};
use runtime_core::function::{self as f, Identity};

/// Whose kernel has no precision to spare in `f64`: beside the same of simpler operators.
#[test]
fn softmax() {
    for (axis, log) in [(0, false), (1, true), (2, false), (2, true)] {
        let parts = |graph: &mut Graph, x: &[ValueId]| {
            let (op, axes) = (ReduceOp::LogSumExp, vec![axis]);
            let sum = add(graph, Reduce { op, axes }, x);
            let logarithms = add(graph, Binary::from(BinaryOp::Sub), &[x[0], sum]);
            let function = if log { Identity.into() } else { f::Exp.into() };
            add(graph, Map { function }, &[logarithms])
        };
        let whole = |graph: &mut Graph, x: &[ValueId]| add(graph, Softmax { axis, log }, x);
        let [case, reference] = [(&whole as Build<'_>, DType::F32), (&parts, DType::F64)].map(|(build, dtype)| Case {
            build,
            dtype,
            shapes: vec![vec![2, 3, 4]],
        });
        compare("Softmax", &case, &reference, &[numbers(24, 3)], 1e-5);
    }
}

/// Kernels of `f32`, beside the same of simpler operators in `f64`.
#[test]
fn normalisations() {
    let shapes = || vec![vec![2, 3, 4], vec![4], vec![4]];
    let operands: Vec<Vec<f64>> = shapes().iter().map(|s| numbers(s.iter().product(), s.len())).collect();
    let mean = |graph: &mut Graph, x| {
        let (op, axes) = (ReduceOp::Mean, vec![2]);
        add(graph, Reduce { op, axes }, &[x])
    };
    let binary = |graph: &mut Graph, op: BinaryOp, a, b| add(graph, Binary::from(op), &[a, b]);
    let epsilon = 1e-3;
    for rms in [false, true] {
        let count = if rms { 2 } else { 3 };
        let parts = |graph: &mut Graph, x: &[ValueId]| {
            let middle = mean(graph, x[0]);
            let centred = if rms {
                x[0]
            } else {
                binary(graph, BinaryOp::Sub, x[0], middle)
            };
            let squares = binary(graph, BinaryOp::Mul, centred, centred);
            let variance = mean(graph, squares);
            let small = graph.add_constant("epsilon", Tensor::scalar(DType::F64, f64::from(epsilon as f32)));
            let sum = binary(graph, BinaryOp::Add, variance, small);
            let deviation = add(
                graph,
                Map {
                    function: f::Sqrt.into(),
                },
                &[sum],
            );
            let normal = binary(graph, BinaryOp::Div, centred, deviation);
            let scaled = binary(graph, BinaryOp::Mul, normal, x[1]);
            if rms {
                scaled
            } else {
                binary(graph, BinaryOp::Add, scaled, x[2])
            }
        };
        let whole = |graph: &mut Graph, x: &[ValueId]| {
            add(
                graph,
                LayerNormalization {
                    epsilon: epsilon as f32,
                    rms,
                },
                x,
            )
        };
        let [case, reference] = [(&whole as Build<'_>, DType::F32), (&parts, DType::F64)].map(|(build, dtype)| Case {
            build,
            dtype,
            shapes: shapes()[..count].to_vec(),
        });
        compare("LayerNormalization", &case, &reference, &operands[..count], 1e-4);
    }
    let parts = |graph: &mut Graph, x: &[ValueId]| {
        let along = |graph: &mut Graph, value| add(graph, Reshape { shape: vec![4, 1] }, &[value]);
        let (scale, shift) = (along(graph, x[1]), along(graph, x[2]));
        let scaled = binary(graph, BinaryOp::Mul, x[0], scale);
        binary(graph, BinaryOp::Add, scaled, shift)
    };
    let whole = |graph: &mut Graph, x: &[ValueId]| {
        let activation = Identity.into();
        add(graph, ScaleShift { axis: 1, activation }, x)
    };
    let [case, reference] = [(&whole as Build<'_>, DType::F32), (&parts, DType::F64)].map(|(build, dtype)| Case {
        build,
        dtype,
        shapes: vec![vec![3, 4, 2], vec![4], vec![4]],
    });
    let operands: Vec<Vec<f64>> = [24, 4, 4].into_iter().map(|len| numbers(len, len)).collect();
    compare("ScaleShift", &case, &reference, &operands, 1e-4);
}
