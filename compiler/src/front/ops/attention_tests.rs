//! `Attention`, by its kernel and in parts.

use crate::front::testing::{Absent, Given, Operand, float, int, run};
use crate::ir::{DType, Tensor};

fn numbers(shape: &[usize]) -> Operand {
    let values: Vec<f32> = (0..shape.iter().product())
        .map(|i| ((i * i * 7 + i) % 13) as f32 / 6.0 - 1.0)
        .collect();
    Given(Tensor::f32(shape, &values))
}

fn bools(shape: &[usize], open: impl Fn(usize) -> bool) -> Operand {
    let bytes = (0..shape.iter().product()).map(|i| u8::from(open(i))).collect();
    Given(Tensor::new(DType::Bool, shape.to_vec(), bytes))
}

/// The kernel and the parts, which also give the scores, agree.
#[test]
fn fused_or_in_parts() {
    let masks = [
        || Absent,
        || bools(&[1, 7], |i| i != 2),
        || bools(&[4, 1, 7], |i| i % 3 != 0),
        || numbers(&[2, 1, 5, 7]),
    ];
    for (i, mask) in masks.iter().enumerate() {
        let attributes = [
            int("q_num_heads", 4),
            int("kv_num_heads", 2),
            int("is_causal", i64::from(i % 2 == 1)),
            int("left_window_size", 3),
            float("softcap", 1.5),
        ];
        let with = |outputs: usize| {
            let operands = [
                numbers(&[2, 5, 12]),
                numbers(&[2, 3, 6]),
                numbers(&[2, 3, 4]),
                mask(),
                numbers(&[2, 2, 4, 3]),
                numbers(&[2, 2, 4, 2]),
            ];
            run(25, "Attention", &attributes, &operands, outputs).unwrap()
        };
        let (fused, parts) = (with(3), with(4));
        assert_eq!(fused[1..], parts[1..3]);
        assert_eq!(fused[0].shape, [2, 5, 8]);
        let pairs = fused[0].to_f64().into_iter().zip(parts[0].to_f64());
        assert!(pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6));
    }
}

#[test]
fn a_query_without_keys_gives_zeros() {
    let mask = bools(&[2, 2], |i| i < 2);
    let operands = [
        numbers(&[1, 1, 2, 1]),
        numbers(&[1, 1, 2, 1]),
        numbers(&[1, 1, 2, 1]),
        mask,
    ];
    let y = run(23, "Attention", &[], &operands, 1).unwrap().remove(0).to_f64();
    assert!(y[0] != 0.0 && y[1] == 0.0);
}

#[test]
fn a_mask_may_be_shorter_than_the_keys_and_padding_ends_them() {
    let lengths = Given(Tensor::i64(&[2], &[1, 2]));
    let q = || numbers(&[2, 1, 1, 1]);
    let kv = || numbers(&[2, 1, 3, 1]);
    let mask = bools(&[1, 2], |_| true);
    let y = run(
        24,
        "Attention",
        &[],
        &[q(), kv(), kv(), mask, Absent, Absent, lengths],
        1,
    );
    let first = numbers(&[2, 1, 3, 1]);
    let Given(values) = first else { unreachable!() };
    assert!((y.unwrap()[0].to_f64()[0] - values.to_f64()[0]).abs() < 1e-6);
}

#[test]
fn wrong_operands() {
    let x = || numbers(&[1, 2, 6]);
    let attributes = [int("q_num_heads", 2), int("kv_num_heads", 4)];
    assert!(run(23, "Attention", &attributes, &[x(), x(), x()], 1).is_err());
    assert!(run(23, "Attention", &[], &[x(), x(), x()], 1).is_err_and(|e| e.contains("q_num_heads")));
    let x = || numbers(&[1, 1, 2, 6]);
    assert!(run(23, "Attention", &[], &[x(), x(), x(), Absent, x()], 1).is_err());
    for attribute in [
        int("left_window_size", -2),
        float("softcap", -1.0),
        int("softmax_precision", 7),
    ] {
        assert!(run(25, "Attention", &[attribute], &[x(), x(), x()], 1).is_err());
    }
    let wide = numbers(&[1, 1, 2, 9]);
    assert!(run(23, "Attention", &[], &[x(), x(), x(), wide], 1).is_err());
}
