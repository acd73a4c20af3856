//! Random operators on these operands.

use super::operands::Random;
use edgec::ir::primitives::{
    Activation, Binary, BinaryOp, Concat, Conv, ConvTranspose, Expand, Gather, Gemm, Layout, MatMul, Pad, PadMode,
    Pool, PoolKind, Quantization, Reduce, ReduceOp, Reshape, Resize, ScaleShift, Slice, Softmax, Tile, Transpose,
};
use edgec::ir::{DType, Tensor, ValueId};
use runtime_core::function::{Clip, Exp, Identity, LeakyRelu, Sigmoid, Tanh};

impl Random {
    /// What moves or chooses elements.
    pub(crate) fn moved(&mut self, x: ValueId) -> ValueId {
        let shape = self.shape(x);
        let axis = self.below(shape.len());
        let size = shape[axis];
        match self.below(9) {
            0 => {
                let mut perm: Vec<usize> = (0..shape.len()).collect();
                perm.swap(axis, 0);
                self.build.add(Transpose { perm }, &[x])
            }
            1 => {
                let (start, len) = (self.below(size), 1 + self.below(size));
                let slice = Slice::along(&shape, axis, start, len.min(size - start));
                self.build.add(slice, &[x])
            }
            2 => {
                let indices: Vec<i32> = (0..1 + self.below(4)).map(|_| self.below(size) as i32).collect();
                let indices = Tensor::i32(&[indices.len()], &indices);
                let indices = self.build.graph.add_constant("indices", indices);
                self.build.add(Gather { axis }, &[x, indices])
            }
            3 => {
                let mode = self.one_of(&[PadMode::Edge, PadMode::Reflect]);
                let mut pad = Pad {
                    begins: vec![0; shape.len()],
                    ends: vec![0; shape.len()],
                    mode,
                };
                (pad.begins[axis], pad.ends[axis]) = (self.below(size.min(3)), self.below(size.min(3)));
                self.build.add(pad, &[x])
            }
            4 => self.build.add(Concat { axis }, &[x, x]),
            5 => {
                let mut repeats = vec![1; shape.len()];
                repeats[axis] = 2;
                self.build.add(Tile { repeats }, &[x])
            }
            6 => {
                let op = self.one_of(&[ReduceOp::Max, ReduceOp::Min]);
                self.build.add(Reduce { op, axes: vec![axis] }, &[x])
            }
            7 => {
                let mut longer = vec![2];
                longer.extend(&shape);
                let y = self.build.add(Expand { shape: longer.clone() }, &[x]);
                longer.splice(..2, [2 * shape[0]]);
                self.build.add(Reshape { shape: longer }, &[y])
            }
            _ if shape.len() == 4 => {
                let window = self.window(&shape[2..]);
                let pool = Pool {
                    kind: PoolKind::Max,
                    window,
                    ceil_mode: self.chance(50),
                    layout: Layout::ChannelsFirst,
                };
                self.build.add(pool, &[x])
            }
            _ => x,
        }
    }

    /// A convolution over all axes behind the second.
    pub(crate) fn conv(&mut self, x: ValueId) -> ValueId {
        let shape = self.shape(x);
        let (channels, window) = (shape[1], self.window(&shape[2..]));
        let groups = if self.chance(30) { channels } else { 1 };
        let oc = groups * (1 + self.below(5));
        let transposed = self.chance(30);
        let mut of = match transposed {
            true => vec![channels, oc / groups],
            false => vec![oc, channels / groups],
        };
        of.extend(&window.kernel);
        // A transposed convolution in groups has its output channels in groups along the second axis.
        let axis = usize::from(transposed && groups == 1);
        let w = match transposed && groups > 1 {
            true => {
                let scale = self.between(1e-3, 0.1);
                self.build.constant(&of, Quantization::uniform(DType::I8, scale, 0))
            }
            false => self.weights(&of, axis),
        };
        let mut operands = vec![x, w];
        if self.chance(60) {
            operands.push(self.floats(oc, 3.0));
        }
        let (layout, activation) = (Layout::ChannelsFirst, Activation::from(Identity));
        if transposed {
            let output_padding = vec![0; window.kernel.len()];
            let conv = ConvTranspose {
                window,
                output_padding,
                groups,
                layout,
                activation,
            };
            return self.build.add(conv, &operands);
        }
        let conv = Conv {
            window,
            groups,
            layout,
            activation,
        };
        self.build.add(conv, &operands)
    }

