//! Layers computed in parts, and tile by tile where memory is scarce: the bits are those of the whole.

use edgec::back::exec::Executor;
use edgec::back::lower::lower;
use edgec::back::plan::plan;
use edgec::back::tile::{divide, fit};
use edgec::ir::geometry::{Layout, Window};
use edgec::ir::layer::Activation;
use edgec::ir::primitives::{Binary, BinaryOp, Concat, Conv, MatMul, Pool, PoolKind, Softmax};
use edgec::ir::program::Program;
use edgec::ir::{DType, Graph, Tensor, TensorType, ValueId};
use edgec::machine::Machine;
use edgec::middle::passes::{AFTER_QUANTIZATION, run};
use runtime_core::function::Relu;
use std::ops::Range;

/// A graph under construction, with numbers that look random.
struct Build {
    graph: Graph,
    seed: u64,
}

impl Build {
    fn new(seed: u64) -> Self {
        Self {
            graph: Graph::new("tiles"),
            seed,
        }
    }

    fn below(&mut self, end: usize) -> usize {
        self.seed = self
            .seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.seed >> 33) as usize % end
    }

    fn floats(&mut self, shape: &[usize]) -> Tensor {
        let numbers: Vec<f32> = (0..shape.iter().product())
            .map(|_| self.below(2001) as f32 / 1000.0 - 1.0)
            .collect();
        Tensor::f32(shape, &numbers)
    }

    fn input(&mut self, shape: &[usize]) -> ValueId {
        let name = format!("x{}", self.graph.inputs().len());
        self.graph.add_input(name, TensorType::new(DType::F32, shape))
    }

    fn op(&mut self, operator: impl edgec::ir::Operator + 'static, inputs: &[ValueId]) -> ValueId {
        self.graph.add_op("y", operator, inputs, &["y".to_owned()]).unwrap()
    }

    fn shape(&self, x: ValueId) -> Vec<usize> {
        self.graph.ty(x).shape.to_vec()
    }

    /// A convolution that keeps the size of the image, but for its step; depthwise if `to` is none.
    fn conv(&mut self, x: ValueId, size: usize, stride: usize, to: Option<usize>) -> ValueId {
        let channels = self.shape(x)[1];
        let groups = if to.is_none() { channels } else { 1 };
        let window = window(size, stride, size / 2);
        let to = to.unwrap_or(channels);
        let w = self.floats(&[to, channels / groups, size, size]);
        let bias = self.floats(&[to]);
        let (w, bias) = (self.graph.add_constant("w", w), self.graph.add_constant("b", bias));
        let conv = Conv {
            window,
            groups,
            layout: Layout::ChannelsFirst,
            activation: Activation::Function(Relu.into()),
        };
        self.op(conv, &[x, w, bias])
    }

    fn pool(&mut self, x: ValueId, kind: PoolKind) -> ValueId {
        let pool = Pool {
            kind,
            window: window(3, 1, 1),
            ceil_mode: false,
            layout: Layout::ChannelsFirst,
        };
        self.op(pool, &[x])
    }

    fn finish(mut self, y: ValueId) -> Graph {
        self.graph.add_output("y", y);
        run(&mut self.graph, AFTER_QUANTIZATION, &mut |_, _| {}).unwrap();
        self.graph
    }
}

fn window(size: usize, stride: usize, pads: usize) -> Window {
    Window {
        kernel: vec![size; 2],
        strides: vec![stride; 2],
        dilations: vec![1; 2],
        pads: vec![pads; 4],
    }
}

fn results(program: &Program, machine: &Machine) -> Vec<Tensor> {
    let mut build = Build::new(7);
    let inputs: Vec<Tensor> = program.inputs.iter().map(|port| build.floats(&port.ty.shape)).collect();
    Executor::new(program, &plan(program, machine)).run(&inputs)
}

