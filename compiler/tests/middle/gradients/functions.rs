//! Functions of one number.

use super::{add, check_at, numbers};
use edgec::ir::primitives::Map;
use edgec::ir::{Graph, ValueId};
use runtime_core::function::{self as f, AnyFunction};

#[test]
fn functions() {
    let (alpha, gamma) = (0.3, 1.2);
    let functions: Vec<AnyFunction> = vec![
        f::Identity.into(),
        f::Relu.into(),
        f::Clip { min: -0.5, max: 0.4 }.into(),
        f::LeakyRelu { alpha }.into(),
        f::Elu { alpha }.into(),
        f::Selu { alpha, gamma }.into(),
        f::Celu { alpha }.into(),
        f::ThresholdedRelu { alpha }.into(),
        f::HardSigmoid { alpha: 0.7, beta: 0.5 }.into(),
        f::HardSwish.into(),
        f::Sigmoid.into(),
        f::Silu.into(),
        f::Swish { alpha }.into(),
        f::Mish.into(),
        f::Tanh.into(),
        f::Softplus.into(),
        f::Softsign.into(),
        f::Gelu.into(),
        f::GeluTanh.into(),
        f::Erf.into(),
        f::Exp.into(),
        f::Square.into(),
        f::Reciprocal.into(),
        f::Neg.into(),
        f::Abs.into(),
        f::Sin.into(),
        f::Cos.into(),
        f::Tan.into(),
        f::Atan.into(),
        f::Sinh.into(),
        f::Cosh.into(),
        f::Asinh.into(),
    ];
    for function in functions {
        let map = move |graph: &mut Graph, x: &[ValueId]| add(graph, Map { function }, x);
        // Wide enough for the outer pieces, near enough to zero for the inner ones; but no poles.
        let widths: &[f64] = if matches!(function, AnyFunction::Tan(_)) {
            &[0.9]
        } else {
            &[0.9, 4.0]
        };
        for width in widths {
            let x = numbers(24, 1).into_iter().map(|x| x * width).collect();
            check_at(&format!("{function:?}"), &map, vec![vec![24]], &[x]);
        }
    }
    let positive: [AnyFunction; 2] = [f::Log.into(), f::Sqrt.into()];
    let inside: [AnyFunction; 3] = [f::Asin.into(), f::Acos.into(), f::Atanh.into()];
    let above_one: [AnyFunction; 1] = [f::Acosh.into()];
    let shifted = |scale: f64, shift: f64| {
        numbers(16, 2)
            .into_iter()
            .map(|x| x * scale + shift)
            .collect::<Vec<_>>()
    };
    let limited = [
        (&positive[..], shifted(0.9, 1.5)),
        (&inside[..], shifted(0.8, 0.0)),
        (&above_one[..], shifted(0.5, 2.5)),
    ];
    for (functions, x) in limited {
        for function in functions.iter().copied() {
            let map = move |graph: &mut Graph, x: &[ValueId]| add(graph, Map { function }, x);
            check_at(&format!("{function:?}"), &map, vec![vec![16]], std::slice::from_ref(&x));
        }
    }
}
