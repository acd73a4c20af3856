//! Integer operators against the numbers that their operands stand for, and in their permuted forms.

use super::uniform::Uniform;
use super::{
    BinaryOp, Layout, Lookup, Pool, PoolKind, QlinearAveragePool, QlinearBinary, QlinearMatMul, QlinearReduce,
    QlinearSoftmax, Quantization, ReduceOp, RequantizeLinear, Transpose, Window,
};
use crate::fold::evaluate;
use crate::ir::{DType, Operator, Tensor};

fn q8(scale: f32, zero: i32) -> Quantization {
    Quantization::uniform(DType::I8, scale, zero)
}

fn q16(scale: f32, zero: i32) -> Quantization {
    Quantization::uniform(DType::I16, scale, zero)
}

/// Integers all over the range of a type.
fn tensor(dtype: DType, shape: &[usize], seed: i64) -> Tensor {
    let value = |i: i64| (i * 2_654_435_761 + seed * 40_503).rem_euclid(65_537) as u16;
    let bytes =
        (0..shape.iter().product::<usize>() as i64).flat_map(|i| value(i).to_le_bytes()[2 - dtype.size()..].to_vec());
    Tensor::new(dtype, shape.to_vec(), bytes.collect())
}

/// The numbers that integers stand for.
fn numbers(x: &Tensor, by: &Quantization) -> Vec<f64> {
    let by = Uniform::of(by).unwrap();
    x.to_f64().into_iter().map(|x| by.number(x as i32)).collect()
}

fn one(operator: &dyn Operator, operands: &[Tensor]) -> Tensor {
    evaluate(operator, operands).unwrap().remove(0)
}

/// `operator` gives the integers nearest to `exact`, but for what is within a hundredth of the middle between two.
fn check(operator: &dyn Operator, operands: &[Tensor], y: &Quantization, exact: impl Iterator<Item = f64>) {
    let by = Uniform::of(y).unwrap();
    let result = one(operator, operands);
    let expected: Vec<f64> = exact.collect();
    assert_eq!((result.dtype, result.len()), (y.dtype, expected.len()), "{operator:?}");
    for (integer, exact) in result.to_f64().into_iter().zip(expected) {
        let off = (integer - f64::from(by.integer(exact))).abs();
        let steps = exact / by.scale;
        let near_tie = (steps - steps.floor() - 0.5).abs() < 0.01;
        assert!(
            off == 0.0 || (off == 1.0 && near_tie),
            "{operator:?}: {integer} for {exact}"
        );
    }
}

/// `operator` and its permuted form agree.
fn check_permuted(operator: &dyn Operator, operands: &[Tensor]) {
    let transpose = Transpose { perm: vec![2, 0, 1] };
    let types: Vec<_> = operands.iter().map(Tensor::ty).collect();
    let inputs: Vec<_> = types.iter().map(Some).collect();
    let permuted = operator.permute(&transpose.perm, &inputs).expect("axes can be renamed");
    let moved = operands.iter().zip(&permuted.transposed).map(|(x, moved)| match moved {
        true => one(&transpose, std::slice::from_ref(x)),
        false => x.clone(),
    });
    let expected = one(&transpose, &[one(operator, operands)]);
    assert_eq!(
        one(permuted.operator.as_ref(), &moved.collect::<Vec<_>>()),
        expected,
        "{operator:?}"
    );
}

/// Quantisations of a coarse and of a fine tensor of numbers up to about `span`.
fn quantizations(span: f32) -> [Quantization; 4] {
    [
        q8(span / 256.0, -128),
        q8(span / 120.0, 5),
        q16(span / 32_000.0, 0),
        q16(span / 60_000.0, 30_000),
    ]
}

#[test]
fn requantize_linear() {
    for x in quantizations(3.0) {
        for y in quantizations(2.0) {
            let operator = RequantizeLinear::new(&x, &y, None).unwrap();
            let operand = tensor(x.dtype, &[3, 2, 50], 1);
            check(
                &operator,
                std::slice::from_ref(&operand),
                &y,
                numbers(&operand, &x).into_iter(),
            );
            check_permuted(&operator, &[operand]);
        }
    }
    let relu = RequantizeLinear::new(&q8(1.0, 0), &q8(1.0, 0), Some((0, 6))).unwrap();
    let x = Tensor::new(DType::I8, vec![4], vec![0xff, 3, 7, 0x80]);
    assert_eq!(one(&relu, &[x]).to_f64(), [0.0, 3.0, 6.0, 0.0]);
}

