//! Ranges of what is joined, padded, masked and chosen from: no value may lose its steps to another.

use super::build::{Build, decibels, notes, quantised, samples};
use edgec::ir::primitives::{
    ArgReduce, BinaryOp, Gemm, Layout, MatMul, Pad, PadMode, Pool, PoolKind, Reduce, ReduceOp, Reshape, Select,
    Softmax, Transpose, Window,
};
use edgec::ir::{DType, Graph, Tensor, TensorType, ValueId};
use edgec::middle::quantize::{Io, MaxLoss, QuantizeOptions, Scheme};
use runtime_core::function::{AnyFunction, Ceil, Clip, Erf, Floor, Identity, Relu, Round, Sigmoid, Sign, Tanh};

/// The decibels that the outputs of a graph have as 8-bit integers.
fn reached(graph: &Graph, size: f32) -> Vec<f64> {
    let samples = samples(graph, 100, size);
    let got = quantised(graph, &QuantizeOptions::new(""), &samples, None).unwrap();
    decibels(graph, &got.graph, &samples)
}

#[track_caller]
fn reach(least: f64, outputs: &[ValueId], b: Build) {
    let found = reached(&b.done(outputs), 1.0);
    assert!(found.iter().all(|db| *db >= least), "{found:?}");
}

#[test]
fn what_others_read_keeps_its_steps_where_it_is_joined() {
    let mut b = Build::new(1);
    let (x, z) = (b.x("x", &[1, 2, 6, 6]), b.x("z", &[1, 8]));
    let features = b.conv(x, 4);
    let features = b.map(Relu, features);
    let flat = b.op(Reshape { shape: vec![1, 144] }, &[features]);
    let measured = b.times(z, 300.0);
    let joined = b.concat(1, &[flat, measured]);
    let (y, again) = (b.gemm(joined, 3), b.conv(features, 2));
    reach(30.0, &[y, again], b);
}

#[test]
fn a_join_covers_whatever_reaches_it() {
    for way in ["itself", "transposed", "sliced", "pooled", "padded"] {
        let mut b = Build::new(2);
        let x = b.x("x", &[1, 4, 6, 6]);
        let large = b.conv(x, 4);
        let small = b.times(large, 0.1);
        let pool = Pool {
            kind: PoolKind::Max,
            window: Window {
                kernel: vec![3; 2],
                strides: vec![1; 2],
                dilations: vec![1; 2],
                pads: vec![1; 4],
            },
            ceil_mode: false,
            layout: Layout::ChannelsFirst,
        };
        let moved = match way {
            "transposed" => b.op(Transpose { perm: vec![0, 1, 3, 2] }, &[large]),
            "sliced" => b.slice(large, 1, 1, 3),
            "pooled" => b.op(pool, &[large]),
            "padded" => {
                let (begins, ends, mode) = (vec![0, 1, 0, 0], vec![0; 4], PadMode::Constant);
                let nine = b.constant(&[], &[9.0]);
                b.op(Pad { begins, ends, mode }, &[large, nine])
            }
            _ => large,
        };
        let joined = b.concat(1, &[moved, small]);
        let y = b.conv(joined, 2);
        let found = reached(&b.done(&[y, joined]), 1.0);
        assert!(found.iter().all(|db| *db > 30.0), "{way}: {found:?}");
    }
}

#[test]
fn slices_of_an_input_have_ranges_of_their_own() {
    let mut b = Build::new(3);
    let x = b.x("x", &[1, 8]);
    let (large, small) = (b.slice(x, 1, 0, 4), b.slice(x, 1, 4, 8));
    let (y, z) = (b.gemm(large, 3), b.gemm(small, 3));
    let graph = b.done(&[y, z]);
    let mut samples = samples(&graph, 100, 1.0);
    let factors = [1e3, 1e3, 1e3, 1e3, 0.1, 0.1, 0.1, 0.1];
    for sample in &mut samples {
        let values = sample[0].to_f64().into_iter().zip(factors);
        sample[0] = Tensor::f32(&[1, 8], &values.map(|(v, f)| (v * f) as f32).collect::<Vec<_>>());
    }
    let got = quantised(&graph, &QuantizeOptions::new(""), &samples, None).unwrap();
    let found = decibels(&graph, &got.graph, &samples);
    assert!(found.iter().all(|db| *db > 35.0), "{found:?}");
}

