//! The functions against double precision, on every instruction set the machine has.

use runtime_core::Simd;
use runtime_core::function::*;
use runtime_core::kernels::{Map, map, map_in_place, map_of};

fn values<F: Function>(simd: Simd, function: F, x: &[f32]) -> Vec<f32> {
    let mut y = vec![0.0; x.len()];
    map(simd, Map { function }, x, &mut y);
    let mut in_place = x.to_vec();
    map_in_place(simd, Map { function }, &mut in_place);
    assert!(
        y.iter()
            .zip(&in_place)
            .all(|(a, b)| a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan())
    );
    y
}

/// Every float at a stride, so that all exponents are covered, and dense samples around zero.
fn samples() -> Vec<f32> {
    let all = (0..u32::MAX)
        .step_by(16_411)
        .map(f32::from_bits)
        .filter(|x| x.is_finite());
    all.chain((-50_000..50_000).map(|i| i as f32 * 4e-4)).collect()
}

/// Checks relative errors where the value is a normal number, and absolute ones everywhere.
fn check<F: Function + Into<AnyFunction>>(name: &str, function: F, keep: impl Fn(f32) -> bool, limit: f64, floor: f64) {
    let x: Vec<f32> = samples().into_iter().filter(|x| keep(*x)).collect();
    for simd in [Simd::detect(), Simd::BASELINE] {
        let y = values(simd, function, &x);
        let any = values(simd, function.into(), &x);
        let (mut worst, mut place) = (0.0f64, 0.0f32);
        for ((x, y), any) in x.iter().zip(&y).zip(&any) {
            assert!(
                y.to_bits() == any.to_bits() || y.is_nan() && any.is_nan(),
                "{name} as AnyFunction at {x:e}"
            );
            let expected = function.eval64(f64::from(*x));
            if (expected as f32).is_infinite() || expected.is_nan() {
                let near = y.abs() > 3.4e38 && expected.abs() < 3.5e38;
                assert!(
                    near || *y == expected as f32 || y.is_nan() && expected.is_nan(),
                    "{name} at {x:e}: {y:e} for {expected:e}"
                );
                continue;
            }
            let error = (f64::from(*y) - expected).abs();
            let relative = error / expected.abs().max(floor);
            if relative > worst {
                (worst, place) = (relative, *x);
            }
        }
        println!("{name:16} {simd:?} worst {worst:.2e} at {place:e}");
        assert!(worst < limit, "{name}: relative error {worst:e} at {place:e}");
    }
}

const NORMAL: f64 = f32::MIN_POSITIVE as f64;

#[test]
fn accuracy() {
    let all = |_: f32| true;
    check("Exp", Exp, all, 3e-7, NORMAL);
    check("Sigmoid", Sigmoid, all, 3e-7, NORMAL);
    check("Tanh", Tanh, all, 4e-7, NORMAL);
    check("Log", Log, all, 3e-7, NORMAL);
    check("Erf", Erf, all, 4e-7, NORMAL);
    check("Softplus", Softplus, all, 4e-7, NORMAL);
    check("Silu", Silu, |x| x > -80.0, 4e-7, NORMAL);
    check("Swish", Swish { alpha: 1.5 }, |x| x.abs() < 50.0, 1e-5, NORMAL);
    check("Mish", Mish, |x| x > -80.0, 5e-7, NORMAL);
    check("Gelu", Gelu, |x| x.abs() < 1e18, 5e-6, 1e-2);
    check("GeluTanh", GeluTanh, |x| x.abs() < 1e12, 1e-6, 1e-2);
    check("Elu", Elu { alpha: 1.25 }, all, 4e-7, NORMAL);
    check(
        "Selu",
        Selu {
            alpha: 1.673_263_2,
            gamma: 1.050_701,
        },
        all,
        4e-7,
        NORMAL,
    );
    check("Celu", Celu { alpha: 2.0 }, all, 4e-7, NORMAL);
    check("Softsign", Softsign, |x| x.abs() < 1e37, 2e-7, NORMAL);
    check("HardSigmoid", HardSigmoid { alpha: 0.2, beta: 0.5 }, all, 2e-7, 1e-1);
    check("HardSwish", HardSwish, |x| x.abs() < 1e37, 2e-7, 1.0);
    check("Sqrt", Sqrt, all, 1e-7, NORMAL);
    check("Reciprocal", Reciprocal, |x| x.abs() > 1e-37, 1e-7, NORMAL);
}

