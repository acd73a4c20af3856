//! Small float graphs, and what quantization makes of them.

use edgec::Error;
use edgec::ir::primitives::{Binary, BinaryOp, Concat, Conv, Gemm, Layout, Map, Slice, Window};
use edgec::ir::{DType, Graph, Operator, Tensor, TensorType, ValueId, verify};
use edgec::middle::passes::{AFTER_QUANTIZATION, BEFORE_QUANTIZATION, QUANTIZATION, run};
use edgec::middle::quantize::{Goal, MaxLoss, QuantizeOptions, Quantized, Report, Watch, quantize};
use edgec::tools::eval::Noise;
use runtime_core::function::{AnyFunction, Identity};

/// Numbers from a fixed sequence.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    /// Between -1 and 1.
    pub(crate) fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        ((self.next() + 1.0) / 2.0 * end as f32) as usize % end.max(1)
    }

    pub(crate) fn tensor(&mut self, shape: &[usize], size: f32) -> Tensor {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| size * self.next()).collect();
        Tensor::f32(shape, &values)
    }
}

/// A graph that is being built.
pub(crate) struct Build {
    pub(crate) graph: Graph,
    pub(crate) random: Random,
}

impl Build {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            graph: Graph::new("g"),
            random: Random(seed),
        }
    }

    pub(crate) fn x(&mut self, name: &str, shape: &[usize]) -> ValueId {
        self.graph.add_input(name, TensorType::new(DType::F32, shape))
    }

    pub(crate) fn op(&mut self, operator: impl Operator + 'static, inputs: &[ValueId]) -> ValueId {
        let name = format!("{}_{}", operator.name().to_lowercase(), self.graph.len());
        self.graph.add_op(name, operator, inputs, &[]).unwrap()
    }

    pub(crate) fn shape(&self, value: ValueId) -> Vec<usize> {
        self.graph.ty(value).shape.clone()
    }

    pub(crate) fn constant(&mut self, shape: &[usize], values: &[f32]) -> ValueId {
        self.graph.add_constant("constant", Tensor::f32(shape, values))
    }

    pub(crate) fn map(&mut self, function: impl Into<AnyFunction>, x: ValueId) -> ValueId {
        let function = function.into();
        self.op(Map { function }, &[x])
    }

    pub(crate) fn binary(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> ValueId {
        self.op(Binary::from(op), &[a, b])
    }

    /// `x` times a number.
    pub(crate) fn times(&mut self, x: ValueId, number: f32) -> ValueId {
        let number = self.constant(&[], &[number]);
        self.binary(BinaryOp::Mul, x, number)
    }

    pub(crate) fn concat(&mut self, axis: usize, operands: &[ValueId]) -> ValueId {
        self.op(Concat { axis }, operands)
    }

    pub(crate) fn slice(&mut self, x: ValueId, axis: usize, from: usize, to: usize) -> ValueId {
        let shape = self.shape(x);
        self.op(Slice::along(&shape, axis, from, to - from), &[x])
    }

    /// A product with random weights, without a bias.
    pub(crate) fn gemm(&mut self, x: ValueId, n: usize) -> ValueId {
        let k = *self.shape(x).last().unwrap();
        let w = self.random.tensor(&[k, n], 1.0);
        let w = self.graph.add_constant("w", w);
        let activation = Identity.into();
        self.op(Gemm { activation }, &[x, w])
    }

    /// A 3x3 convolution with random weights and a bias.
    pub(crate) fn conv(&mut self, x: ValueId, channels: usize) -> ValueId {
        let ic = self.shape(x)[1];
        let w = self.random.tensor(&[channels, ic, 3, 3], 0.5);
        let bias = self.random.tensor(&[channels], 0.5);
        let (w, bias) = (self.graph.add_constant("w", w), self.graph.add_constant("b", bias));
        let conv = Conv {
            window: Window {
                kernel: vec![3; 2],
                strides: vec![1; 2],
                dilations: vec![1; 2],
                pads: vec![1; 4],
            },
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        self.op(conv, &[x, w, bias])
    }

    /// The graph as it is quantised.
    pub(crate) fn done(mut self, outputs: &[ValueId]) -> Graph {
        for (i, value) in outputs.iter().enumerate() {
            self.graph.add_output(format!("y{i}"), *value);
        }
        run(&mut self.graph, BEFORE_QUANTIZATION, &mut |_, _| {}).unwrap();
        self.graph
    }
}

/// Samples of a graph's inputs, between -`size` and `size`.
pub(crate) fn samples(graph: &Graph, count: usize, size: f32) -> Vec<Vec<Tensor>> {
    let mut random = Random(7);
    let inputs: Vec<_> = graph.inputs().iter().map(|v| graph.ty(*v).shape.clone()).collect();
    let mut sample = || inputs.iter().map(|shape| random.tensor(shape, size)).collect();
    (0..count).map(|_| sample()).collect()
}

/// Quantises a graph.
pub(crate) fn quantised(
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
    let mut got = quantize(graph, options, &source, goal.as_ref(), &mut |_, _, _| {})?;
    verify(&got.graph).unwrap();
    run(&mut got.graph, QUANTIZATION, &mut |_, _| {})?;
    run(&mut got.graph, AFTER_QUANTIZATION, &mut |_, _| {})?;
    Ok(got)
}

/// How far the outputs of two graphs are apart, in decibels.
pub(crate) fn decibels(a: &Graph, b: &Graph, samples: &[Vec<Tensor>]) -> Vec<f64> {
    let (a, b) = (Watch::new(a, &[]).unwrap(), Watch::new(b, &[]).unwrap());
    let (mut a, mut b) = (a.start(), b.start());
    let mut noises: Vec<Noise> = vec![];
    for sample in samples {
        let (wanted, got) = (a.run(sample).0, b.run(sample).0);
        noises.resize(wanted.len(), Noise::default());
        for ((noise, wanted), got) in noises.iter_mut().zip(&wanted).zip(&got) {
            noise.add_tensor(wanted, got);
        }
    }
    noises.iter().map(Noise::decibels).collect()
}

/// What the summary says of a quantised graph, line by line.
pub(crate) fn notes(report: &Report) -> String {
    let lines: Vec<_> = report.remarks().iter().map(ToString::to_string).collect();
    lines.join("\n")
}