#[test]
fn probabilities_do_not_limit_what_they_are_joined_with() {
    for sigmoid in [false, true] {
        let mut b = Build::new(4);
        let x = b.x("x", &[1, 8]);
        let (scores, others) = (b.gemm(x, 4), b.gemm(x, 4));
        let others = if sigmoid {
            b.map(Sigmoid, others)
        } else {
            b.op(Softmax { axis: 1, log: false }, &[others])
        };
        let scores = b.times(scores, 5.0);
        let joined = b.concat(1, &[scores, others]);
        let y = b.gemm(joined, 3);
        reach(30.0, &[joined, y], b);
    }
}

#[test]
fn probabilities_do_not_limit_what_was_never_integers() {
    for way in ["an input", "a constant", "padding", "a choice"] {
        let mut b = Build::new(4);
        let (x, z) = (b.x("x", &[1, 8]), b.x("z", &[2, 2]));
        let scores = b.gemm(x, 4);
        let chances = b.op(Softmax { axis: 1, log: false }, &[scores]);
        let numbers = b.constant(&[1, 4], &[-3.0, 2.0, -1.0, 4.0]);
        let joined = match way {
            "an input" => {
                let flat = b.op(Reshape { shape: vec![1, 4] }, &[z]);
                b.concat(1, &[chances, flat])
            }
            "a constant" => b.concat(1, &[numbers, chances]),
            "padding" => {
                let (begins, ends, mode) = (vec![0, 4], vec![0; 2], PadMode::Constant);
                let three = b.constant(&[], &[-3.0]);
                b.op(Pad { begins, ends, mode }, &[chances, three])
            }
            _ => {
                let chosen = Tensor::new(DType::Bool, vec![1, 4], vec![1, 0, 0, 1]);
                let chosen = b.graph.add_constant("chosen", chosen);
                b.op(Select, &[chosen, chances, numbers])
            }
        };
        let y = b.gemm(joined, 3);
        let found = reached(&b.done(&[y]), 1.0);
        assert!(found.iter().all(|db| *db > 30.0), "{way}: {found:?}");
    }
}

#[test]
fn many_small_probabilities_have_steps_enough() {
    let mut b = Build::new(9);
    let x = b.x("x", &[200, 8]);
    let (keys, values) = (b.gemm(x, 200), b.gemm(x, 4));
    let chances = b.op(Softmax { axis: 1, log: false }, &[keys]);
    let y = b.op(MatMul, &[chances, values]);
    let found = reached(&b.done(&[y]), 0.5);
    assert!(found.iter().all(|db| *db > 33.0), "{found:?}");
}

#[test]
fn integers_that_leave_a_model_are_joined_as_integers() {
    let mut b = Build::new(5);
    let x = b.x("x", &[1, 8]);
    let (large, small) = (b.gemm(x, 4), b.gemm(x, 4));
    let small = b.times(small, 0.5);
    let joined = b.concat(1, &[large, small]);
    let graph = b.done(&[joined]);
    let options = QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new("")
    };
    let got = quantised(&graph, &options, &samples(&graph, 100, 1.0), None).unwrap();
    assert_eq!(got.graph.ty(got.graph.outputs()[0].1).dtype, DType::I8);
    assert!(
        got.report.checked.outputs[0].sqnr.decibels() > 30.0,
        "{:?}",
        got.report.checked
    );
}

#[test]
fn what_is_padded_with_is_in_the_range() {
    for number in [5.0, -3.0] {
        let mut b = Build::new(6);
        let x = b.x("x", &[1, 2, 6, 6]);
        let number = b.constant(&[], &[number]);
        let (begins, ends, mode) = (vec![0, 0, 1, 1], vec![0, 0, 1, 1], PadMode::Constant);
        let padded = b.op(Pad { begins, ends, mode }, &[x, number]);
        let y = b.conv(padded, 3);
        let sum = b.binary(BinaryOp::Add, padded, padded);
        reach(30.0, &[y, sum], b);
    }
}

