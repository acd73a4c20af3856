//! Random operators between conversions, with what moves elements around them: in integers they are at most a step from what
//! the conversions and the floats between them give. `EDGEC_SEEDS=FROM..TO` runs others than the default ones.

use edgec::ir::primitives::{
    Activation, Binary, BinaryOp, Concat, Conv, ConvTranspose, Expand, Gather, Gemm, Layout, Lookup, MatMul, Pad,
    PadMode, Pool, PoolKind, Quantization, Reduce, ReduceOp, Reshape, Resize, ScaleShift, Slice, Softmax, Tile,
    Transpose, Window,
};
use edgec::ir::{DType, Tensor, ValueId};
use edgec::middle::passes::{PIPELINE, UNFINISHED, run};
use runtime_core::function::{Clip, Exp, Identity, LeakyRelu, Relu, Sigmoid, Tanh};
use std::ops::Range;

mod quantised_graph;
use quantised_graph::{Build, results};

/// Seeds of the graphs that are always tried.
const SEEDS: Range<u64> = 1..400;

/// Steps by which a table between whose entries are lines may be off.
const TABLE_OFF: f64 = 32.0;

/// A graph of random operators.
struct Random {
    build: Build,
    /// Whether a function is computed of 16-bit integers.
    curves: bool,
}

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        let bytes = self.build.bytes(2);
        usize::from(u16::from_le_bytes([bytes[0], bytes[1]])) % limit.max(1)
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn one_of<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    /// A number between the two, as likely in each power of two.
    fn between(&mut self, least: f32, most: f32) -> f32 {
        least * (most / least).powf(self.below(1000) as f32 / 1000.0)
    }

    fn shape(&self, x: ValueId) -> Vec<usize> {
        self.build.graph.ty(x).shape.clone()
    }

    /// An input of the model.
    fn input(&mut self, shape: &[usize], dtype: DType) -> ValueId {
        let (min, max) = Quantization::range(dtype).unwrap();
        let zero = match self.below(4) {
            0 => 0,
            1 => min,
            2 => max,
            _ => min + self.below((max - min) as usize) as i32,
        };
        let zero = zero.clamp(min, max);
        // Floats of 24 bits do not tell large numbers of 16 bits apart.
        let finer = if dtype.size() == 2 { 256.0 } else { 1.0 };
        let scale = self.between(1e-3, 2.0) / finer;
        self.build.input(shape, &Quantization::uniform(dtype, scale, zero))
    }

    fn dtype(&mut self) -> DType {
        self.one_of(&[DType::I8, DType::I8, DType::U8, DType::I16, DType::U16])
    }

    /// Weights with one scale, or one for each of the channels along an axis.
    fn weights(&mut self, shape: &[usize], axis: usize) -> ValueId {
        let scales = if self.chance(50) { 1 } else { shape[axis] };
        let mut from = Quantization::uniform(DType::I8, 1.0, 0);
        from.scales = (0..scales).map(|_| self.between(1e-3, 0.1)).collect();
        from.zeros = vec![0; scales];
        from.axis = axis;
        self.build.constant(shape, from)
    }

    fn floats(&mut self, count: usize, span: f32) -> ValueId {
        let numbers: Vec<f32> = (0..count)
            .map(|_| (self.below(2001) as f32 / 1000.0 - 1.0) * span)
            .collect();
        self.build.graph.add_constant("floats", Tensor::f32(&[count], &numbers))
    }

    fn window(&mut self, image: &[usize]) -> Window {
        let kernel: Vec<usize> = image.iter().map(|size| 1 + self.below((*size).min(3))).collect();
        Window {
            strides: kernel.iter().map(|_| 1 + self.below(2)).collect(),
            dilations: vec![1; kernel.len()],
            pads: kernel.iter().chain(&kernel).map(|k| self.below(*k)).collect(),
            kernel,
        }
    }

    /// What moves or chooses elements.
    fn moved(&mut self, x: ValueId) -> ValueId {
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
    fn conv(&mut self, x: ValueId) -> ValueId {
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
    fn product(&mut self, x: ValueId) -> ValueId {
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
    fn resized(&mut self, mut x: ValueId) -> ValueId {
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
    fn function(&mut self, x: ValueId, dtype: DType) -> ValueId {
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
    fn computed(&mut self, x: ValueId, dtype: DType) -> ValueId {
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

    /// A quantisation of what a value is on a sample, or of more or less.
    fn quantization(&mut self, y: ValueId, dtype: DType, sample: &[Tensor]) -> Quantization {
        let mut graph = self.build.graph.clone();
        graph.add_output("floats", y);
        run(&mut graph, UNFINISHED, &mut |_, _| {}).unwrap();
        let numbers = results(&graph, &[sample.to_vec()])[0][0].to_f64();
        let (least, most) = numbers
            .iter()
            .fold((0.0_f64, 1e-3_f64), |(a, b), v| (a.min(*v), b.max(*v)));
        let (min, max) = Quantization::range(dtype).unwrap();
        let scale = (most - least) / f64::from(max - min) * f64::from(self.between(0.5, 2.0));
        let zero = (f64::from(min) - least / scale).round().clamp(min.into(), max.into());
        Quantization::uniform(dtype, scale as f32, zero as i32)
    }
}

/// Whether the only operator that computes became integers, or why what it gives is wrong.
fn check(seed: u64) -> Result<bool, String> {
    let mut random = Random {
        build: Build::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        curves: false,
    };
    let dtype = random.dtype();
    let rank = 1 + random.below(4);
    let shape: Vec<usize> = (0..rank).map(|_| 1 + random.below(6)).collect();
    let mut y = random.input(&shape, dtype);
    for _ in 0..random.below(3) {
        y = random.moved(y);
    }
    y = random.computed(y, dtype);
    if random.chance(30) {
        y = random.build.map(Relu, y);
    }
    for _ in 0..random.below(3) {
        y = random.moved(y);
    }
    let to = if random.chance(80) { dtype } else { random.dtype() };
    let samples = random.build.samples(3);
    let to = random.quantization(y, to, &samples[0]);
    random.build.output(y, &to);
    let mut graph = random.build.graph;
    let text = graph.to_string();
    let mut as_is = graph.clone();
    run(&mut as_is, UNFINISHED, &mut |_, _| {}).map_err(|e| format!("{e}\n{text}"))?;
    let floats = results(&as_is, &samples);
    run(&mut graph, PIPELINE, &mut |_, _| {}).map_err(|e| format!("{e}\n{text}"))?;
    let integers = results(&graph, &samples);
    let tables = graph
        .order()
        .into_iter()
        .any(|id| graph.node(id).op::<Lookup>().is_some());
    let most = if tables && random.curves { TABLE_OFF } else { 1.0 };
    for (got, wanted) in integers.iter().flatten().zip(floats.iter().flatten()) {
        if got.ty() != wanted.ty() {
            return Err(format!("{} instead of {}\n{text}\n{graph}", got.ty(), wanted.ty()));
        }
        for (got, wanted) in got.to_f64().into_iter().zip(wanted.to_f64()) {
            if (got - wanted).abs() > most {
                return Err(format!("{got} for {wanted}\n{text}\n{graph}"));
            }
        }
    }
    Ok(graph.remarks().is_empty())
}

#[test]
fn operators_between_conversions_are_a_step_off_at_most() {
    let seeds = std::env::var("EDGEC_SEEDS").ok().map(|seeds| {
        let (from, to) = seeds.split_once("..").expect("FROM..TO");
        from.parse().expect("a number")..to.parse().expect("a number")
    });
    let (mut integers, mut failed) = (0, vec![]);
    let seeds = seeds.unwrap_or(SEEDS);
    for seed in seeds.clone() {
        match check(seed) {
            Ok(converted) => integers += u64::from(converted),
            Err(error) => failed.push(format!("seed {seed}: {error}")),
        }
    }
    let all = seeds.end - seeds.start;
    println!("{integers} of {all} graphs are integers throughout");
    assert!(failed.is_empty(), "{} graphs fail\n{}", failed.len(), failed.join("\n"));
    assert!(
        4 * integers > 3 * all,
        "{integers} of {all} graphs are integers throughout"
    );
}
