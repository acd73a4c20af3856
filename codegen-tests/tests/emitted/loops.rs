//! Loops whose number of trips is only known at run time, bounded by `max_trips`: they are loops in emitted code.

use codegen_tests::model_builder::{Attr, Encoding, ModelBuilder};
use edgec::ir::{DType, Tensor};
use edgec::{Compiler, Weights};
use tempfile::TempDir;

/// The trips that the loops make at most.
const MOST: i64 = 6;

/// Trip `i` adds `i` times what is positive of a state to that state, in a loop of its own, and subtracts `x`. It ends
/// where the state's sum reaches 50. Two other states change places in each trip.
pub(super) fn nested(folder: &TempDir) -> Compiler {
    const NONE: &[usize] = &[];
    let inner = ModelBuilder::new(17)
        .input("j", DType::I64, NONE)
        .input("inner on", DType::Bool, NONE)
        .input("sum", DType::F32, &[4])
        .node("Identity", &["inner on"], &["inner next"], &[])
        .node("Add", &["sum", "positive"], &["new sum"], &[])
        .output("inner next", DType::Bool, NONE)
        .output("new sum", DType::F32, &[4]);
    let body = ModelBuilder::new(17)
        .input("i", DType::I64, NONE)
        .input("on", DType::Bool, NONE)
        .input("state", DType::F32, &[4])
        .input("left", DType::F32, &[4])
        .input("right", DType::F32, &[4])
        .node("Relu", &["state"], &["positive"], &[])
        .node("Loop", &["i", "", "state"], &["more"], &[("body", Attr::Graph(inner))])
        .node("Sub", &["more", "given"], &["new state"], &[])
        .node("ReduceSum", &["new state"], &["total"], &[("keepdims", Attr::Int(0))])
        .node("Less", &["total", "limit"], &["next"], &[])
        .node("Identity", &["right"], &["new left"], &[])
        .node("Identity", &["left"], &["new right"], &[])
        .output("next", DType::Bool, NONE)
        .output("new state", DType::F32, &[4])
        .output("new left", DType::F32, &[4])
        .output("new right", DType::F32, &[4]);
    let bytes = ModelBuilder::new(17)
        .input("count", DType::I64, NONE)
        .input("x", DType::F32, &[4])
        .initializer("on", &Tensor::scalar(DType::Bool, 1.0), Encoding::Raw)
        .initializer_f32("limit", NONE, &[50.0])
        .node("Neg", &["x"], &["given"], &[])
        .node(
            "Loop",
            &["count", "on", "x", "x", "given"],
            &["y", "l", "r"],
            &[("body", Attr::Graph(body))],
        )
        .node("Mul", &["y", "given"], &["product"], &[])
        .output("y", DType::F32, &[4])
        .output("l", DType::F32, &[4])
        .output("r", DType::F32, &[4])
        .output("product", DType::F32, &[4])
        .bytes();
    let path = folder.path().join("nested.onnx");
    std::fs::write(&path, bytes).unwrap();
    Compiler::new(path)
        .name("Nested")
        .max_trips(MOST as usize)
        .weights(Weights::Inline)
}

/// Operands for no trips, some, more than there may be, and such that the condition ends the loop.
pub(super) fn runs() -> Vec<Vec<Tensor>> {
    let run = |count: i64, x: [f32; 4]| vec![Tensor::i64(&[], &[count]), Tensor::f32(&[4], &x)];
    vec![
        run(0, [1.0, -2.0, 3.0, 0.0]),
        run(-3, [1.0, -2.0, 3.0, 0.0]),
        run(1, [1.0, -2.0, 3.0, 0.0]),
        run(4, [0.25, -2.0, 0.125, 0.0]),
        run(i64::MAX, [-0.5, -0.25, -1.0, 0.0]),
        run(5, [4.0, 5.0, 6.0, 7.0]),
    ]
}

/// What the model stands for.
fn expected(inputs: &[Tensor]) -> Vec<Vec<f32>> {
    let (count, x) = (inputs[0].to_i64().unwrap()[0], inputs[1].to_f32().unwrap());
    let given: Vec<f32> = x.iter().map(|x| -x).collect();
    let (mut state, mut left, mut right) = (x.clone(), x.clone(), given.clone());
    for trip in 0..count.min(MOST) {
        for (state, given) in state.iter_mut().zip(&given) {
            let positive = state.max(0.0);
            (0..trip).for_each(|_| *state += positive);
            *state -= given;
        }
        std::mem::swap(&mut left, &mut right);
        if state.iter().sum::<f32>() >= 50.0 {
            break;
        }
    }
    let product = state.iter().zip(&given).map(|(state, given)| state * given).collect();
    vec![state, left, right, product]
}

#[test]
fn loops_run_as_often_as_is_found_at_run_time() {
    let folder = tempfile::tempdir().unwrap();
    let compiled = nested(&folder).compile().unwrap();
    assert_eq!(compiled.program.repetitions.len(), 2);
    for inputs in runs() {
        let got = compiled.executor().filled(0xA5).run(&inputs);
        let got: Vec<_> = got.iter().map(|tensor| tensor.to_f32().unwrap()).collect();
        assert_eq!(got, expected(&inputs), "{inputs:?}");
    }
}
