//! Operators of elements.

use super::{check, check_permuted, numbers, one, q8, q16, quantizations, table, tensor};
use crate::ir::fixed_point::Uniform;
use crate::ir::primitives::{BinaryOp, Lookup, QlinearBinary, RequantizeLinear};
use crate::ir::{DType, Tensor};

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
fn binary_of_all_pairs() {
    let all: Vec<u8> = (0..=255).collect();
    let (x, other) = (
        Tensor::new(DType::I8, vec![256, 1], all.clone()),
        Tensor::new(DType::I8, vec![256], all),
    );
    for (a, b, y) in [
        (q8(0.02, -128), q8(0.037, 11), q8(0.05, -3)),
        (q8(1.0, 0), q8(0.5, 127), q8(1.0, 1)),
        (q8(3e-4, 5), q8(0.7, -9), q8(0.3, 0)),
    ] {
        for (op, function) in [
            (BinaryOp::Add, (|a, b| a + b) as fn(f64, f64) -> f64),
            (BinaryOp::Sub, |a, b| a - b),
            (BinaryOp::Mul, |a, b| a * b),
        ] {
            let operator = QlinearBinary::new(op, &a, &b, &y, None).unwrap();
            let (xs, others) = (numbers(&x, &a), numbers(&other, &b));
            let exact = xs.iter().flat_map(|a| others.iter().map(|b| function(*a, *b)));
            check(&operator, &[x.clone(), other.clone()], &y, exact);
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
        let (table, off) = table(&x, &y, sigmoid).unwrap();
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
    let (_, off) = table(&q16(1e-4, 5), &q16(1e-4, 0), |x| x.max(0.0)).unwrap();
    assert!(off > 1, "lines round off what is not between two entries");
    let (log, _) = table(&q8(1.0, 0), &q8(0.1, 7), f64::ln).unwrap();
    assert_eq!(
        (log.bytes[0], log.bytes[128], log.bytes[129]),
        (7, 0x80, 7),
        "no number, minus infinity, zero"
    );
}
