//! Layers in integers, whose padding is a zero point.

use super::layers::along;
use super::run::{compare, numbers};
use crate::passes::build::{Build, build};
use edgec::ir::primitives::{Activation, Conv, Layout, Pool, PoolKind, QlinearAveragePool, Quantization, Window};
use edgec::ir::{DType, Tensor, TensorType, ValueId};
use runtime_core::requantize::Requantize;

fn conv(b: &mut Build, x: ValueId, channels: usize, window: Window, [outside, zero]: [i32; 2]) -> ValueId {
    let before = b.graph.ty(x).shape[1];
    let weights = numbers(DType::I8, &[channels, before, window.kernel[0]], channels as u64);
    let requantize = Requantize {
        shift: 40,
        zero,
        min: -128,
        max: 127,
        outside,
    };
    let names = [0, 1, 2].map(|_| b.name());
    let [weights_name, bias, multipliers] = names;
    let w = b.graph.add_constant(weights_name, weights);
    let bias = b
        .graph
        .add_constant(bias, Tensor::i32(&[channels], &vec![77; channels]));
    let multipliers = b
        .graph
        .add_constant(multipliers, Tensor::i32(&[channels], &vec![1 << 30; channels]));
    let to = DType::I8;
    let activation = Activation::Requantize { requantize, to };
    let layout = Layout::ChannelsFirst;
    b.op(
        Conv {
            window,
            groups: 1,
            layout,
            activation,
        },
        &[x, w, bias, multipliers],
    )
}

#[test]
fn convolutions_and_pools_one_frame_a_run() {
    let quantization = |zero| Quantization {
        dtype: DType::I8,
        scales: vec![0.5],
        zeros: vec![zero],
        axis: 0,
    };
    let graph = build(&|b| {
        let x = b.graph.add_input("x", TensorType::new(DType::I8, [1, 3, 20]));
        let y = conv(b, x, 5, along(5, 1, 1, [2, 2]), [-7, 3]);
        let y = conv(b, y, 4, along(3, 1, 2, [2, 2]), [3, -20]);
        let window = along(3, 1, 1, [1, 1]);
        let layout = Layout::ChannelsFirst;
        let kind = PoolKind::Average {
            count_include_pad: true,
        };
        let pool = Pool {
            kind,
            window: window.clone(),
            ceil_mode: false,
            layout,
        };
        let (from, to) = (quantization(-20), quantization(5));
        let y = b.op(QlinearAveragePool::new(&pool, &from, &to, None).unwrap(), &[y]);
        let max = Pool {
            kind: PoolKind::Max,
            window,
            ceil_mode: false,
            layout,
        };
        let y = b.op(max, &[y]);
        b.output(y);
    });
    for step in [1, 2, 5] {
        assert_eq!(compare(&graph, 2, Some(step), 6), 6);
    }
}
