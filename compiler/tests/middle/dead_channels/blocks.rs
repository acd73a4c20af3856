//! Random layers, and what stands between them.

use super::graphs::Random;
use edgec::ir::primitives::{
    Binary, BinaryOp, Concat, Conv, Gemm, Layout, Lookup, Map, Pool, PoolKind, QlinearAveragePool, QlinearBinary,
    QlinearResize, Quantization, RequantizeLinear, ResizedAxis, Slice, Window,
};
use edgec::ir::{DType, Tensor, ValueId};
use runtime_core::function::Relu;

impl Random {
    pub(crate) fn conv(&mut self, x: ValueId, outputs: Option<usize>) -> ValueId {
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

    pub(crate) fn gemm(&mut self, x: ValueId, n: usize) -> ValueId {
        let k = *self.graph.ty(x).shape.last().unwrap();
        let (numbers, dead) = self.matrix(n, k, 1);
        let transposed: Vec<f64> = (0..k * n).map(|i| numbers[i % n * k + i / n]).collect();
        let w_type = if self.integers { DType::I8 } else { DType::F32 };
        let w = self.constant(w_type, &[k, n], &transposed);
        let (rest, activation) = self.end(&dead, k);
        self.op(Gemm { activation }, &[&[x, w], &rest[..]].concat())
    }

    pub(crate) fn block(&mut self, x: ValueId) -> ValueId {
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
    pub(crate) fn quantization(&mut self) -> Quantization {
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
}
