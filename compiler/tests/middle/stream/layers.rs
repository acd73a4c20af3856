//! Layers by kind.

use super::run::{compare, weights};
use crate::passes::build::{Build, build, window};
use edgec::ir::primitives::{
    Concat, Conv, Gemm, LayerNormalization, Layout, Pad, PadMode, Pool, PoolKind, Reshape, ScaleShift, Slice, Softmax,
    Transpose, Window,
};
use edgec::ir::{Graph, ValueId};
use runtime_core::function::{Identity, Relu, Sigmoid};

/// Frames of the window.
pub(super) const FRAMES: usize = 24;

/// A window over the frames of sequences.
pub(super) fn along(kernel: usize, stride: usize, dilation: usize, pads: [usize; 2]) -> Window {
    Window {
        kernel: vec![kernel],
        strides: vec![stride],
        dilations: vec![dilation],
        pads: pads.to_vec(),
    }
}

pub(super) fn conv(build: &mut Build, x: ValueId, channels: usize, groups: usize, window: Window) -> ValueId {
    let before = build.graph.ty(x).shape[1];
    let shape = [&[channels, before / groups], &window.kernel[..]].concat();
    let (w, bias) = (weights(build, &shape), weights(build, &[channels]));
    let activation = Identity.into();
    let layout = Layout::ChannelsFirst;
    let conv = Conv {
        window,
        groups,
        layout,
        activation,
    };
    let y = build.op(conv, &[x, w, bias]);
    build.map(Relu, y)
}

pub(super) fn pool(build: &mut Build, x: ValueId, kind: PoolKind, window: Window) -> ValueId {
    let layout = Layout::ChannelsFirst;
    build.op(
        Pool {
            kind,
            window,
            ceil_mode: false,
            layout,
        },
        &[x],
    )
}

/// A model of sequences `[1, 4, FRAMES]`.
pub(super) fn sequences(make: impl Fn(&mut Build, ValueId) -> ValueId) -> Graph {
    build(&|build| {
        let x = build.x(&[1, 4, FRAMES]);
        let y = make(build, x);
        build.output(y);
    })
}

#[test]
fn a_causal_convolution_has_no_delay() {
    let graph = sequences(|b, x| conv(b, x, 6, 1, along(3, 1, 2, [4, 0])));
    for step in [1, 2, 3, 8, FRAMES] {
        assert_eq!(compare(&graph, 2, Some(step), 0), 0);
    }
}

#[test]
fn a_centred_convolution_waits_for_what_it_looks_ahead() {
    let graph = sequences(|b, x| conv(b, x, 6, 1, along(5, 1, 1, [2, 2])));
    for step in [1, 2, 4, 12] {
        assert_eq!(compare(&graph, -1, Some(step), 2), 2);
    }
}

#[test]
fn frames_before_the_first_are_padding_for_every_layer() {
    let graph = sequences(|b, x| {
        let x = conv(b, x, 6, 1, along(3, 1, 1, [1, 1]));
        let x = conv(b, x, 6, 6, along(3, 1, 2, [2, 2]));
        conv(b, x, 5, 1, along(5, 1, 1, [2, 2]))
    });
    for step in [1, 3, 4, 24] {
        assert_eq!(compare(&graph, 2, Some(step), 5), 5);
    }
}

#[test]
fn convolutions_without_padding() {
    let graph = sequences(|b, x| {
        let x = conv(b, x, 6, 2, along(3, 1, 2, [0, 0]));
        conv(b, x, 6, 1, along(2, 1, 1, [0, 0]))
    });
    for step in [1, 6] {
        assert_eq!(compare(&graph, 2, Some(step), 0), 5);
    }
}

#[test]
fn more_padding_than_a_window_looks_back() {
    let graph = sequences(|b, x| conv(b, x, 6, 1, along(3, 1, 1, [5, 2])));
    for step in [1, 4] {
        assert_eq!(compare(&graph, 2, Some(step), 5), 0);
    }
}

#[test]
fn strides_make_runs_of_several_frames() {
    let graph = sequences(|b, x| {
        let x = conv(b, x, 6, 1, along(3, 2, 1, [1, 1]));
        let x = pool(b, x, PoolKind::Max, along(3, 2, 1, [1, 1]));
        conv(b, x, 6, 1, along(3, 1, 1, [1, 1]))
    });
    let default = super::run::streamed(&graph, 2, None).unwrap();
    assert_eq!(default.step(), 4);
    for step in [4, 8, 12] {
        compare(&graph, 2, Some(step), 1);
    }
    let single = sequences(|b, x| {
        let x = conv(b, x, 6, 1, along(3, 1, 1, [1, 1]));
        conv(b, x, 6, 1, along(1, 3, 1, [0, 0]))
    });
    for step in [3, 6] {
        compare(&single, 2, Some(step), 0);
    }
}

