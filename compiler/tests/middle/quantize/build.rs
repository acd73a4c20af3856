//! Small float graphs, samples for them, and how far two graphs are apart.

use edgec::ir::primitives::{
    Concat, Conv, Direction, Gemm, Layout, Map, Pool, PoolKind, Recurrence, RecurrentCell, Reshape, Window,
};
use edgec::ir::{DType, Graph, Tensor, TensorType, ValueId, verify};
use edgec::middle::quantize::{Goal, MaxLoss, Method, QuantizeOptions, Quantized, Rounding, Watch, quantize};
use edgec::tools::eval::Noise;
use edgec::{Error, ir::Operator};
use runtime_core::function::{Identity, Relu, Sigmoid, Tanh};
use runtime_core::kernels::{Lstm, Rnn};

/// Numbers between -1 and 1 from a fixed sequence.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    pub(crate) fn tensor(&mut self, shape: &[usize]) -> Tensor {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| self.next()).collect();
        Tensor::f32(shape, &values)
    }
}

pub(crate) struct Build {
    pub(crate) graph: Graph,
    pub(crate) random: Random,
}

impl Build {
    pub(crate) fn new() -> Self {
        Self {
            graph: Graph::new("g"),
            random: Random(1),
        }
    }

    pub(crate) fn x(&mut self, shape: &[usize]) -> ValueId {
        self.graph.add_input("x", TensorType::new(DType::F32, shape))
    }

    pub(crate) fn op(&mut self, name: &str, operator: impl Operator + 'static, inputs: &[ValueId]) -> ValueId {
        self.graph
            .add_op(name, operator, inputs, &[name.to_uppercase()])
            .unwrap()
    }

    pub(crate) fn weights(&mut self, name: &str, shape: &[usize]) -> ValueId {
        let tensor = self.random.tensor(shape);
        self.graph.add_constant(name, tensor)
    }

