//! Pairs of elements, products, sums, and elements that move.

use super::{add, check, check_at, numbers};
use edgec::ir::primitives::*;
use edgec::ir::{DType, Graph, Tensor, ValueId};

#[test]
fn pairs_of_elements() {
    let shapes: [[&[usize]; 2]; 4] = [[&[2, 3], &[2, 3]], [&[2, 3], &[3]], [&[2, 1, 3], &[4, 1]], [&[3], &[]]];
    for op in [
        BinaryOp::Add,
        BinaryOp::Sub,
        BinaryOp::Mul,
        BinaryOp::Div,
        BinaryOp::Max,
        BinaryOp::Min,
        BinaryOp::PRelu,
    ] {
        let binary = move |graph: &mut Graph, x: &[ValueId]| add(graph, Binary::from(op), x);
        for shapes in shapes {
            check(&format!("{op:?}"), &binary, &shapes);
        }
    }
    let power = |graph: &mut Graph, x: &[ValueId]| add(graph, Binary::from(BinaryOp::Pow), x);
    let base = numbers(6, 1).into_iter().map(|x| x + 1.5).collect();
    check_at("Pow", &power, vec![vec![2, 3], vec![3]], &[base, vec![2.0, -1.5, 0.5]]);
    let select = |graph: &mut Graph, x: &[ValueId]| {
        let condition = add(graph, Binary::from(BinaryOp::Less), &[x[0], x[1]]);
        add(graph, Select, &[condition, x[0], x[1]])
    };
    check("Select", &select, &[&[2, 3], &[3]]);
}

#[test]
fn products_of_matrices() {
    let product = |graph: &mut Graph, x: &[ValueId]| add(graph, MatMul, x);
    let shapes: [[&[usize]; 2]; 8] = [
        [&[2, 3], &[3, 4]],
        [&[1, 3], &[3, 2]],
        [&[5, 2, 3], &[3, 4]],
        [&[5, 2, 3], &[5, 3, 4]],
        [&[2, 1, 2, 3], &[3, 3, 2]],
        [&[3], &[3, 4]],
        [&[2, 3], &[3]],
        [&[3], &[3]],
    ];
    for shapes in shapes {
        check("MatMul", &product, &shapes);
    }
}

#[test]
fn reductions() {
    for op in [
        ReduceOp::Sum,
        ReduceOp::Mean,
        ReduceOp::Max,
        ReduceOp::Min,
        ReduceOp::SumSquare,
        ReduceOp::L1,
        ReduceOp::L2,
        ReduceOp::LogSumExp,
    ] {
        for axes in [vec![1], vec![0, 2], vec![0, 1, 2]] {
            let reduce = |graph: &mut Graph, x: &[ValueId]| add(graph, Reduce { op, axes: axes.clone() }, x);
            check(&format!("{op:?} {axes:?}"), &reduce, &[&[2, 3, 4]]);
        }
    }
}

#[test]
fn moved_elements() {
    let reshape = |graph: &mut Graph, x: &[ValueId]| add(graph, Reshape { shape: vec![3, 4] }, x);
    check("Reshape", &reshape, &[&[2, 6]]);
    let transpose = |graph: &mut Graph, x: &[ValueId]| add(graph, Transpose { perm: vec![2, 0, 1] }, x);
    check("Transpose", &transpose, &[&[2, 3, 4]]);
    let concat = |graph: &mut Graph, x: &[ValueId]| add(graph, Concat { axis: 1 }, &[x[0], x[1], x[0]]);
    check("Concat", &concat, &[&[2, 3], &[2, 1]]);
    let slice = |graph: &mut Graph, x: &[ValueId]| {
        let (starts, steps, lens) = (vec![1, 0], vec![1, 1], vec![2, 3]);
        add(graph, Slice { starts, steps, lens }, x)
    };
    check("Slice", &slice, &[&[4, 3]]);
    let pad = |graph: &mut Graph, x: &[ValueId]| {
        let zero = graph.add_constant("zero", Tensor::scalar(DType::F64, 0.0));
        let (begins, ends, mode) = (vec![1, 0], vec![0, 2], PadMode::Constant);
        add(graph, Pad { begins, ends, mode }, &[x[0], zero])
    };
    check("Pad", &pad, &[&[2, 3]]);
    let expand = |graph: &mut Graph, x: &[ValueId]| add(graph, Expand { shape: vec![4, 2, 3] }, x);
    check("Expand", &expand, &[&[2, 1]]);
    let gather = |graph: &mut Graph, x: &[ValueId]| {
        let indices = graph.add_constant("indices", Tensor::i64(&[2, 2], &[1, -1, 1, 0]));
        add(graph, Gather { axis: 0 }, &[x[0], indices])
    };
    check("Gather", &gather, &[&[3, 2]]);
}