/// Attention over 6 tokens, of which some are masked by `number`.
fn masked(number: f32, added: bool, with_product: bool) -> Vec<f64> {
    let mut b = Build::new(8);
    let x = b.x("x", &[6, 8]);
    let closed = b.graph.add_input("closed", TensorType::new(DType::Bool, [1, 6]));
    let (q, k, v) = (b.gemm(x, 8), b.gemm(x, 8), b.gemm(x, 8));
    let k = b.op(Transpose { perm: vec![1, 0] }, &[k]);
    let scores = b.op(MatMul, &[q, k]);
    let scores = b.times(scores, 0.3);
    let (number, zero) = (b.constant(&[], &[number]), b.constant(&[], &[0.0]));
    let scores = if added {
        let mask = b.op(Select, &[closed, number, zero]);
        // So that it is no attention that is recognised.
        let twice = b.binary(BinaryOp::Add, mask, scores);
        b.op(Reshape { shape: vec![6, 6] }, &[twice])
    } else {
        b.op(Select, &[closed, number, scores])
    };
    let mut y = b.op(Softmax { axis: 1, log: false }, &[scores]);
    if with_product {
        y = b.op(MatMul, &[y, v]);
    }
    let graph = b.done(&[y]);
    let mut samples = samples(&graph, 100, 1.0);
    for (i, sample) in samples.iter_mut().enumerate() {
        let bits = (0..6).map(|j| u8::from(j != 0 && (i + j) % 3 == 0));
        sample[1] = Tensor::new(DType::Bool, vec![1, 6], bits.collect());
    }
    let got = quantised(&graph, &QuantizeOptions::new(""), &samples, None).unwrap();
    decibels(&graph, &got.graph, &samples)
}

#[test]
fn masks_leave_scores_their_steps() {
    for number in [-100.0, -1e4, -1e9, -5e7, f32::NEG_INFINITY] {
        for (added, product) in [(false, true), (false, false), (true, true), (true, false)] {
            let found = masked(number, added, product);
            assert!(found[0] > 28.0, "{number}, added {added}, product {product}: {found:?}");
        }
    }
}

/// Passes put a constant mask that is added to a product into its bias.
#[test]
fn a_mask_in_a_bias_leaves_scores_their_steps() {
    for number in [-100.0, -1e4, -1e9, f32::MIN] {
        let mut b = Build::new(21);
        let x = b.x("x", &[1, 8]);
        let x = b.gemm(x, 8);
        let w: Vec<f32> = (0..128).map(|i| ((i * 37 % 101) as f32 - 50.0) / 50.0).collect();
        let bias: Vec<f32> = (0..16).map(|i| if i % 3 == 0 { 0.1 } else { number }).collect();
        let (w, bias) = (b.constant(&[8, 16], &w), b.constant(&[16], &bias));
        let activation = Identity.into();
        let scores = b.op(Gemm { activation }, &[x, w, bias]);
        let halves = b.times(scores, 0.5);
        let y = b.op(Softmax { axis: 1, log: false }, &[halves]);
        reach(28.0, &[y], b);
    }
}

#[test]
fn what_functions_that_jump_read_has_fine_steps() {
    for function in [AnyFunction::from(Sign), Floor.into(), Ceil.into(), Round.into()] {
        let mut b = Build::new(22);
        let x = b.x("x", &[1, 16]);
        let y = b.map(function, x);
        let y = b.gemm(y, 4);
        reach(32.0, &[y], b);
    }
}

#[test]
fn layers_in_a_row_need_no_biases() {
    let mut b = Build::new(9);
    let x = b.x("x", &[1, 8]);
    let y = b.gemm(x, 8);
    let y = b.gemm(y, 8);
    let y = b.gemm(y, 4);
    let graph = b.done(&[y]);
    assert!(reached(&graph, 1.0)[0] > 30.0);
    let samples = samples(&graph, 100, 1.0);
    let bound = Some(MaxLoss::Decibels(40.0));
    let got = quantised(&graph, &QuantizeOptions::new(""), &samples, bound).unwrap();
    assert!(decibels(&graph, &got.graph, &samples)[0] >= 39.5);
}