#[test]
fn pools() {
    let average = |count_include_pad| PoolKind::Average { count_include_pad };
    for (kind, pads) in [
        (PoolKind::Max, [1, 1]),
        (average(true), [1, 1]),
        (average(false), [0, 1]),
    ] {
        let graph = sequences(|b, x| pool(b, x, kind, along(3, 1, 1, pads)));
        for step in [1, 4] {
            compare(&graph, 2, Some(step), 1);
        }
    }
}

#[test]
fn images_along_either_axis() {
    for axis in [2, 3] {
        let graph = build(&|b| {
            let shape = if axis == 2 {
                [1, 3, FRAMES, 7]
            } else {
                [1, 3, 7, FRAMES]
            };
            let x = b.x(&shape);
            let x = conv(b, x, 4, 1, window(3, 1));
            let x = conv(b, x, 4, 4, window(3, 1));
            let y = b.pool(PoolKind::Max, x);
            b.output(y);
        });
        for step in [1, 2, 6] {
            assert_eq!(compare(&graph, axis, Some(step), 2), 3);
        }
    }
}

#[test]
fn padding_of_its_own_becomes_a_delay_or_fills_one() {
    let padded = |b: &mut Build, x, before, after, value| {
        let filler = b.constant(&[], &[value]);
        let pad = Pad {
            begins: vec![0, 0, before],
            ends: vec![0, 1, after],
            mode: PadMode::Constant,
        };
        b.op(pad, &[x, filler])
    };
    let graph = sequences(|b, x| {
        let x = padded(b, x, 3, 2, 0.5);
        b.map(Relu, x)
    });
    for step in [1, 4] {
        assert_eq!(compare(&graph, 2, Some(step), 2), 0);
    }
    for before in [1, 2, 5] {
        let graph = sequences(|b, x| {
            let x = conv(b, x, 6, 1, along(5, 1, 1, [2, 2]));
            let x = padded(b, x, before, 0, -0.25);
            let x = b.map(Identity, x);
            conv(b, x, 6, 1, along(3, 1, 1, [2, 0]))
        });
        for step in [1, 4] {
            assert_eq!(compare(&graph, 2, Some(step), 2), 2usize.saturating_sub(before));
        }
    }
}

#[test]
fn frames_are_left_out_at_the_beginning_at_the_end_and_in_between() {
    let slice = |start: usize, step: isize, len| Slice {
        starts: vec![0, 1, start],
        steps: vec![1, 1, step],
        lens: vec![1, 2, len],
    };
    let cases = [
        (slice(0, 1, 20), 1, 0),
        (slice(3, 1, 20), 1, 3),
        (slice(1, 3, 7), 3, 0),
        (slice(2, 2, 11), 2, 1),
    ];
    for (slice, step, delay) in cases {
        let graph = sequences(|b, x| b.op(slice.clone(), &[x]));
        for step in [step, 6] {
            assert_eq!(compare(&graph, 2, Some(step), 0), delay);
        }
    }
}

#[test]
fn floats_of_any_size_are_the_same_bits_where_a_run_has_several_frames() {
    let graph = sequences(|b, x| {
        let (w, v) = (b.weights(&[6, 4, 5]), b.weights(&[6, 6, 3]));
        let (first, second) = (along(5, 1, 1, [2, 2]), along(3, 2, 1, [1, 1]));
        let conv = |window| Conv {
            window,
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let x = b.map(Sigmoid, x);
        let x = b.op(conv(first), &[x, w]);
        b.op(conv(second), &[x, v])
    });
    for step in [4, 6, 12] {
        compare(&graph, 2, Some(step), 2);
    }
}

#[test]
fn each_frame_by_itself() {
    let graph = sequences(|b, x| {
        let (scale, shift) = (weights(b, &[4]), weights(b, &[4]));
        let x = b.op(
            ScaleShift {
                axis: 1,
                activation: Identity.into(),
            },
            &[x, scale, shift],
        );
        let x = b.op(Transpose { perm: vec![2, 0, 1] }, &[x]);
        let (scale, bias) = (weights(b, &[4]), weights(b, &[4]));
        let x = b.op(
            LayerNormalization {
                epsilon: 1e-5,
                rms: false,
            },
            &[x, scale, bias],
        );
        let w = weights(b, &[4, 6]);
        let x = b.op(
            Gemm {
                activation: Identity.into(),
            },
            &[x, w],
        );
        let x = b.op(
            Reshape {
                shape: vec![FRAMES, 2, 3],
            },
            &[x],
        );
        let x = b.op(Softmax { axis: 2, log: false }, &[x]);
        let y = b.op(
            Reshape {
                shape: vec![1, FRAMES, 6],
            },
            &[x],
        );
        b.op(Concat { axis: 2 }, &[y, y])
    });
    for step in [2, 8] {
        assert_eq!(compare(&graph, 2, Some(step), 0), 0);
    }
}
