//! Reductions, places of extremes, and softmax.

use super::inputs::{both, close, noise};
use runtime_core::Simd;
use runtime_core::kernels::{self, *};

const SHAPES: [[usize; 3]; 10] = [
    [1, 1, 1],
    [3, 7, 1],
    [2, 4096, 1],
    [1, 10_000, 1],
    [2, 5, 3],
    [2, 300, 33],
    [1, 49, 64],
    [3, 4, 100],
    [2, 0, 3],
    [0, 4, 2],
];

/// The elements `x[o, .., i]`, for each `o` and `i`.
fn lines([outer, axis, inner]: [usize; 3], x: &[f32]) -> Vec<Vec<f64>> {
    let line = |o: usize, i: usize| (0..axis).map(|j| f64::from(x[(o * axis + j) * inner + i])).collect();
    (0..outer)
        .flat_map(|o| (0..inner).map(move |i| (o, i)))
        .map(|(o, i)| line(o, i))
        .collect()
}

fn check_reduce<Op>(op: Op, expected: impl Fn(&[f64]) -> f64, what: &str)
where
    Op: ReduceOp<f32> + ReduceOp<f64>,
{
    both(|simd| {
        for shape @ [outer, axis, inner] in SHAPES {
            let x = noise(outer * axis * inner, 5);
            let mut y = vec![9.0; outer * inner];
            reduce(simd, Reduce { outer, axis, inner, op }, &x, &mut y);
            close(
                &y,
                lines(shape, &x).iter().map(|line| expected(line)),
                3e-6,
                &format!("{what} {shape:?}"),
            );
            let wide: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
            let mut y = vec![9.0; outer * inner];
            reduce_of(simd, Reduce { outer, axis, inner, op }, &wide, &mut y);
            for (y, line) in y.iter().zip(lines(shape, &x)) {
                let expected = expected(&line);
                assert!(
                    *y == expected
                        || (y - expected).abs() < 1e-9 * expected.abs().max(1.0)
                        || y.is_nan() && expected.is_nan()
                );
            }
        }
    });
}

#[test]
fn reductions() {
    check_reduce(Sum, |x| x.iter().sum(), "Sum");
    check_reduce(Mean, |x| x.iter().sum::<f64>() / x.len() as f64, "Mean");
    check_reduce(
        kernels::Max,
        |x| x.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "Max",
    );
    check_reduce(kernels::Min, |x| x.iter().copied().fold(f64::INFINITY, f64::min), "Min");
    check_reduce(Prod, |x| x.iter().product(), "Prod");
    check_reduce(SumSquare, |x| x.iter().map(|x| x * x).sum(), "SumSquare");
    check_reduce(L1, |x| x.iter().map(|x| x.abs()).sum(), "L1");
    check_reduce(L2, |x| x.iter().map(|x| x * x).sum::<f64>().sqrt(), "L2");
    check_reduce(LogSumExp, |x| x.iter().map(|x| x.exp()).sum::<f64>().ln(), "LogSumExp");
    let mut y = [0.0];
    reduce(
        Simd::detect(),
        Reduce {
            outer: 1,
            axis: 2,
            inner: 1,
            op: LogSumExp,
        },
        &[1000.0, 1000.0],
        &mut y,
    );
    close(&y, [1000.0 + 2.0f64.ln()], 1e-6, "LogSumExp");
    let mut y = [0i32; 2];
    reduce_of(
        Simd::detect(),
        Reduce {
            outer: 1,
            axis: 3,
            inner: 2,
            op: Mean,
        },
        &[1, 2, 3, 4, 5, 7],
        &mut y,
    );
    assert_eq!(y, [3, 4]);
    let mut y = [0.0; 1];
    let million = vec![0.1f32; 1_000_000];
    reduce(
        Simd::BASELINE,
        Reduce {
            outer: 1,
            axis: 1_000_000,
            inner: 1,
            op: Sum,
        },
        &million,
        &mut y,
    );
    assert!((y[0] - 100_000.0).abs() < 1.0, "sum of a million: {}", y[0]);
}

#[test]
fn arguments() {
    let x = [3, 1, 4, 4, 1, 5, 4, 5, 3, 1, 2, 6];
    let mut y = [9i64; 4];
    let layer = ArgReduce {
        outer: 2,
        axis: 3,
        inner: 2,
        last: false,
    };
    arg_max(Simd::BASELINE, layer, &x, &mut y);
    assert_eq!(y, [1, 2, 0, 2]);
    arg_max(Simd::BASELINE, ArgReduce { last: true, ..layer }, &[1; 12], &mut y);
    assert_eq!(y, [2; 4]);
    arg_min(Simd::BASELINE, layer, &x, &mut y);
    assert_eq!(y, [2, 0, 2, 1]);
}

#[test]
fn softmaxes() {
    both(|simd| {
        for shape @ [outer, axis, inner] in SHAPES {
            let x: Vec<f32> = noise(outer * axis * inner, 6).iter().map(|x| x * 10.0).collect();
            let (mut y, mut logs) = (vec![9.0; x.len()], vec![9.0; x.len()]);
            let layer = Softmax { outer, axis, inner };
            softmax(simd, layer, &x, &mut y);
            log_softmax(simd, layer, &x, &mut logs);
            let mut generic = vec![0.0; x.len()];
            softmax_of(simd, layer, &x, &mut generic);
            close(&generic, y.iter().map(|y| f64::from(*y)), 1e-6, "softmax_of");
            log_softmax_of(simd, layer, &x, &mut generic);
            close(&generic, logs.iter().map(|y| f64::from(*y)), 1e-6, "log_softmax_of");
            for ((line, y), logs) in lines(shape, &x).iter().zip(lines(shape, &y)).zip(lines(shape, &logs)) {
                let sum: f64 = line.iter().map(|x| x.exp()).sum();
                for ((x, y), log) in line.iter().zip(y).zip(logs) {
                    assert!(
                        (y - x.exp() / sum).abs() < 1e-6 * (x.exp() / sum) + 1e-12,
                        "softmax {shape:?}"
                    );
                    assert!((log - (x - sum.ln())).abs() < 1e-5, "log_softmax {shape:?}");
                }
            }
        }
    });
}