    /// A product of the last axis with weights.
    pub(crate) fn product(&mut self, x: ValueId) -> ValueId {
        let shape = self.shape(x);
        let (k, n) = (shape[shape.len() - 1], 1 + self.below(20));
        let w = self.weights(&[k, n], 1);
        if self.chance(50) {
            return self.build.add(MatMul, &[x, w]);
        }
        let rows = vec![shape.iter().product::<usize>() / k.max(1), k];
        let x = self.build.add(Reshape { shape: rows }, &[x]);
        let bias = self.floats(n, 3.0);
        let activation = Activation::from(Identity);
        self.build.add(Gemm { activation }, &[x, w, bias])
    }

    /// One or two axes at places of fixed or of running distance.
    pub(crate) fn resized(&mut self, mut x: ValueId) -> ValueId {
        for _ in 0..1 + self.below(2) {
            let axis = self.below(self.shape(x).len());
            let (input, output) = (self.shape(x)[axis], 1 + self.below(7));
            let (mut indices, mut weights) = (vec![], vec![]);
            for _ in 0..output {
                let (place, part) = (self.below(input), self.below(8) as f32 / 7.0);
                indices.extend([place as i32, (place + 1).min(input - 1) as i32]);
                weights.extend([1.0 - part, part]);
            }
            let shape = [output, 2];
            let indices = self.build.graph.add_constant("indices", Tensor::i32(&shape, &indices));
            let weights = self.build.graph.add_constant("weights", Tensor::f32(&shape, &weights));
            x = self.build.add(Resize { axis }, &[x, indices, weights]);
        }
        x
    }

    /// A function of each element.
    pub(crate) fn function(&mut self, x: ValueId, dtype: DType) -> ValueId {
        self.curves = dtype.size() == 2;
        match self.below(4) {
            0 => self.build.map(Sigmoid, x),
            1 => self.build.map(Tanh, x),
            2 => self.build.map(LeakyRelu { alpha: 0.1 }, x),
            _ => {
                let limited = Clip { min: -4.0, max: 4.0 };
                let x = self.build.map(limited, x);
                self.build.map(Exp, x)
            }
        }
    }

    /// An operator that computes other numbers than it reads.
    pub(crate) fn computed(&mut self, x: ValueId, dtype: DType) -> ValueId {
        let shape = self.shape(x);
        let axis = self.below(shape.len());
        let binary = self.one_of(&[BinaryOp::Add, BinaryOp::Sub, BinaryOp::Mul]);
        match self.below(10) {
            0 | 1 if shape.len() > 2 => self.conv(x),
            2 => self.product(x),
            3 => {
                let mut other = shape.clone();
                if self.chance(40) {
                    other[axis] = 1;
                }
                let other = self.input(&other, dtype);
                let pair = if self.chance(50) { [x, other] } else { [other, x] };
                self.build.add(Binary::from(binary), &pair)
            }
            4 if shape.len() > 2 => {
                let n = 1 + self.below(9);
                let mut other = shape.clone();
                other.splice(shape.len() - 2.., [shape[shape.len() - 1], n]);
                let other = self.input(&other, dtype);
                self.build.add(MatMul, &[x, other])
            }
            5 => {
                let op = self.one_of(&[ReduceOp::Mean, ReduceOp::Sum]);
                let mut axes = vec![axis];
                if axis + 1 < shape.len() && self.chance(50) {
                    axes.push(axis + 1);
                }
                self.build.add(Reduce { op, axes }, &[x])
            }
            6 if shape.len() == 4 => {
                let window = self.window(&shape[2..]);
                let count_include_pad = self.chance(50);
                let pool = Pool {
                    kind: PoolKind::Average { count_include_pad },
                    window,
                    ceil_mode: self.chance(50),
                    layout: Layout::ChannelsFirst,
                };
                self.build.add(pool, &[x])
            }
            7 => {
                let log = self.chance(30);
                self.build.add(Softmax { axis, log }, &[x])
            }
            8 => {
                let (factors, offsets) = (self.floats(shape[axis], 2.0), self.floats(shape[axis], 3.0));
                let activation = Identity.into();
                self.build.add(ScaleShift { axis, activation }, &[x, factors, offsets])
            }
            9 => self.resized(x),
            _ => self.function(x, dtype),
        }
    }
}
