//! What cannot be streamed.

use super::layers::{FRAMES, along, conv, pool, sequences};
use super::run::{streamed, weights};
use edgec::ir::Graph;
use edgec::ir::primitives::{BinaryOp, Cumulate, MatMul, PoolKind, Reduce, ReduceOp, Reshape, Softmax, Transpose};
use runtime_core::function::Identity;

fn refusal(graph: &Graph) -> String {
    match streamed(graph, 2, None) {
        Ok(_) => panic!("the model was streamed"),
        Err(error) => error,
    }
}

#[test]
fn all_nodes_that_need_all_frames_are_named_at_once() {
    let graph = sequences(|b, x| {
        let y = conv(b, x, 4, 1, along(3, 1, 1, [1, 1]));
        let mean = b.op(
            Reduce {
                op: ReduceOp::Mean,
                axes: vec![2],
            },
            &[y],
        );
        let y = b.binary(BinaryOp::Sub, y, mean);
        let z = b.op(Softmax { axis: 2, log: false }, &[x]);
        let z = b.op(
            Cumulate {
                op: ReduceOp::Sum,
                axis: 2,
                exclusive: false,
                reverse: false,
            },
            &[z],
        );
        let half = b.op(
            Reshape {
                shape: vec![1, 2, 2 * FRAMES],
            },
            &[x],
        );
        b.output(z);
        b.output(half);
        y
    });
    let error = refusal(&graph);
    assert!(
        error.contains("3 nodes that cannot be computed frame by frame"),
        "{error}"
    );
    for (node, reason) in [
        ("(ReduceMean)", "what it makes of all frames is read by"),
        ("(Softmax)", "as it works along the axis of time"),
        ("(Reshape)", "joins time with other dimensions"),
    ] {
        let line = error
            .lines()
            .find(|line| line.contains(node))
            .unwrap_or_else(|| panic!("{node}: {error}"));
        assert!(line.contains(reason), "{line}");
    }
    assert!(error.contains("--outputs"), "{error}");
}

#[test]
fn attention_is_named_and_what_follows_from_it_is_not() {
    let graph = sequences(|b, x| {
        let rows = b.op(Transpose { perm: vec![0, 2, 1] }, &[x]);
        let scores = b.op(MatMul, &[rows, x]);
        let scores = b.op(Softmax { axis: 2, log: false }, &[scores]);
        b.op(MatMul, &[scores, rows])
    });
    let error = refusal(&graph);
    assert!(
        error.contains("a node that cannot") && error.contains("multiplies frames by frames"),
        "{error}"
    );
}

#[test]
fn averages_that_do_not_count_padding_and_positions_in_time() {
    let kind = PoolKind::Average {
        count_include_pad: false,
    };
    let graph = sequences(|b, x| {
        let positions = weights(b, &[1, 4, FRAMES]);
        let sum = b.binary(BinaryOp::Add, x, positions);
        b.output(sum);
        pool(b, x, kind, along(3, 1, 1, [1, 1]))
    });
    let error = refusal(&graph);
    assert!(
        error.contains("of fewer frames") && error.contains("differs from frame to frame"),
        "{error}"
    );
}

#[test]
fn steps_that_do_not_fit_the_strides() {
    let graph = sequences(|b, x| {
        let x = pool(b, x, PoolKind::Max, along(2, 2, 1, [0, 0]));
        pool(b, x, PoolKind::Max, along(3, 3, 1, [0, 0]))
    });
    for step in [0, 1, 4, 9] {
        let error = streamed(&graph, 2, Some(step)).err().unwrap();
        assert!(error.contains("a run takes 6 frames, or a multiple"), "{error}");
    }
    assert_eq!(streamed(&graph, 2, None).unwrap().step(), 6);
}

#[test]
fn axes_that_there_are_not() {
    let graph = sequences(|b, x| b.map(Identity, x));
    let error = streamed(&graph, 3, None).err().unwrap();
    assert!(
        error.contains("input `x0` cannot be streamed") && error.contains("axis 3"),
        "{error}"
    );
}

#[test]
fn what_no_device_has_room_for() {
    let far = 1 << 30;
    let graph = sequences(|b, x| conv(b, x, 4, 1, along(2, 1, far, [far / 2, far / 2])));
    let error = streamed(&graph, 2, None).err().unwrap();
    assert!(error.contains("bytes of earlier frames"), "{error}");
    // Windows that move further than a run can be long.
    let graph = sequences(|b, x| conv(b, x, 4, 1, along(1, far / 2, 1, [far / 2, far / 2])));
    let error = streamed(&graph, 2, None).err().unwrap();
    assert!(error.contains("a run would take more than"), "{error}");
    let graph = sequences(|b, x| b.map(Identity, x));
    let error = streamed(&graph, 2, Some(usize::MAX)).err().unwrap();
    assert!(error.contains("cannot be streamed by"), "{error}");
}