#[test]
fn binary() {
    for (a, b) in quantizations(3.0).into_iter().zip(quantizations(1.0)) {
        for y in quantizations(4.0) {
            for (op, function) in [
                (BinaryOp::Add, (|a, b| a + b) as fn(f64, f64) -> f64),
                (BinaryOp::Sub, |a, b| a - b),
                (BinaryOp::Mul, |a, b| a * b),
            ] {
                let operator = QlinearBinary::new(op, &a, &b, &y, None).unwrap();
                let [x, other] = [(&a, 1), (&b, 2)].map(|(q, seed)| tensor(q.dtype, &[2, 3, 7], seed));
                let exact = numbers(&x, &a)
                    .into_iter()
                    .zip(numbers(&other, &b))
                    .map(|(a, b)| function(a, b));
                check(&operator, &[x.clone(), other], &y, exact);
                let row = tensor(b.dtype, &[7], 3);
                let cycled = numbers(&row, &b).into_iter().cycle();
                let exact = numbers(&x, &a).into_iter().zip(cycled).map(|(a, b)| function(a, b));
                check(&operator, &[x.clone(), row.clone()], &y, exact);
                check_permuted(&operator, &[x, row.reshaped(&[1, 1, 7])]);
            }
        }
    }
}

#[test]
fn the_second_operand_can_be_the_larger() {
    let (a, b, y) = (q8(0.5, 3), q8(0.25, -7), q8(0.5, 1));
    let operator = QlinearBinary::new(BinaryOp::Sub, &a, &b, &y, None).unwrap();
    let (small, large) = (tensor(DType::I8, &[], 1), tensor(DType::I8, &[5, 9], 2));
    let from = numbers(&small, &a)[0];
    let exact: Vec<f64> = numbers(&large, &b).iter().map(|b| from - b).collect();
    check(&operator, &[small, large], &y, exact.into_iter());
}

#[test]
fn lookup() {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    for (x, y) in [
        (q8(0.05, 10), q8(1.0 / 256.0, -128)),
        (q16(8.0 / 32_768.0, 0), q16(1.0 / 32_768.0, 0)),
    ] {
        let (table, off) = Lookup::table(&x, &y, sigmoid).unwrap();
        assert_eq!(off, u32::from(x.dtype == DType::I16), "{x:?}");
        let operand = tensor(x.dtype, &[2, 3, 100], 1);
        let result = one(&Lookup, &[operand.clone(), table.clone()]);
        let by = Uniform::of(&y).unwrap();
        for (result, exact) in result.to_f64().into_iter().zip(numbers(&operand, &x)) {
            assert!(
                (result - f64::from(by.integer(sigmoid(exact)))).abs() <= f64::from(off),
                "{x:?}"
            );
        }
        check_permuted(&Lookup, &[operand, table]);
    }
    let (_, off) = Lookup::table(&q16(1e-4, 5), &q16(1e-4, 0), |x| x.max(0.0)).unwrap();
    assert!(off > 1, "lines round off what is not between two entries");
    let (log, _) = Lookup::table(&q8(1.0, 0), &q8(0.1, 7), f64::ln).unwrap();
    assert_eq!(
        (log.bytes[0], log.bytes[128], log.bytes[129]),
        (7, 0x80, 7),
        "no number, minus infinity, zero"
    );
}

fn pool(layout: Layout, ceil_mode: bool, pads: [usize; 4], count_include_pad: bool) -> Pool {
    Pool {
        kind: PoolKind::Average { count_include_pad },
        window: Window {
            kernel: vec![3, 2],
            strides: vec![2, 2],
            dilations: vec![1, 1],
            pads: pads.to_vec(),
        },
        ceil_mode,
        layout,
    }
}

#[test]
fn average_pool() {
    for x in quantizations(2.0) {
        for y in quantizations(2.0) {
            for layout in [Layout::ChannelsFirst, Layout::ChannelsLast] {
                for (ceil_mode, pads, count) in [
                    (false, [0; 4], false),
                    (true, [1, 0, 1, 1], false),
                    (true, [1, 1, 0, 1], true),
                ] {
                    let float = pool(layout, ceil_mode, pads, count);
                    let operator = QlinearAveragePool::new(&float, &x, &y, None).unwrap();
                    let operand = tensor(x.dtype, &[2, 5, 6, 7], 1);
                    let exact = one(&float, &[Tensor::f64(&operand.shape, &numbers(&operand, &x))]);
                    check(&operator, &[operand], &y, exact.to_f64().into_iter());
                }
            }
        }
    }
    let max = Pool {
        kind: PoolKind::Max,
        ..pool(Layout::ChannelsLast, false, [0; 4], false)
    };
    assert_eq!(QlinearAveragePool::new(&max, &q8(1.0, 0), &q8(1.0, 0), None), None);
}

#[test]
fn reduce() {
    for x in quantizations(2.0) {
        for y in quantizations(2.0) {
            for (op, axes) in [
                (ReduceOp::Mean, &[1][..]),
                (ReduceOp::Sum, &[0, 2]),
                (ReduceOp::Mean, &[1, 2]),
                (ReduceOp::Sum, &[]),
            ] {
                let operand = tensor(x.dtype, &[3, 4, 5], 1);
                let operator = QlinearReduce::new(op, axes, &operand.shape, &x, &y, None).unwrap();
                let float = super::Reduce {
                    op,
                    axes: axes.to_vec(),
                };
                let exact = one(&float, &[Tensor::f64(&operand.shape, &numbers(&operand, &x))]);
                check(
                    &operator,
                    std::slice::from_ref(&operand),
                    &y,
                    exact.to_f64().into_iter(),
                );
                check_permuted(&operator, &[operand]);
            }
        }
    }
    let one = q8(1.0, 0);
    assert_eq!(
        QlinearReduce::new(ReduceOp::Mean, &[0], &[0, 2], &one, &one, None),
        None
    );
    assert_eq!(QlinearReduce::new(ReduceOp::Max, &[0], &[3, 2], &one, &one, None), None);
}

