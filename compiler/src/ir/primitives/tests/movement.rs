//! Data movement: permuted forms give the transposed result, and tensors without elements pass through.

use crate::ir::geometry::{Layout, Window};
use crate::ir::primitives::{
    Concat, Expand, Gather, Pad, PadMode, Pool, PoolKind, Reduce, ReduceOp, Select, Slice, Tile, Transpose,
};
use crate::ir::{DType, Operator, Tensor};
use crate::middle::fold::evaluate;

fn iota(shape: &[usize]) -> Tensor {
    Tensor::f32(
        shape,
        &(0..shape.iter().product()).map(|i: usize| i as f32).collect::<Vec<_>>(),
    )
}

fn one(operator: &dyn Operator, operands: &[Tensor]) -> Tensor {
    evaluate(operator, operands).unwrap().remove(0)
}

/// `operator` and its permuted form agree.
fn check(operator: impl Operator, operands: &[Tensor]) {
    let transpose = Transpose { perm: vec![2, 0, 1] };
    let types: Vec<_> = operands.iter().map(Tensor::ty).collect();
    let inputs: Vec<_> = types.iter().map(Some).collect();
    let permuted = operator.permute(&transpose.perm, &inputs).expect("axes can be renamed");
    let moved: Vec<_> = operands
        .iter()
        .zip(&permuted.transposed)
        .map(|(x, moved)| {
            if *moved {
                one(&transpose, std::slice::from_ref(x))
            } else {
                x.clone()
            }
        })
        .collect();
    let expected = one(&transpose, &[one(&operator, operands)]);
    assert_eq!(one(permuted.operator.as_ref(), &moved), expected, "{operator:?}");
}

fn slice() -> Slice {
    Slice {
        starts: vec![0, 2, 1],
        steps: vec![1, -2, 2],
        lens: vec![1, 2, 2],
    }
}

#[test]
fn permuted_forms_agree() {
    let x = iota(&[2, 3, 4]);
    check(slice(), std::slice::from_ref(&x));
    check(Tile { repeats: vec![1, 3, 2] }, std::slice::from_ref(&x));
    check(Expand { shape: vec![2, 5, 4] }, &[iota(&[2, 1, 1])]);
    for axis in 0..3 {
        check(Concat { axis }, &[x.clone(), x.clone()]);
        check(Gather { axis }, &[x.clone(), Tensor::i64(&[3], &[1, -1, 0])]);
    }
    let condition = Tensor::new(DType::Bool, vec![1, 3, 1], vec![1, 0, 1]);
    check(Select, &[condition, x.clone(), Tensor::f32(&[], &[9.0])]);
    for mode in [PadMode::Edge, PadMode::Reflect, PadMode::Wrap] {
        check(
            Pad {
                begins: vec![0, 1, 2],
                ends: vec![1, 0, 3],
                mode,
            },
            std::slice::from_ref(&x),
        );
    }
    let constant = Pad {
        begins: vec![0, 1, 2],
        ends: vec![1, 0, 3],
        mode: PadMode::Constant,
    };
    check(constant, &[x, Tensor::f32(&[], &[9.0])]);
}

#[test]
fn values() {
    let x = iota(&[2, 3, 4]);
    assert_eq!(
        one(&slice(), std::slice::from_ref(&x)),
        Tensor::f32(&[1, 2, 2], &[9.0, 11.0, 1.0, 3.0])
    );
    let tiled = one(&Tile { repeats: vec![2, 2] }, &[iota(&[1, 2])]);
    assert_eq!(tiled, Tensor::f32(&[2, 4], &[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0]));
    let pad = Pad {
        begins: vec![1, 0],
        ends: vec![0, 0],
        mode: PadMode::Constant,
    };
    let padded = one(&pad, &[iota(&[1, 2]), Tensor::f32(&[], &[9.0])]);
    assert_eq!(padded, Tensor::f32(&[2, 2], &[9.0, 9.0, 0.0, 1.0]));
}

