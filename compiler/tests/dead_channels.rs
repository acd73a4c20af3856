//! Random graphs with dead channels, in integers and in floats: without them, every bit of the outputs is the same.

use edgec::exec::Executor;
use edgec::ir::{DType, Graph, Operator, Tensor, TensorType, ValueId, verify};
use edgec::passes::{PIPELINE, Pass, REQUIRED, run};
use edgec::primitives::{
    Activation, Binary, BinaryOp, Concat, Conv, Gemm, Layout, Map, Pool, PoolKind, Reduce, ReduceOp, Reshape, Slice,
    Window,
};
use edgec::{lower, plan};
use runtime_core::function::{Clip, Identity, Relu};
use runtime_core::requantize::Requantize;

/// A graph under construction, and the random numbers that decide what it is.
struct Random {
    graph: Graph,
    state: u64,
    integers: bool,
    /// Zero point of the value that the next layer reads.
    outside: i32,
}

impl Random {
    fn new(seed: u64, integers: bool) -> Self {
        Self {
            graph: Graph::new("random"),
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            integers,
            outside: 0,
        }
    }

    fn below(&mut self, limit: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.state >> 33) as usize % limit
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn dtype(&self) -> DType {
        if self.integers { DType::I8 } else { DType::F32 }
    }

    /// Numbers of an activation or of weights.
    fn number(&mut self) -> f64 {
        let byte = self.below(255) as f64 - 127.0;
        if self.integers { byte } else { byte / 61.0 }
    }

    fn tensor(dtype: DType, shape: &[usize], numbers: &[f64]) -> Tensor {
        let bytes = numbers.iter().flat_map(|n| Tensor::scalar(dtype, *n).bytes.to_vec());
        Tensor::new(dtype, shape.to_vec(), bytes.collect())
    }

