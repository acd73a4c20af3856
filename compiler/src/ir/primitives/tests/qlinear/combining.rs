//! Operators that combine elements.

use super::{check, check_permuted, numbers, one, pool, q8, q16, quantizations, tensor};
use crate::ir::fixed_point::Quantization;
use crate::ir::geometry::Layout;
use crate::ir::primitives::{
    MatMul, Pool, PoolKind, QlinearAveragePool, QlinearMatMul, QlinearReduce, QlinearResize, QlinearSoftmax, Reduce,
    ReduceOp, Resize, ResizedAxis,
};
use crate::ir::{DType, Tensor};

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
                let float = Reduce {
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
            let exact = one(&MatMul, &[xs, ws]);
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

/// A table of `taps` for each output position: weights of both signs that add up to one.
fn taps(input: usize, output: usize, taps: usize) -> [Tensor; 2] {
    let place = |i: usize, tap: usize| ((i * 5 + tap * 3) % input) as i32;
    let raw = |i: usize, tap: usize| 1.0 + ((i * 7 + tap * 11) % 5) as f32 / 2.0 - (tap % 3) as f32;
    let weight = |i: usize, tap: usize| {
        let total: f32 = (0..taps).map(|tap| raw(i, tap)).sum();
        if total == 0.0 { 0.0 } else { raw(i, tap) / total }
    };
    let places = || (0..output).flat_map(|i| (0..taps).map(move |tap| (i, tap)));
    let indices: Vec<i32> = places().map(|(i, tap)| place(i, tap)).collect();
    let weights: Vec<f32> = places().map(|(i, tap)| weight(i, tap)).collect();
    [
        Tensor::i32(&[output, taps], &indices),
        Tensor::f32(&[output, taps], &weights),
    ]
}

#[test]
fn resize() {
    let tables = [taps(3, 7, 2), taps(4, 2, 1), taps(5, 6, 24)];
    for x in quantizations(2.0) {
        for y in quantizations(2.0) {
            for axes in [&[0][..], &[1], &[2], &[0, 1], &[1, 2], &[0, 2]] {
                let resized = |axis: &usize| ResizedAxis {
                    axis: *axis,
                    indices: &tables[*axis][0],
                    weights: &tables[*axis][1],
                };
                let resized: Vec<_> = axes.iter().map(resized).collect();
                let (operator, tables) = QlinearResize::new(&resized, &x, &y, None).unwrap();
                let operand = tensor(x.dtype, &[3, 4, 5], 1);
                let mut exact = Tensor::f64(&operand.shape, &numbers(&operand, &x));
                for ResizedAxis { axis, indices, weights } in resized {
                    let weights = Tensor::f64(&weights.shape, &weights.to_f64());
                    exact = one(&Resize { axis }, &[exact, indices.clone(), weights]);
                }
                let mut operands = vec![operand];
                operands.extend(tables);
                check(&operator, &operands, &y, exact.to_f64().into_iter());
                if axes != [0, 2] && axes != [1, 2] {
                    check_permuted(&operator, &operands);
                }
            }
        }
    }
}

#[test]
fn resize_refuses_what_its_sums_do_not_hold() {
    let [indices, weights] = taps(3, 7, 2);
    let axis = |axis| ResizedAxis {
        axis,
        indices: &indices,
        weights: &weights,
    };
    let refused =
        |axes: &[ResizedAxis<'_>], x: &Quantization, y: &Quantization| QlinearResize::new(axes, x, y, None).is_none();
    let one = q8(1.0, 0);
    assert!(refused(&[], &one, &one));
    assert!(refused(&[axis(1), axis(0)], &one, &one));
    assert!(refused(&[axis(0), axis(1), axis(2)], &one, &one));
    assert!(refused(&[axis(0)], &q8(1e20, 0), &q8(1e-20, 0)));
    assert!(refused(&[axis(0)], &Quantization::uniform(DType::I32, 1.0, 0), &one));
    let (large, huge) = (Tensor::f32(&[7, 2], &[1e9; 14]), Tensor::f32(&[7, 2], &[f32::NAN; 14]));
    for weights in [&large, &huge] {
        let axis = |at| ResizedAxis { weights, ..axis(at) };
        assert!(refused(&[axis(0), axis(1)], &one, &one));
    }
}