#[test]
fn nothing_to_move() {
    let empty = iota(&[0, 2]);
    assert_eq!(one(&Concat { axis: 0 }, &[empty.clone(), empty.clone()]), empty);
    assert_eq!(one(&Concat { axis: 0 }, &[empty.clone(), iota(&[1, 2])]), iota(&[1, 2]));
    assert_eq!(one(&Slice::along(&[3, 2], 0, 0, 0), &[iota(&[3, 2])]), empty);
    assert_eq!(
        one(&Tile { repeats: vec![3, 0] }, std::slice::from_ref(&empty)),
        iota(&[0, 0])
    );
    assert_eq!(one(&Expand { shape: vec![0, 2] }, &[iota(&[1, 2])]), empty);
    assert_eq!(
        one(&Gather { axis: 0 }, &[iota(&[3, 2]), Tensor::i64(&[0], &[])]),
        empty
    );
    let pad = Pad {
        begins: vec![1, 0],
        ends: vec![0, 0],
        mode: PadMode::Constant,
    };
    assert_eq!(
        one(&pad, &[empty.clone(), Tensor::f32(&[], &[9.0])]),
        Tensor::f32(&[1, 2], &[9.0, 9.0])
    );
    let edge = Pad {
        mode: PadMode::Edge,
        ..pad
    };
    assert!(evaluate(&edge, &[empty]).is_err(), "there is no edge");
}

/// `operator` gives the same integers as floats.
fn check_integers(operator: impl Operator, operands: &[Tensor]) {
    let expected = one(&operator, operands);
    for dtype in [DType::I8, DType::I16] {
        let to_integers = |x: &Tensor| match x.dtype {
            DType::F32 => {
                let bytes = x
                    .to_f64()
                    .into_iter()
                    .flat_map(|v| (v as i32).to_le_bytes()[..dtype.size()].to_vec());
                Tensor::new(dtype, x.shape.clone(), bytes.collect())
            }
            _ => x.clone(),
        };
        let integers = one(&operator, &operands.iter().map(to_integers).collect::<Vec<_>>());
        assert_eq!(
            (integers.dtype, &integers.shape),
            (dtype, &expected.shape),
            "{operator:?}"
        );
        assert_eq!(integers.to_f64(), expected.to_f64(), "{operator:?}");
    }
}

#[test]
fn quantised_elements_move_as_others_do() {
    let values: Vec<f32> = (0..24).map(|i| (i * 37 % 251 - 125) as f32).collect();
    let x = Tensor::f32(&[2, 3, 4], &values);
    check_integers(slice(), std::slice::from_ref(&x));
    check_integers(Tile { repeats: vec![1, 3, 2] }, std::slice::from_ref(&x));
    check_integers(Transpose { perm: vec![2, 0, 1] }, std::slice::from_ref(&x));
    check_integers(
        Expand { shape: vec![2, 3, 4] },
        &[Tensor::f32(&[3, 1], &[-128.0, 5.0, 127.0])],
    );
    check_integers(Concat { axis: 1 }, &[x.clone(), x.clone()]);
    check_integers(Gather { axis: 2 }, &[x.clone(), Tensor::i64(&[3], &[1, -1, 0])]);
    let pad = Pad {
        begins: vec![0, 1, 2],
        ends: vec![1, 0, 3],
        mode: PadMode::Constant,
    };
    check_integers(pad, &[x.clone(), Tensor::f32(&[], &[-128.0])]);
    for op in [ReduceOp::Max, ReduceOp::Min] {
        for axes in [vec![0, 2], vec![1]] {
            check_integers(Reduce { op, axes }, std::slice::from_ref(&x));
        }
    }
    let pool = Pool {
        kind: PoolKind::Max,
        window: Window {
            kernel: vec![2],
            strides: vec![1],
            dilations: vec![1],
            pads: vec![1, 0],
        },
        ceil_mode: false,
        layout: Layout::ChannelsFirst,
    };
    check_integers(pool, &[x]);
}