/// A tensor whose channels differ a thousandfold: in 8 bits nothing is left of most, and biases fitted to that are
/// wrong for 16.
#[test]
fn more_bits_are_measured_with_biases_of_their_own() {
    let mut b = Build::new(10);
    let x = b.x("x", &[1, 8]);
    let factors = [1000.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    let factors = b.constant(&[8], &factors);
    let z = b.binary(BinaryOp::Mul, x, factors);
    let z = b.map(Relu, z);
    let w: Vec<f32> = (0..24)
        .map(|i| if i < 3 { 0.0 } else { (i % 5) as f32 - 1.5 })
        .collect();
    let w = b.graph.add_constant("w", Tensor::f32(&[8, 3], &w));
    let activation = runtime_core::function::Identity.into();
    let y = b.op(edgec::ir::primitives::Gemm { activation }, &[z, w]);
    let graph = b.done(&[y]);
    let samples = samples(&graph, 100, 1.0);
    let wide = QuantizeOptions {
        scheme: Scheme::Int16x8,
        ..QuantizeOptions::new("")
    };
    let wide = quantised(&graph, &wide, &samples, None).unwrap();
    let possible = decibels(&graph, &wide.graph, &samples)[0];
    assert!(possible > 26.0, "{possible}");
    let bound = Some(MaxLoss::Decibels(possible - 3.0));
    let got = quantised(&graph, &QuantizeOptions::new(""), &samples, bound).unwrap();
    let found = decibels(&graph, &got.graph, &samples)[0];
    assert!(found >= possible - 3.5, "{found} of {possible}");
}

#[test]
fn choices_are_made_of_16_bits() {
    let mut b = Build::new(11);
    let x = b.x("x", &[1, 16]);
    let hidden = b.gemm(x, 16);
    let scores = b.gemm(hidden, 64);
    let chosen = ArgReduce {
        axis: 1,
        greatest: true,
        last: false,
    };
    let chosen = b.op(chosen, &[scores]);
    let graph = b.done(&[chosen]);
    let samples = samples(&graph, 100, 1.0);
    let got = quantised(&graph, &QuantizeOptions::new(""), &samples, None).unwrap();
    let notes = notes(&got.report);
    assert!(notes.contains("decides by small differences"), "{notes}");
    let equal = got.report.checked.outputs[0].equal.unwrap();
    assert!(equal > 0.9, "{equal}");
}

#[test]
fn the_least_of_much_keeps_its_steps() {
    let mut b = Build::new(12);
    let x = b.x("x", &[1, 64]);
    let y = b.gemm(x, 64);
    let y = b.binary(BinaryOp::Mul, y, y);
    let (op, axes) = (ReduceOp::Min, vec![1]);
    let least = b.op(Reduce { op, axes: axes.clone() }, &[y]);
    let all = b.op(
        Reduce {
            op: ReduceOp::Mean,
            axes,
        },
        &[y],
    );
    let graph = b.done(&[least, all]);
    let found = reached(&graph, 1.0);
    assert!(found[0] > 10.0 && found[1] > 30.0, "{found:?}");
}

#[test]
fn what_saturates_behind_a_value_needs_no_steps() {
    let clip = Clip { min: -1.0, max: 2.0 };
    let functions: [(&str, AnyFunction); 4] = [
        ("clip", clip.into()),
        ("erf", Erf.into()),
        ("tanh", Tanh.into()),
        ("relu", Relu.into()),
    ];
    for (what, function) in functions {
        let mut b = Build::new(10);
        let x = b.x("x", &[1, 40]);
        let column = b.op(Reshape { shape: vec![40, 1] }, &[x]);
        let twice = b.times(column, 2.0);
        let y = b.map(function, twice);
        let row = b.op(Reshape { shape: vec![1, 40] }, &[y]);
        let y = b.gemm(row, 8);
        let graph = b.done(&[y]);
        let mut samples = samples(&graph, 100, 1.0);
        for sample in &mut samples {
            let values = sample[0].to_f64().into_iter().enumerate();
            let values = values.map(|(i, v)| if i % 5 == 0 { -1000.0 } else { v as f32 });
            sample[0] = Tensor::f32(&[1, 40], &values.collect::<Vec<_>>());
        }
        let got = quantised(&graph, &QuantizeOptions::new(""), &samples, None).unwrap();
        let found = decibels(&graph, &got.graph, &samples);
        assert!(found[0] > 30.0, "{what}: {found:?}");
    }
}