#[test]
fn exact() {
    let all = |_: f32| true;
    check("Round", Round, all, 1e-30, NORMAL);
    check("Floor", Floor, all, 1e-30, NORMAL);
    check("Ceil", Ceil, all, 1e-30, NORMAL);
    check("Relu", Relu, all, 1e-30, NORMAL);
    check("Clip", Clip { min: -0.5, max: 6.0 }, all, 1e-30, NORMAL);
    check("ThresholdedRelu", ThresholdedRelu { alpha: 0.5 }, all, 1e-30, NORMAL);
    check("Sign", Sign, all, 1e-30, NORMAL);
    check("Abs", Abs, all, 1e-30, NORMAL);
    check("Neg", Neg, all, 1e-30, NORMAL);
    check("LeakyRelu", LeakyRelu { alpha: 0.25 }, all, 1e-7, NORMAL);
    check("Shrink", Shrink { bias: 0.25, lambd: 0.5 }, all, 1e-7, NORMAL);
    check("Square", Square, |x| x.abs() > 1e-18 && x.abs() < 1e18, 1e-7, NORMAL);
}

#[test]
fn trigonometry() {
    let small = |x: f32| x.abs() < 1000.0;
    let unit = |x: f32| x.abs() < 1.0;
    check("Sin", Sin, small, 2e-7, NORMAL);
    check("Cos", Cos, small, 2e-7, NORMAL);
    check("Tan", Tan, small, 2e-7, NORMAL);
    check("Asin", Asin, unit, 2e-7, NORMAL);
    check("Acos", Acos, unit, 2e-7, NORMAL);
    check("Atan", Atan, small, 2e-7, NORMAL);
    check("Sinh", Sinh, |x| x.abs() < 80.0, 3e-7, NORMAL);
    check("Cosh", Cosh, |x| x.abs() < 80.0, 3e-7, NORMAL);
    check("Asinh", Asinh, small, 4e-7, NORMAL);
    check("Acosh", Acosh, |x| x > 1.0 && x < 1000.0, 4e-7, NORMAL);
    check("Atanh", Atanh, unit, 4e-7, NORMAL);
}

#[test]
fn limits() {
    let x = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0];
    for simd in [Simd::detect(), Simd::BASELINE] {
        let expect = |function: AnyFunction, expected: [f32; 5]| {
            for ((y, expected), x) in values(simd, function, &x).iter().zip(expected).zip(x) {
                assert!(
                    *y == expected || y.is_nan() && expected.is_nan(),
                    "{function:?} at {x}: {y} for {expected}"
                );
            }
        };
        let (nan, inf) = (f32::NAN, f32::INFINITY);
        expect(Exp.into(), [nan, inf, 0.0, 1.0, 1.0]);
        expect(Log.into(), [nan, inf, nan, -inf, -inf]);
        expect(Sigmoid.into(), [nan, 1.0, 0.0, 0.5, 0.5]);
        expect(Tanh.into(), [nan, 1.0, -1.0, 0.0, 0.0]);
        expect(Erf.into(), [nan, 1.0, -1.0, 0.0, 0.0]);
        expect(Softplus.into(), [nan, inf, 0.0, 2.0f32.ln(), 2.0f32.ln()]);
        expect(Relu.into(), [nan, inf, 0.0, 0.0, 0.0]);
        expect(Clip { min: -1.0, max: 2.0 }.into(), [nan, 2.0, -1.0, 0.0, 0.0]);
        expect(Round.into(), [nan, inf, -inf, 0.0, 0.0]);
        expect(Floor.into(), [nan, inf, -inf, 0.0, 0.0]);
        expect(Sign.into(), [nan, 1.0, -1.0, 0.0, 0.0]);
        expect(Sqrt.into(), [nan, inf, nan, 0.0, 0.0]);
    }
}

#[test]
fn other_floats() {
    use runtime_core::{bf16, f16};
    let mut y = [f16::ZERO; 2];
    map_of(Simd::BASELINE, Map { function: Exp }, &[f16::ONE, f16::ZERO], &mut y);
    assert_eq!(y, [f16::from_f32(1.0f32.exp()), f16::ONE]);
    let mut y = [bf16::ZERO; 1];
    map_of(Simd::BASELINE, Map { function: Tanh }, &[bf16::ONE], &mut y);
    assert_eq!(y, [bf16::from_f32(1.0f32.tanh())]);
    let mut y = [0.0f64; 1];
    map_of(Simd::BASELINE, Map { function: Gelu }, &[-3.0], &mut y);
    assert!((y[0] + 0.004_049_694_094_890_284).abs() < 1e-15);
}
