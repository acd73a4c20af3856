//! Models that end in a result of the whole window.

use super::layers::{FRAMES, along, conv, sequences};
use super::run::{Compiled, numbers, streamed, weights};
use crate::passes::build::Build;
use edgec::ir::primitives::{Gemm, Reduce, ReduceOp, Reshape, Slice};
use edgec::ir::{DType, Graph, RemarkKind, StreamedOutput, Tensor, ValueId};
use edgec::middle::stream::{StreamInput, stream};
use runtime_core::function::Identity;

/// Frames `start` to `end` of `[1, 4, ..]`.
fn window(x: &Tensor, start: usize, end: usize) -> Tensor {
    let rows = x.to_f32().unwrap();
    let frames = x.shape[2];
    let values: Vec<f32> = rows.chunks(frames).flat_map(|row| row[start..end].to_vec()).collect();
    Tensor::f32(&[1, 4, end - start], &values)
}

/// Compares what each run gives from the first whole window on with what the whole model gives of the last one that
/// ended `delay` frames before. Layers before the result must look at nothing outside of it.
fn compare_latest(graph: &Graph, step: usize, delay: isize) {
    let frames = (FRAMES + 4 * step) / step * step;
    let x = numbers(DType::F32, &[1, 4, frames], 3);
    let (whole, stream) = (Compiled::of(graph.clone()), streamed(graph, 2, Some(step)).unwrap());
    assert_eq!(stream.output(0), StreamedOutput::Latest { delay });
    let mut executor = stream.executor();
    let mut compared = 0;
    for run in 0..frames / step {
        let got = executor.run(&[window(&x, run * step, (run + 1) * step)]);
        let end = (run + 1) * step;
        let last = (end as isize - delay) as usize;
        if (FRAMES..=frames).contains(&last) {
            let want = whole.run(&[window(&x, last - FRAMES, last)]);
            assert_eq!(got, want, "after {end} frames, step {step}");
            compared += 1;
        }
    }
    assert!(compared >= 3, "{compared} runs were compared");
}

fn reduced(b: &mut Build, op: ReduceOp, x: ValueId) -> ValueId {
    let y = b.op(Reduce { op, axes: vec![2] }, &[x]);
    let y = b.op(Reshape { shape: vec![1, 6] }, &[y]);
    let w = weights(b, &[6, 3]);
    b.op(
        Gemm {
            activation: Identity.into(),
        },
        &[y, w],
    )
}

#[test]
fn a_reduction_is_over_the_last_window() {
    for op in [ReduceOp::Mean, ReduceOp::Max, ReduceOp::Sum] {
        let graph = sequences(|b, x| {
            let x = conv(b, x, 6, 1, along(3, 1, 2, [0, 0]));
            reduced(b, op, x)
        });
        for step in [1, 2, 6, FRAMES] {
            compare_latest(&graph, step, 0);
        }
    }
}

#[test]
fn a_step_can_be_longer_than_the_window() {
    let graph = sequences(|b, x| {
        let x = conv(b, x, 6, 1, along(3, 1, 1, [0, 0]));
        let x = b.op(
            Slice {
                starts: vec![0; 3],
                steps: vec![1; 3],
                lens: vec![1, 6, 5],
            },
            &[x],
        );
        reduced(b, ReduceOp::Mean, x)
    });
    // The model looks at the first 7 frames of 24.
    for step in [1, 4, 8] {
        compare_latest(&graph, step, -17);
    }
}

#[test]
fn a_classifier_of_all_frames_and_one_of_the_last() {
    let flat = sequences(|b, x| {
        let x = conv(b, x, 6, 1, along(4, 2, 1, [0, 0]));
        let y = b.op(Reshape { shape: vec![1, 66] }, &[x]);
        let w = weights(b, &[66, 3]);
        b.op(
            Gemm {
                activation: Identity.into(),
            },
            &[y, w],
        )
    });
    for step in [2, 4] {
        compare_latest(&flat, step, 0);
    }
    let last = sequences(|b, x| {
        let x = conv(b, x, 6, 1, along(3, 1, 2, [0, 0]));
        let y = b.op(
            Slice {
                starts: vec![0, 0, 19],
                steps: vec![1; 3],
                lens: vec![1, 6, 1],
            },
            &[x],
        );
        reduced(b, ReduceOp::Sum, y)
    });
    for step in [1, 3] {
        compare_latest(&last, step, 0);
    }
}

#[test]
fn a_last_layer_as_long_as_the_window() {
    let graph = sequences(|b, x| {
        let x = conv(b, x, 6, 1, along(3, 1, 1, [0, 0]));
        let x = conv(b, x, 6, 6, along(22, 1, 1, [0, 0]));
        b.op(Reshape { shape: vec![1, 6] }, &[x])
    });
    compare_latest(&graph, 1, 0);
}

#[test]
fn the_first_window_of_causal_layers_is_the_whole_models() {
    let graph = sequences(|b, x| {
        let x = conv(b, x, 6, 1, along(3, 1, 4, [8, 0]));
        let x = conv(b, x, 6, 1, along(2, 2, 1, [0, 0]));
        reduced(b, ReduceOp::Max, x)
    });
    let x = numbers(DType::F32, &[1, 4, FRAMES], 5);
    let want = Compiled::of(graph.clone()).run(std::slice::from_ref(&x));
    for step in [2, 8] {
        let stream = streamed(&graph, 2, Some(step)).unwrap();
        assert_eq!(stream.executor().run_stream(std::slice::from_ref(&x)), want);
    }
}

#[test]
fn what_padded_layers_see_at_the_edges_is_told() {
    let mut graph = sequences(|b, x| {
        let x = conv(b, x, 6, 1, along(3, 1, 1, [1, 1]));
        reduced(b, ReduceOp::Mean, x)
    });
    let input = StreamInput {
        name: "x0".into(),
        axis: 2,
        step: None,
    };
    stream(&mut graph, &[input]).unwrap();
    let remarks: Vec<_> = graph
        .remarks()
        .iter()
        .map(|remark| (remark.kind, remark.to_string()))
        .collect();
    let [(RemarkKind::WindowEdges, text)] = &remarks[..] else {
        panic!("{remarks:?}")
    };
    assert!(text.contains("the last 24 frames") && text.contains("`n3`"), "{text}");
    // One frame more, for the last to be known.
    let streaming = graph.streaming().unwrap();
    assert_eq!(streaming.outputs, [(0, StreamedOutput::Latest { delay: 1 })]);
}