#[test]
fn softmax() {
    for x in quantizations(10.0) {
        for (log, y) in [
            (false, q8(1.0 / 256.0, -128)),
            (false, q16(1.0 / 32_768.0, 0)),
            (true, q8(0.1, 127)),
            (true, q16(0.001, 100)),
        ] {
            let operand = tensor(x.dtype, &[3, 4, 5], 1);
            let operator = QlinearSoftmax::new(1, log, &x, &y).unwrap();
            let score = numbers(&operand, &x);
            let exact = (0..60).map(|i| {
                let line = (0..4).map(|j| score[i / 20 * 20 + j * 5 + i % 5].exp());
                let probability = score[i].exp() / line.sum::<f64>();
                if log { probability.ln() } else { probability }
            });
            check(&operator, std::slice::from_ref(&operand), &y, exact);
            check_permuted(&operator, &[operand]);
        }
    }
}

#[test]
fn mat_mul() {
    for (a, b) in quantizations(3.0).into_iter().zip(quantizations(1.0)) {
        for y in quantizations(20.0) {
            let operator = QlinearMatMul::new(6, &a, &b, &y, None).unwrap();
            let [x, w] = [(&a, &[2, 3, 4, 6][..]), (&b, &[3, 6, 5])].map(|(q, shape)| tensor(q.dtype, shape, 1));
            let [xs, ws] = [
                Tensor::f64(&x.shape, &numbers(&x, &a)),
                Tensor::f64(&w.shape, &numbers(&w, &b)),
            ];
            let exact = one(&super::MatMul, &[xs, ws]);
            check(&operator, &[x, w], &y, exact.to_f64().into_iter());
        }
    }
    let wide = q8(1.0, -128);
    assert_eq!(
        QlinearMatMul::new(40_000, &wide, &wide, &wide, None),
        None,
        "the sum does not fit"
    );
}

#[test]
fn nothing_to_compute() {
    let (q, none) = (q8(0.1, 3), tensor(DType::I8, &[0, 3], 1));
    let empty: [(Box<dyn Operator>, &[Tensor]); 5] = [
        (
            RequantizeLinear::new(&q, &q, None).unwrap().into(),
            std::slice::from_ref(&none),
        ),
        (
            QlinearBinary::new(BinaryOp::Add, &q, &q, &q, None).unwrap().into(),
            &[none.clone(), none.clone()],
        ),
        (Lookup.into(), &[none.clone(), tensor(DType::I8, &[256], 1)]),
        (
            QlinearSoftmax::new(1, true, &q, &q).unwrap().into(),
            std::slice::from_ref(&none),
        ),
        (
            QlinearReduce::new(ReduceOp::Mean, &[], &[0, 3], &q, &q, None)
                .unwrap()
                .into(),
            std::slice::from_ref(&none),
        ),
    ];
    for (operator, operands) in empty {
        assert_eq!(one(operator.as_ref(), operands), none, "{operator:?}");
    }
    let sum = QlinearReduce::new(ReduceOp::Sum, &[0], &none.shape, &q, &q, None).unwrap();
    assert_eq!(one(&sum, std::slice::from_ref(&none)).to_f64(), [3.0; 3]);
    let product = QlinearMatMul::new(0, &q, &q, &q, None).unwrap();
    let operands = [tensor(DType::I8, &[2, 0], 1), tensor(DType::I8, &[0, 2], 1)];
    assert_eq!(one(&product, &operands).to_f64(), [3.0; 4]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let q = q8(1.0, 0);
    let channels = Quantization {
        scales: vec![1.0, 2.0],
        zeros: vec![0, 0],
        ..q.clone()
    };
    let unsigned = Quantization::uniform(DType::U8, 1.0, 0);
    for bad in [channels, unsigned, q8(0.0, 0), q8(f32::NAN, 0), q8(1.0, 200)] {
        assert_eq!(RequantizeLinear::new(&bad, &q, None), None, "{bad:?}");
        assert_eq!(QlinearBinary::new(BinaryOp::Add, &q, &bad, &q, None), None, "{bad:?}");
    }
    assert_eq!(RequantizeLinear::new(&q8(1e10, 0), &q8(1e-10, 0), None), None);
    assert_eq!(RequantizeLinear::new(&q, &q, Some((3, 2))), None);
    assert_eq!(QlinearBinary::new(BinaryOp::Div, &q, &q, &q, None), None);
    assert_eq!(QlinearBinary::new(BinaryOp::Add, &q, &q16(1.0, 0), &q, None), None);
    let operator = RequantizeLinear::new(&q, &q, None).unwrap();
    assert!(
        evaluate(&operator, &[tensor(DType::I16, &[2], 1)]).is_err(),
        "another type"
    );
}
