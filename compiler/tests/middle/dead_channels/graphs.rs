//! Random graphs under construction: numbers, weights with dead rows and columns, and the whole.

use edgec::ir::primitives::{Activation, Reduce, ReduceOp, Reshape};
use edgec::ir::{DType, Graph, Operator, Tensor, TensorType, ValueId, verify};
use runtime_core::function::{Clip, Identity, Relu};
use runtime_core::requantize::Requantize;

/// A graph under construction, and the random numbers that decide what it is.
pub(crate) struct Random {
    pub(crate) graph: Graph,
    pub(crate) state: u64,
    pub(crate) integers: bool,
    /// Zero point of the value that the next layer reads.
    pub(crate) outside: i32,
}

impl Random {
    pub(crate) fn new(seed: u64, integers: bool) -> Self {
        Self {
            graph: Graph::new("random"),
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            integers,
            outside: 0,
        }
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.state = self
            .state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.state >> 33) as usize % limit
    }

    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn dtype(&self) -> DType {
        if self.integers { DType::I8 } else { DType::F32 }
    }

    /// Numbers of an activation or of weights.
    pub(crate) fn number(&mut self) -> f64 {
        let byte = self.below(255) as f64 - 127.0;
        if self.integers { byte } else { byte / 61.0 }
    }

    pub(crate) fn tensor(dtype: DType, shape: &[usize], numbers: &[f64]) -> Tensor {
        let bytes = numbers.iter().flat_map(|n| Tensor::scalar(dtype, *n).bytes.to_vec());
        Tensor::new(dtype, shape.to_vec(), bytes.collect())
    }

    pub(crate) fn op(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> ValueId {
        let name = format!("n{}", self.graph.len());
        self.graph.add_op(name, operator, inputs, &[]).unwrap()
    }

    pub(crate) fn constant(&mut self, dtype: DType, shape: &[usize], numbers: &[f64]) -> ValueId {
        self.graph.add_constant("c", Self::tensor(dtype, shape, numbers))
    }

    /// Weights of `outputs` by `inputs` by `taps` with dead rows and columns, in the order of a convolution.
    pub(crate) fn matrix(&mut self, outputs: usize, inputs: usize, taps: usize) -> (Vec<f64>, Vec<bool>) {
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
    pub(crate) fn end(&mut self, dead: &[bool], terms: usize) -> (Vec<ValueId>, Activation) {
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
}

impl Random {
    /// A few layers on an image, and sometimes a classifier.
    pub(crate) fn build(seed: u64, integers: bool) -> Graph {
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