    fn op(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> ValueId {
        let name = format!("n{}", self.graph.len());
        self.graph.add_op(name, operator, inputs, &[]).unwrap()
    }

    fn constant(&mut self, dtype: DType, shape: &[usize], numbers: &[f64]) -> ValueId {
        self.graph.add_constant("c", Self::tensor(dtype, shape, numbers))
    }

    /// Weights of `outputs` by `inputs` by `taps` with dead rows and columns, in the order of a convolution.
    fn matrix(&mut self, outputs: usize, inputs: usize, taps: usize) -> (Vec<f64>, Vec<bool>) {
        let dead: Vec<bool> = (0..outputs).map(|_| self.chance(45)).collect();
        let unread: Vec<bool> = (0..inputs).map(|_| self.chance(30)).collect();
        let mut numbers = vec![];
        for dead in &dead {
            for unread in &unread {
                for _ in 0..taps {
                    let number = self.number();
                    let nothing = if self.integers { 0.0 } else { number * 1e-32 };
                    numbers.push(if *dead || *unread { nothing } else { number });
                }
            }
        }
        (numbers, dead)
    }

    /// The operands after the weights, and what becomes of the sums of `terms` products.
    fn end(&mut self, dead: &[bool], terms: usize) -> (Vec<ValueId>, Activation) {
        let n = dead.len();
        if !self.integers {
            let bias: Vec<f64> = dead.iter().map(|_| self.number() + 0.01).collect();
            let activation = match self.below(3) {
                0 => Identity.into(),
                1 => Clip { min: 0.0, max: 6.0 }.into(),
                _ => Relu.into(),
            };
            return (vec![self.constant(DType::F32, &[n], &bias)], activation);
        }
        let zero = self.below(256) as i32 - 128;
        let relu = self.chance(60);
        let reach = (terms * 40) as f64;
        let bias: Vec<f64> = dead.iter().map(|_| (self.number() / 64.0 * reach).round()).collect();
        let multiplier: Vec<f64> = dead
            .iter()
            .map(|_| (1 << 28) as f64 + self.below(1 << 29) as f64)
            .collect();
        let requantize = Requantize {
            shift: 30 + (terms.ilog2() / 2) + 4,
            zero,
            min: if relu { zero } else { -128 },
            max: 127,
            outside: self.outside,
        };
        let operands = vec![
            self.constant(DType::I32, &[n], &bias),
            self.constant(DType::I32, &[n], &multiplier),
        ];
        self.outside = zero;
        let to = DType::I8;
        (operands, Activation::Requantize { requantize, to })
    }

    fn conv(&mut self, x: ValueId, outputs: Option<usize>) -> ValueId {
        let shape = self.graph.ty(x).shape.clone();
        let kernel = [1, 1, 3][self.below(3)].min(shape[2]).min(shape[3]);
        let pad = if kernel == 3 { self.below(2) } else { 0 };
        let (inputs, groups) = if outputs.is_none() {
            (1, shape[1])
        } else {
            (shape[1], 1)
        };
        let n = outputs.unwrap_or(shape[1]);
        let (numbers, dead) = self.matrix(n, inputs, kernel * kernel);
        let w_type = if self.integers { DType::I8 } else { DType::F32 };
        let w = self.constant(w_type, &[n, inputs, kernel, kernel], &numbers);
        let (rest, activation) = self.end(&dead, inputs * kernel * kernel);
        let window = Window {
            kernel: vec![kernel; 2],
            strides: vec![1; 2],
            dilations: vec![1; 2],
            pads: vec![pad; 4],
        };
        let conv = Conv {
            window,
            groups,
            layout: Layout::ChannelsFirst,
            activation,
        };
        self.op(conv, &[&[x, w], &rest[..]].concat())
    }

    fn gemm(&mut self, x: ValueId, n: usize) -> ValueId {
        let k = *self.graph.ty(x).shape.last().unwrap();
        let (numbers, dead) = self.matrix(n, k, 1);
        let transposed: Vec<f64> = (0..k * n).map(|i| numbers[i % n * k + i / n]).collect();
        let w_type = if self.integers { DType::I8 } else { DType::F32 };
        let w = self.constant(w_type, &[k, n], &transposed);
        let (rest, activation) = self.end(&dead, k);
        self.op(Gemm { activation }, &[&[x, w], &rest[..]].concat())
    }

    fn block(&mut self, x: ValueId) -> ValueId {
        let shape = self.graph.ty(x).shape.clone();
        match self.below(9) {
            0 | 1 => self.conv(x, None),
            2 => {
                let pool = Pool {
                    kind: if self.integers || self.chance(50) {
                        PoolKind::Max
                    } else {
                        PoolKind::Average {
                            count_include_pad: true,
                        }
                    },
                    window: Window {
                        kernel: vec![2; 2],
                        strides: vec![1; 2],
                        dilations: vec![1; 2],
                        pads: vec![1, 1, 0, 0],
                    },
                    ceil_mode: false,
                    layout: Layout::ChannelsFirst,
                };
                self.op(pool, &[x])
            }
            3 => {
                // Branches of one input that meet.
                let outside = self.outside;
                let a = self.conv(x, Some(shape[1]));
                self.outside = outside;
                let b = self.conv(x, Some(shape[1]));
                if self.graph.ty(a) == self.graph.ty(b) {
                    self.op(Binary::from(BinaryOp::Add), &[a, b])
                } else {
                    a
                }
            }
            4 => {
                let y = self.conv(x, Some(shape[1]));
                if self.graph.ty(y) == self.graph.ty(x) {
                    self.op(Binary::from(BinaryOp::Add), &[x, y])
                } else {
                    y
                }
            }
            5 => {
                let y = self.op(Slice::along(&shape, 1, 1, shape[1] - 1), &[x]);
                self.op(Concat { axis: 1 }, &[x, y])
            }
            6 => {
                let numbers: Vec<f64> = (0..shape[1]).map(|_| self.number().abs()).collect();
                let factors = self.constant(self.dtype(), &[shape[1], 1, 1], &numbers);
                let op = if self.chance(50) { BinaryOp::Add } else { BinaryOp::Max };
                self.op(Binary::from(op), &[x, factors])
            }
            7 if !self.integers => self.op(Map { function: Relu.into() }, &[x]),
            _ => {
                let n = 3 + self.below(38);
                self.conv(x, Some(n))
            }
        }
    }

    /// A few layers on an image, and sometimes a classifier.
    fn build(seed: u64, integers: bool) -> Graph {
        let mut random = Self::new(seed, integers);
        let extents = [1 + random.below(7), 1 + random.below(7)];
        let shape = [1, 2 + random.below(3), extents[0], extents[1]];
        let ty = TensorType::new(random.dtype(), shape);
        let mut x = random.graph.add_input("x", ty);
        let n = 4 + random.below(30);
        x = random.conv(x, Some(n));
        for _ in 0..2 + random.below(4) {
            x = random.block(x);
        }
        let shape = random.graph.ty(x).shape.clone();
        let n = 2 + random.below(10);
        x = match random.below(3) {
            0 => random.conv(x, Some(n)),
            1 => {
                let op = if integers { ReduceOp::Max } else { ReduceOp::Mean };
                let y = random.op(Reduce { op, axes: vec![2, 3] }, &[x]);
                let y = random.op(
                    Reshape {
                        shape: vec![1, shape[1]],
                    },
                    &[y],
                );
                random.gemm(y, n)
            }
            _ => {
                let flat = shape.iter().product();
                let y = random.op(Reshape { shape: vec![1, flat] }, &[x]);
                let y = random.gemm(y, 24);
                random.gemm(y, n)
            }
        };
        random.graph.add_output("y", x);
        verify(&random.graph).unwrap();
        random.graph
    }
}

/// The outputs after these passes, and the multiply-accumulates that they take.
fn results(mut graph: Graph, passes: &[Pass], seed: u64) -> (Vec<Tensor>, u64) {
    run(&mut graph, passes, &mut |_, _| {}).unwrap();
    let integers = graph.ty(graph.inputs()[0]).dtype == DType::I8;
    let mut random = Random::new(seed + 1000, integers);
    let input = |v: &ValueId| {
        let ty = graph.ty(*v);
        let numbers: Vec<f64> = (0..ty.len()).map(|_| random.number()).collect();
        Random::tensor(ty.dtype, &ty.shape, &numbers)
    };
    let inputs: Vec<Tensor> = graph.inputs().iter().map(input).collect();
    let program = lower::lower(&graph).unwrap();
    let plan = plan::plan(&program);
    (Executor::new(&program, &plan).run(&inputs), program.macs())
}

fn keeps_every_bit(integers: bool, cases: u64) {
    let dead = *PIPELINE.iter().find(|pass| pass.name == "dead-channels").unwrap();
    let others: Vec<Pass> = PIPELINE.iter().copied().filter(|pass| pass.name != dead.name).collect();
    let (mut before, mut after) = (0, 0);
    for seed in 0..cases {
        let build = || Random::build(seed, integers);
        let (expected, macs) = results(build(), REQUIRED, seed);
        let (found, fewer) = results(build(), &[&[dead], REQUIRED].concat(), seed);
        assert_eq!(
            bits(&found),
            bits(&expected),
            "case {seed}, integers: {integers}\n{}",
            build()
        );
        assert!(fewer <= macs);
        (before, after) = (before + macs, after + fewer);
        let (expected, _) = results(build(), &others, seed);
        let (found, _) = results(build(), PIPELINE, seed);
        assert_eq!(
            bits(&found),
            bits(&expected),
            "case {seed} in the pipeline, integers: {integers}"
        );
    }
    // Else there was little to test. Floats keep more, for the order of their sums.
    let most = if integers { before / 2 } else { before / 10 * 9 };
    assert!(after < most, "{before} multiply-accumulates became {after}");
}

fn bits(tensors: &[Tensor]) -> Vec<(TensorType, Vec<u8>)> {
    tensors
        .iter()
        .map(|tensor| (tensor.ty(), tensor.bytes.to_vec()))
        .collect()
}

#[test]
fn integers_keep_every_bit() {
    keeps_every_bit(true, 150);
}

#[test]
fn floats_keep_every_bit() {
    keeps_every_bit(false, 150);
}