/// A random image network: convolutions, pools, concatenations and sums with what was there before, of which those in the
/// middle have the most channels.
fn network(seed: u64) -> Graph {
    let mut build = Build::new(seed);
    let (height, width) = (24 + build.below(24), 4 + build.below(9));
    let mut x = build.input(&[1, 2, height, width]);
    x = build.conv(x, 3, 1, Some(8));
    for _ in 0..2 + build.below(3) {
        x = match build.below(16) {
            6 => {
                // One below the other: each is written to a part of the result.
                let y = build.conv(x, 3, 1, None);
                build.op(Concat { axis: 2 }, &[x, y])
            }
            0 => build.pool(
                x,
                PoolKind::Average {
                    count_include_pad: true,
                },
            ),
            1 => {
                let y = build.conv(x, 3, 1, None);
                build.op(Binary::from(BinaryOp::Add), &[x, y])
            }
            2 => {
                let y = build.conv(x, 1, 1, Some(4));
                build.op(Concat { axis: 1 }, &[x, y])
            }
            3 => build.conv(x, 5, 1, None),
            _ => {
                let to = 6 + build.below(8);
                build.conv(x, 3, 1, Some(to))
            }
        };
    }
    x = build.conv(x, 3, 2, None);
    x = build.conv(x, 1, 1, Some(4));
    x = build.pool(x, PoolKind::Max);
    build.finish(x)
}

/// Networks that fit a budget, those of which rows are copied, and those of which rows are computed again.
type Fitted = [usize; 3];

/// Compares what the networks of these seeds compute in tiles with what they compute whole.
fn fitted(seeds: Range<u64>) -> Fitted {
    let [mut fitted, mut copied, mut again] = [0; 3];
    for seed in seeds {
        let machine = Machine::board();
        let graph = network(seed);
        let whole = lower(&graph, &machine).unwrap();
        let expected = results(&whole, &machine);
        let peak = plan(&whole, &machine).peak;
        for percent in [85, 70, 55, 40] {
            let budget = peak * percent / 100;
            let Some(tiled) = fit(|| lower(&graph, &machine).ok(), budget, &machine) else {
                continue;
            };
            assert!(tiled.plan.peak <= budget, "network {seed}, {percent} %");
            let got = results(&tiled.program, &machine);
            assert_eq!(got, expected, "network {seed}, {percent} %: {:?}", tiled.segments);
            fitted += 1;
            copied += usize::from(tiled.segments.iter().any(|segment| segment.copied > 0));
            again += usize::from(tiled.segments.iter().any(|segment| segment.computed_again > 0));
        }
    }
    [fitted, copied, again]
}

#[test]
fn tiles_give_the_bits_of_the_whole_within_the_budget() {
    // On two processors: it is the longest of these tests.
    let (a, b) = std::thread::scope(|scope| {
        let other = scope.spawn(|| fitted(20..40));
        (fitted(0..20), other.join().unwrap())
    });
    let [fitted, copied, again] = std::array::from_fn(|i| a[i] + b[i]);
    println!("{fitted} networks fitted, {copied} by copying rows, {again} by computing some again");
    assert!(fitted > 40 && copied > 10 && again > 0);
}

/// Every cut of the only call of this kernel.
fn every_cut(graph: &Graph, kernel: &str) {
    let machine = Machine::board();
    let program = || lower(graph, &machine).unwrap();
    let whole = program();
    let of_kernel = |program: &Program| program.calls.iter().position(|call| call.kernel.name() == kernel);
    let index = of_kernel(&whole).unwrap_or_else(|| panic!("no call of {kernel}"));
    let call = &whole.calls[index];
    let rows = call.outputs[0].len / call.kernel.row().unwrap();
    let expected = results(&whole, &machine);
    for cut in 1..rows {
        let mut divided = program();
        assert!(divide(&mut divided, index, &[cut]), "{kernel}: cut {cut} of {rows}");
        assert_eq!(results(&divided, &machine), expected, "{kernel}: cut {cut} of {rows}");
    }
    let mut divided = program();
    assert!(rows > 2 && !divide(&mut divided, index, &[rows]) && !divide(&mut divided, index, &[2, 1]));
    assert_eq!(divided.calls.len(), whole.calls.len());
}

#[test]
fn rows_of_averages_softmax_and_products_are_computed_apart() {
    let mut build = Build::new(3);
    let x = build.input(&[1, 5, 9, 7]);
    let y = build.pool(
        x,
        PoolKind::Average {
            count_include_pad: false,
        },
    );
    every_cut(&build.finish(y), "average_pool2d");

    let mut build = Build::new(4);
    let x = build.input(&[6, 11]);
    let y = build.op(Softmax { axis: 1, log: false }, &[x]);
    every_cut(&build.finish(y), "softmax");

    for [a, b] in [
        [&[7, 5][..], &[5, 9][..]],
        [&[4, 3, 5], &[5, 6]],
        [&[4, 3, 5], &[4, 5, 2]],
    ] {
        let mut build = Build::new(5);
        let (a, b) = (build.input(a), build.input(b));
        let y = build.op(MatMul, &[a, b]);
        every_cut(&build.finish(y), "mat_mul");
    }
}