    pub(crate) fn conv(&mut self, name: &str, x: ValueId, oc: usize) -> ValueId {
        let ic = self.graph.ty(x).shape[1];
        let w = self.weights(&format!("{name}_w"), &[oc, ic, 3, 3]);
        let bias = self.weights(&format!("{name}_b"), &[oc]);
        let conv = Conv {
            window: window(3, 1, 1),
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        self.op(name, conv, &[x, w, bias])
    }

    pub(crate) fn gemm(&mut self, name: &str, x: ValueId, n: usize) -> ValueId {
        let k = *self.graph.ty(x).shape.last().unwrap();
        let w = self.weights(&format!("{name}_w"), &[k, n]);
        let gemm = Gemm {
            activation: Identity.into(),
        };
        self.op(name, gemm, &[x, w])
    }

    /// A recurrent layer of 16 units over the rows of `x`, whose weights reach up to `size`, with sums that are clipped
    /// at `clip`; gives its last states.
    pub(crate) fn recurrent(&mut self, name: &str, x: ValueId, cell: RecurrentCell, size: f32, clip: f32) -> ValueId {
        let steps = self.graph.ty(x).shape[0];
        let columns = if matches!(cell, RecurrentCell::Lstm(_)) { 64 } else { 16 };
        let gates = self.gemm(&format!("{name}_gates"), x, columns);
        let shape = vec![steps, 1, columns];
        let gates = self.op(&format!("{name}_steps"), Reshape { shape }, &[gates]);
        let first = self.graph.add_constant("first", Tensor::f32(&[0], &[]));
        let lengths = self.graph.add_constant("lengths", Tensor::i32(&[1], &[steps as i32]));
        let weights: Vec<f32> = (0..16 * columns).map(|_| size * self.random.next()).collect();
        let weights = self
            .graph
            .add_constant("weights", Tensor::f32(&[16 * columns], &weights));
        let layer = Recurrence {
            hidden: 16,
            batch_first: false,
            clip,
            directions: vec![Direction { reverse: false, cell }],
            packed: false,
        };
        let operands = [gates, first, lengths, weights].map(Some);
        let node = self.graph.add(name, layer, &operands, &[]).unwrap();
        let last = self.graph.node(node).outputs[1];
        self.op(&format!("{name}_last"), Reshape { shape: vec![1, 16] }, &[last])
    }

    pub(crate) fn relu(&mut self, name: &str, x: ValueId) -> ValueId {
        self.op(name, Map { function: Relu.into() }, &[x])
    }

    pub(crate) fn done(mut self, y: ValueId) -> Graph {
        self.graph.add_output("y", y);
        self.graph
    }
}

pub(crate) fn window(size: usize, stride: usize, pad: usize) -> Window {
    Window {
        kernel: vec![size; 2],
        strides: vec![stride; 2],
        dilations: vec![1; 2],
        pads: vec![pad; 4],
    }
}

/// Convolution, limit, pool, product: what a small classifier is made of.
pub(crate) fn classifier() -> Graph {
    let mut b = Build::new();
    let x = b.x(&[1, 2, 6, 6]);
    let conv = b.conv("conv", x, 4);
    let relu = b.relu("relu", conv);
    let pool = Pool {
        kind: PoolKind::Max,
        window: window(2, 2, 0),
        ceil_mode: false,
        layout: Layout::ChannelsFirst,
    };
    let pool = b.op("pool", pool, &[relu]);
    let flat = b.op("flat", Reshape { shape: vec![1, 36] }, &[pool]);
    let y = b.gemm("gemm", flat, 3);
    b.done(y)
}

/// Two recurrent layers side by side. The weights of `coarse` are so large that their rounding is seen.
pub(crate) fn recurrent() -> Graph {
    recurrent_clipped_at(f32::INFINITY)
}

/// The same with the sums of `coarse` clipped, which integers do not do unless the limit is infinite.
pub(crate) fn recurrent_clipped_at(clip: f32) -> Graph {
    let mut b = Build::new();
    let x = b.x(&[6, 4]);
    let lstm = Lstm {
        f: Sigmoid.into(),
        g: Tanh.into(),
        h: Tanh.into(),
        peephole: false,
        input_forget: false,
    };
    let fine = b.recurrent("fine", x, RecurrentCell::Lstm(lstm), 0.1, f32::INFINITY);
    let rnn = Rnn { f: Tanh.into() };
    let coarse = b.recurrent("coarse", x, RecurrentCell::Rnn(rnn), 1.0, clip);
    let joined = b.op("joined", Concat { axis: 1 }, &[fine, coarse]);
    let y = b.gemm("gemm", joined, 3);
    b.done(y)
}

pub(crate) fn samples(graph: &Graph, count: usize) -> Vec<Vec<Tensor>> {
    let mut random = Random(7);
    let shape = graph.ty(graph.inputs()[0]).shape.clone();
    (0..count).map(|_| vec![random.tensor(&shape)]).collect()
}

pub(crate) fn plain() -> QuantizeOptions {
    QuantizeOptions {
        method: Method::Minmax,
        rounding: Rounding::Nearest,
        equalize: false,
        bias_correction: false,
        ..QuantizeOptions::new("")
    }
}

pub(crate) fn quantised(graph: &Graph, options: &QuantizeOptions, samples: &[Vec<Tensor>]) -> Result<Quantized, Error> {
    to_goal(graph, options, samples, None)
}

pub(crate) fn to_goal(
    graph: &Graph,
    options: &QuantizeOptions,
    samples: &[Vec<Tensor>],
    bound: Option<MaxLoss>,
) -> Result<Quantized, Error> {
    let source = || -> Result<Box<dyn Iterator<Item = _>>, Error> { Ok(Box::new(samples.iter().cloned().map(Ok))) };
    let goal = bound.map(|bound| Goal {
        source: &source,
        labels: None,
        bound,
    });
    let quantised = quantize(graph, options, &source, goal.as_ref(), &mut |_, _, _| {})?;
    verify(&quantised.graph).unwrap();
    Ok(quantised)
}

/// How far the first outputs of graphs with floats as inputs and outputs are apart.
pub(crate) fn decibels(a: &Graph, b: &Graph, samples: &[Vec<Tensor>]) -> f64 {
    let (a, b) = (Watch::new(a, &[]).unwrap(), Watch::new(b, &[]).unwrap());
    let mut noise = Noise::default();
    for sample in samples {
        noise.add_tensor(&a.start().run(sample).0[0], &b.start().run(sample).0[0]);
    }
    noise.decibels()
}
