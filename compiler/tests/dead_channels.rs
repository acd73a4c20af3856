//! Random graphs with dead channels, in integers and in floats: without them, every bit of the outputs is the same.

use edgec::back::exec::Executor;
use edgec::back::portable;
use edgec::front::import::{Dimensions, import};
use edgec::ir::primitives::{
    Activation, Binary, BinaryOp, Concat, Conv, Gemm, Layout, Lookup, Map, Pool, PoolKind, QlinearAveragePool,
    QlinearBinary, QlinearResize, Quantization, Reduce, ReduceOp, RequantizeLinear, Reshape, ResizedAxis, Slice,
    Window,
};
use edgec::ir::{DType, Graph, Operator, Tensor, TensorType, ValueId, verify};
use edgec::middle::passes::{PIPELINE, Pass, REQUIRED, run};
use runtime_core::function::{Clip, Identity, Relu};
use runtime_core::requantize::Requantize;
use std::path::{Path, PathBuf};

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

    /// The operands after the weights, and what is applied to the sums of `terms` products.
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
            7 => self.between_quantised(x),
            _ => {
                let n = 3 + self.below(38);
                self.conv(x, Some(n))
            }
        }
    }

    /// A quantisation of integers.
    fn quantization(&mut self) -> Quantization {
        let (scale, zero) = (0.01 + self.below(100) as f32 / 1000.0, self.below(256) as i32 - 128);
        Quantization::uniform(DType::I8, scale, zero)
    }

    /// An integer operator between layers.
    fn between_quantised(&mut self, x: ValueId) -> ValueId {
        let [a, b, y] = [0; 3].map(|_| self.quantization());
        let shape = self.graph.ty(x).shape.clone();
        match self.below(6) {
            0 => {
                let pads = vec![self.below(2), self.below(2), 0, self.below(2)];
                let kernel = vec![2, 2];
                let (strides, dilations) = (vec![1; 2], vec![1; 2]);
                let window = Window {
                    kernel,
                    strides,
                    dilations,
                    pads,
                };
                let (count_include_pad, layout) = (self.chance(50), Layout::ChannelsFirst);
                let pool = Pool {
                    kind: PoolKind::Average { count_include_pad },
                    window,
                    ceil_mode: false,
                    layout,
                };
                if shape[2] < 2 || shape[3] < 2 {
                    return x;
                }
                self.op(QlinearAveragePool::new(&pool, &a, &y, None).unwrap(), &[x])
            }
            1 => {
                let add = QlinearBinary::new(BinaryOp::Add, &a, &b, &y, None).unwrap();
                self.op(add, &[x, x])
            }
            2 => {
                let numbers: Vec<f64> = (0..shape[1]).map(|_| self.number()).collect();
                let factors = self.constant(DType::I8, &[shape[1], 1, 1], &numbers);
                let mul = QlinearBinary::new(BinaryOp::Mul, &a, &b, &y, Some((-100, 90))).unwrap();
                self.op(mul, &[x, factors])
            }
            3 => {
                let [h, w] = [shape[2], shape[3]];
                let indices = [h, w].map(|size| Tensor::i32(&[2, 2], &[0, size as i32 - 1, 0, 0]));
                let weights = Tensor::f32(&[2, 2], &[0.25, 0.75, 1.0, 0.0]);
                let resized = |axis: usize| ResizedAxis {
                    axis,
                    indices: &indices[axis - 2],
                    weights: &weights,
                };
                let (resize, tables) = QlinearResize::new(&[resized(2), resized(3)], &a, &y, None).unwrap();
                let mut operands = vec![x];
                operands.extend(tables.into_iter().map(|table| self.graph.add_constant("taps", table)));
                self.op(resize, &operands)
            }
            4 => self.op(RequantizeLinear::new(&a, &y, None).unwrap(), &[x]),
            _ => {
                let (table, _) = Lookup::table(DType::I8, |x| (x * x / 100 - 70).min(127)).unwrap();
                let table = self.graph.add_constant("table", table);
                self.op(Lookup, &[x, table])
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
    let (program, plan) = portable(&graph).unwrap();
    (Executor::new(&program, &plan).run(&inputs), program.macs())
}

/// The pipeline without the pass.
fn others() -> Vec<Pass> {
    let all = PIPELINE.iter().copied();
    all.filter(|pass| pass.name != "dead-channels").collect()
}

fn keeps_every_bit(integers: bool, cases: u64) {
    let dead = *PIPELINE.iter().find(|pass| pass.name == "dead-channels").unwrap();
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
        let (expected, _) = results(build(), &others(), seed);
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
    keeps_every_bit(true, 60);
}

#[test]
fn floats_keep_every_bit() {
    keeps_every_bit(false, 60);
}

/// Half of this model's channels are dead. The floats keep some for the order of their sums.
#[test]
fn a_real_model_keeps_every_bit() {
    let zoo = std::env::var_os("EDGEC_ZOO").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/zoo"),
        PathBuf::from,
    );
    for (name, least) in [("vww_mobilenetv1_int8", 3_730_000), ("vww_mobilenetv1_fp32", 3_790_000)] {
        let path = zoo.join(format!("mlperf_tiny/{name}.onnx"));
        if !path.exists() {
            eprintln!("skipped: there is no {}", path.display());
            return;
        }
        let model = edgec::Compiler::new(&path).load().unwrap();
        let graph = || import(&model, name, &Dimensions::default()).unwrap().graph;
        for seed in 0..3 {
            let (expected, macs) = results(graph(), &others(), seed);
            let (found, fewer) = results(graph(), PIPELINE, seed);
            assert_eq!(bits(&found), bits(&expected), "{name}");
            assert_eq!(macs, 7_489_664);
            assert!((least..least + 20_000).contains(&fewer), "{name}: {fewer}");
        }
    }
}
