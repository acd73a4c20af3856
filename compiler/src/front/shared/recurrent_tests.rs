//! What `RNN`, `GRU` and `LSTM` are read as, in all layouts and element types.

use crate::front::testing::{Absent, Given, Known, Operand, int, run, text};
use crate::ir::{DType, Tensor};

fn numbers(shape: &[usize]) -> Tensor {
    let count = shape.iter().product::<usize>();
    Tensor::f32(
        shape,
        &(0..count).map(|i| (i * 7 % 11) as f32 / 8.0 - 0.5).collect::<Vec<_>>(),
    )
}

/// Steps 3, batch 2, one input, 18 units in both directions; the input is `x[step][sample]`.
fn gru(layout: i64, lengths: Operand) -> Result<Vec<Tensor>, String> {
    let x = [[0.5, -1.0], [2.0, 0.25], [-0.5, 1.0]];
    let by_sample = [[x[0][0], x[1][0], x[2][0]], [x[0][1], x[1][1], x[2][1]]];
    let x = match layout {
        0 => Tensor::f32(&[3, 2, 1], x.as_flattened()),
        _ => Tensor::f32(&[2, 3, 1], by_sample.as_flattened()),
    };
    let (w, r) = (Known(numbers(&[2, 54, 1])), Given(numbers(&[2, 54, 18])));
    let attributes = [
        text("direction", "bidirectional"),
        int("layout", layout),
        int("hidden_size", 18),
    ];
    run(22, "GRU", &attributes, &[Given(x), w, r, Absent, lengths], 2)
}

fn at(tensor: &Tensor, index: &[usize]) -> f64 {
    let flat = index.iter().zip(&tensor.shape).fold(0, |flat, (i, dim)| flat * dim + i);
    tensor.to_f64()[flat]
}

#[test]
fn layouts_and_lengths() -> Result<(), String> {
    let lengths = Tensor::i32(&[2], &[3, 1]);
    let steps_first = gru(0, Given(lengths.clone()))?;
    let batch_first = gru(1, Known(lengths))?;
    assert_eq!(
        [&steps_first[0].shape[..], &steps_first[1].shape[..]],
        [&[3, 2, 2, 18][..], &[2, 2, 18]]
    );
    assert_eq!(batch_first[0].shape, [2, 3, 2, 18]);
    for (direction, sample, unit) in [(0, 0, 3), (0, 1, 17), (1, 0, 16), (1, 1, 0)] {
        let last = at(&steps_first[1], &[direction, sample, unit]);
        assert_eq!(last, at(&batch_first[1], &[sample, direction, unit]));
        let end = if (direction, sample) == (0, 0) { 2 } else { 0 };
        assert_eq!(last, at(&steps_first[0], &[end, direction, sample, unit]));
        assert_eq!(last, at(&batch_first[0], &[sample, end, direction, unit]));
    }
    assert_eq!(at(&steps_first[0], &[1, 0, 1, 5]), 0.0, "after the end of a sequence");
    let all = Known(Tensor::i32(&[2], &[3, 3]));
    assert_eq!(gru(0, all), gru(0, Absent));
    assert!(gru(0, Known(Tensor::i32(&[2], &[4, 0]))).is_err_and(|e| e.contains("at most 3 steps")));
    Ok(())
}

#[test]
fn half_precision_by_way_of_single_and_double_by_itself() {
    let lstm = |dtype: DType| {
        let ones = |shape: &[usize]| {
            let one = Tensor::scalar(dtype, 1.0);
            let count = shape.iter().product();
            Given(Tensor::new(dtype, shape.to_vec(), one.bytes.repeat(count)))
        };
        run(
            14,
            "LSTM",
            &[],
            &[ones(&[1, 1, 1]), ones(&[1, 4, 1]), ones(&[1, 4, 1])],
            3,
        )
    };
    let gate = 1.0 / (1.0 + (-1.0_f64).exp());
    let expected = gate * (gate * 1.0_f64.tanh()).tanh();
    for (dtype, tolerance) in [
        (DType::F64, 1e-15),
        (DType::F32, 1e-7),
        (DType::F16, 1e-3),
        (DType::Bf16, 1e-2),
    ] {
        let y = lstm(dtype);
        assert!(y.is_ok_and(|y| y[1].dtype == dtype && (y[1].to_f64()[0] - expected).abs() < tolerance));
    }
}

#[test]
fn operands_that_do_not_fit() {
    let x = || Given(numbers(&[2, 1, 3]));
    let wrong = |w: &[usize], attributes: &[_]| {
        run(
            22,
            "RNN",
            attributes,
            &[x(), Known(numbers(w)), Known(numbers(&[1, 4, 4]))],
            1,
        )
    };
    assert!(wrong(&[1, 4, 2], &[]).is_err_and(|e| e.contains("W is f32[1x4x2], it must be f32[1x4x3]")));
    assert!(wrong(&[1, 4, 3], &[int("hidden_size", 5)]).is_err_and(|e| e.contains("`hidden_size` is 5")));
    let both = wrong(&[1, 4, 3], &[text("direction", "bidirectional")]);
    assert!(both.is_err_and(|e| e.contains("it must be f32[2x4x3]")));
}
