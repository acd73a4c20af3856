//! Quantization of small graphs: where conversions are put, what is refused, and how close results stay.

use edgec::ir::primitives::{
    BIAS, Binary, BinaryOp, Concat, Conv, Direction, Gemm, Layout, Map, Pool, PoolKind, QlinearRecurrence, Recurrence,
    RecurrentCell, Reshape, Resize, Softmax, Window,
};
use edgec::ir::{DType, Graph, Tensor, TensorType, ValueId, verify};
use edgec::middle::passes::{PIPELINE, run};
use edgec::middle::quantize::{
    Goal, Io, MaxLoss, Method, QuantizeOptions, Quantized, Rounding, Scheme, Watch, equalize, quantize,
};
use edgec::tools::eval::{Classes, Noise};
use edgec::{Error, ir::Operator};
use runtime_core::function::{Exp, Identity, Relu, Sigmoid, Tanh};
use runtime_core::kernels::{Lstm, Rnn};

/// Numbers between -1 and 1 from a fixed sequence.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.0 >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn tensor(&mut self, shape: &[usize]) -> Tensor {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| self.next()).collect();
        Tensor::f32(shape, &values)
    }
}

struct Build {
    graph: Graph,
    random: Random,
}

impl Build {
    fn new() -> Self {
        Self {
            graph: Graph::new("g"),
            random: Random(1),
        }
    }

    fn x(&mut self, shape: &[usize]) -> ValueId {
        self.graph.add_input("x", TensorType::new(DType::F32, shape))
    }

    fn op(&mut self, name: &str, operator: impl Operator + 'static, inputs: &[ValueId]) -> ValueId {
        self.graph
            .add_op(name, operator, inputs, &[name.to_uppercase()])
            .unwrap()
    }

    fn weights(&mut self, name: &str, shape: &[usize]) -> ValueId {
        let tensor = self.random.tensor(shape);
        self.graph.add_constant(name, tensor)
    }

    fn conv(&mut self, name: &str, x: ValueId, oc: usize) -> ValueId {
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

    fn gemm(&mut self, name: &str, x: ValueId, n: usize) -> ValueId {
        let k = *self.graph.ty(x).shape.last().unwrap();
        let w = self.weights(&format!("{name}_w"), &[k, n]);
        let gemm = Gemm {
            activation: Identity.into(),
        };
        self.op(name, gemm, &[x, w])
    }

    /// A recurrent layer of 16 units over the rows of `x`, whose weights reach up to `size`; gives its last states.
    fn recurrent(&mut self, name: &str, x: ValueId, cell: RecurrentCell, size: f32) -> ValueId {
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
            clip: f32::INFINITY,
            directions: vec![Direction { reverse: false, cell }],
        };
        let operands = [gates, first, lengths, weights].map(Some);
        let node = self.graph.add(name, layer, &operands, &[]).unwrap();
        let last = self.graph.node(node).outputs[1];
        self.op(&format!("{name}_last"), Reshape { shape: vec![1, 16] }, &[last])
    }

    fn relu(&mut self, name: &str, x: ValueId) -> ValueId {
        self.op(name, Map { function: Relu.into() }, &[x])
    }

    fn done(mut self, y: ValueId) -> Graph {
        self.graph.add_output("y", y);
        self.graph
    }
}

fn window(size: usize, stride: usize, pad: usize) -> Window {
    Window {
        kernel: vec![size; 2],
        strides: vec![stride; 2],
        dilations: vec![1; 2],
        pads: vec![pad; 4],
    }
}

/// Convolution, limit, pool, product: what a small classifier is made of.
fn classifier() -> Graph {
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
fn recurrent() -> Graph {
    let mut b = Build::new();
    let x = b.x(&[6, 4]);
    let lstm = Lstm {
        f: Sigmoid.into(),
        g: Tanh.into(),
        h: Tanh.into(),
        peephole: false,
        input_forget: false,
    };
    let fine = b.recurrent("fine", x, RecurrentCell::Lstm(lstm), 0.1);
    let coarse = b.recurrent("coarse", x, RecurrentCell::Rnn(Rnn { f: Tanh.into() }), 1.0);
    let joined = b.op("joined", Concat { axis: 1 }, &[fine, coarse]);
    let y = b.gemm("gemm", joined, 3);
    b.done(y)
}

fn samples(graph: &Graph, count: usize) -> Vec<Vec<Tensor>> {
    let mut random = Random(7);
    let shape = graph.ty(graph.inputs()[0]).shape.clone();
    (0..count).map(|_| vec![random.tensor(&shape)]).collect()
}

fn plain() -> QuantizeOptions {
    QuantizeOptions {
        method: Method::Minmax,
        rounding: Rounding::Nearest,
        equalize: false,
        bias_correction: false,
        ..QuantizeOptions::new("")
    }
}

fn quantised(graph: &Graph, options: &QuantizeOptions, samples: &[Vec<Tensor>]) -> Result<Quantized, Error> {
    to_goal(graph, options, samples, None)
}

fn to_goal(
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
fn decibels(a: &Graph, b: &Graph, samples: &[Vec<Tensor>]) -> f64 {
    let (a, b) = (Watch::new(a, &[]).unwrap(), Watch::new(b, &[]).unwrap());
    let mut noise = Noise::default();
    for sample in samples {
        noise.add_tensor(&a.start().run(sample).0[0], &b.start().run(sample).0[0]);
    }
    noise.decibels()
}

#[test]
fn conversions_are_put_between_layers() {
    let graph = classifier();
    let float = quantised(&graph, &plain(), &samples(&graph, 100)).unwrap();
    insta::assert_snapshot!("floats_outside", float.graph);
    let io = Io::Int8;
    let integers = quantised(&graph, &QuantizeOptions { io, ..plain() }, &samples(&graph, 100)).unwrap();
    insta::assert_snapshot!("integers_outside", integers.graph);
}

#[test]
fn functions_residuals_and_concatenations_share_what_they_can() {
    let mut b = Build::new();
    let x = b.x(&[1, 2, 4, 4]);
    let left = b.conv("left", x, 2);
    let left = b.op(
        "sigmoid",
        Map {
            function: Sigmoid.into(),
        },
        &[left],
    );
    let right = b.conv("right", x, 2);
    let joined = b.op("joined", Concat { axis: 1 }, &[left, right]);
    let again = b.conv("again", joined, 4);
    let sum = b.op("sum", Binary::from(BinaryOp::Add), &[again, joined]);
    let sum = b.relu("limit", sum);
    let half = b.graph.add_constant("half", Tensor::f32(&[], &[0.5]));
    let scaled = b.op("scaled", Binary::from(BinaryOp::Mul), &[sum, half]);
    let exp = b.op("exp", Map { function: Exp.into() }, &[scaled]);
    let odd = b.op("odd", Binary::from(BinaryOp::Div), &[exp, sum]);
    let graph = b.done(odd);
    let got = quantised(&graph, &plain(), &samples(&graph, 100)).unwrap();
    insta::assert_snapshot!("branches", got.graph);
    assert_eq!(
        got.report.float,
        [("odd".to_owned(), "Div has no integer form".to_owned())]
    );
}

#[test]
fn probabilities_reach_from_zero_to_one() {
    let mut b = Build::new();
    let x = b.x(&[1, 8]);
    let scores = b.gemm("scores", x, 4);
    let y = b.op("softmax", Softmax { axis: 1, log: false }, &[scores]);
    let graph = b.done(y);
    let got = quantised(
        &graph,
        &QuantizeOptions {
            io: Io::Int8,
            ..plain()
        },
        &samples(&graph, 100),
    )
    .unwrap();
    assert!(
        got.graph.to_string().contains("scales: [0.003921569], zeros: [-128]"),
        "{}",
        got.graph
    );
}

/// A resize of one axis to twice its elements, each between two that are quantised as one.
fn doubled(b: &mut Build, name: &str, x: ValueId, axis: usize) -> ValueId {
    let size = b.graph.ty(x).shape[axis];
    let indices: Vec<i32> = (0..2 * size)
        .flat_map(|i| [i / 2, (i / 2 + 1).min(size - 1)].map(|i| i as i32))
        .collect();
    let weights: Vec<f32> = (0..2 * size)
        .flat_map(|i| [[0.75, 0.25], [0.25, 0.75]][i % 2])
        .collect();
    let indices = b.graph.add_constant("indices", Tensor::i32(&[2 * size, 2], &indices));
    let weights = b.graph.add_constant("weights", Tensor::f32(&[2 * size, 2], &weights));
    b.op(name, Resize { axis }, &[x, indices, weights])
}

#[test]
fn both_axes_of_a_resize_are_one_operator() {
    let mut b = Build::new();
    let x = b.x(&[1, 2, 4, 4]);
    let conv = b.conv("conv", x, 3);
    let rows = doubled(&mut b, "rows", conv, 2);
    let columns = doubled(&mut b, "columns", rows, 3);
    let y = b.conv("last", columns, 2);
    let graph = b.done(y);
    let samples = samples(&graph, 100);
    let mut got = quantised(&graph, &plain(), &samples).unwrap();
    let noise = decibels(&graph, &got.graph, &samples[..10]);
    assert!(noise > 30.0, "{noise} dB");
    assert!(got.report.float.is_empty(), "{:?}", got.report.float);
    run(&mut got.graph, PIPELINE, &mut |_, _| {}).unwrap();
    let nodes = got.graph.order().into_iter();
    let names: Vec<_> = nodes
        .filter_map(|id| Some(got.graph.node(id).operator()?.name()))
        .collect();
    assert!(
        names.contains(&"QlinearResize") && !names.contains(&"Resize"),
        "{names:?}"
    );
}

/// Its range on the samples would cut it off, and a table of lines misses such a bend.
#[test]
fn a_sigmoid_in_16_bits_has_room_for_all_its_results() {
    let mut b = Build::new();
    let x = b.x(&[1, 2, 6, 6]);
    let conv = b.conv("conv", x, 3);
    let y = b.op(
        "sigmoid",
        Map {
            function: Sigmoid.into(),
        },
        &[conv],
    );
    let graph = b.done(y);
    let mut got = quantised(&graph, &plain(), &samples(&graph, 100)).unwrap();
    let step = format!("scales: [{:?}]", 1.0 / f32::from(i16::MAX));
    assert!(got.graph.to_string().contains(&step), "{}", got.graph);
    run(&mut got.graph, PIPELINE, &mut |_, _| {}).unwrap();
    assert!(got.graph.to_string().contains("Lookup"), "{}", got.graph);
    assert!(got.graph.remarks().is_empty(), "{:?}", got.graph.remarks());
}

#[test]
fn what_run_takes_changes_no_weight() {
    let graph = classifier();
    let samples = samples(&graph, 100);
    let of = |io| {
        let options = QuantizeOptions {
            io,
            rounding: Rounding::Adaptive,
            bias_correction: true,
            ..plain()
        };
        to_goal(&graph, &options, &samples, Some(MaxLoss::Decibels(10.0)))
            .unwrap()
            .graph
    };
    let (outside, inside) = (of(Io::Int8), of(Io::Float));
    assert_eq!(outside.ty(outside.inputs()[0]).dtype, DType::I8);
    let integers = |graph: &Graph| -> Vec<_> {
        let nodes = graph.order().into_iter().flat_map(|id| graph.node(id).outputs.clone());
        let constants = nodes.filter_map(|value| graph.constant(value).cloned());
        constants.filter(|tensor| tensor.dtype != DType::F32).collect()
    };
    assert!(integers(&outside).len() > 2);
    assert_eq!(integers(&outside), integers(&inside));
}

#[test]
fn what_refines_weights_brings_results_closer() {
    let graph = classifier();
    let (calibration, test) = samples(&graph, 220).split_at(200).clone_pair();
    let of = |options: &QuantizeOptions| {
        let got = quantised(&graph, options, &calibration).unwrap();
        decibels(&graph, &got.graph, &test)
    };
    let nearest = of(&plain());
    let adaptive = of(&QuantizeOptions {
        rounding: Rounding::Adaptive,
        bias_correction: true,
        ..plain()
    });
    let four = |rounding| {
        of(&QuantizeOptions {
            scheme: Scheme::W4,
            rounding,
            bias_correction: rounding == Rounding::Adaptive,
            ..plain()
        })
    };
    let wide = of(&QuantizeOptions {
        scheme: Scheme::Int16x8,
        ..plain()
    });
    assert!(nearest > 30.0, "{nearest}");
    assert!(adaptive > nearest, "{adaptive} {nearest}");
    assert!(four(Rounding::Adaptive) > four(Rounding::Nearest) + 1.0);
    assert!(wide > nearest, "{wide} {nearest}");
}

trait ClonePair<T> {
    fn clone_pair(self) -> (Vec<T>, Vec<T>);
}

impl<T: Clone> ClonePair<T> for (&[T], &[T]) {
    fn clone_pair(self) -> (Vec<T>, Vec<T>) {
        (self.0.to_vec(), self.1.to_vec())
    }
}

#[test]
fn equalized_graphs_compute_the_same() {
    let mut b = Build::new();
    let x = b.x(&[1, 2, 6, 6]);
    let first = b.conv("first", x, 4);
    let relu = b.relu("relu", first);
    let second = b.conv("second", relu, 3);
    let mut graph = b.done(second);
    // Channels of very different ranges, which the second layer undoes.
    let factor = |channel: usize| 4f32.powi(channel as i32 * 2 - 3);
    for (layer, channel) in [(first, 18), (second, 9)] {
        let node = graph.value(layer).producer;
        let w = graph.node(node).inputs[1].unwrap();
        let (shape, mut values) = (graph.ty(w).shape.clone(), graph.constant(w).unwrap().to_f32().unwrap());
        for (i, w) in values.iter_mut().enumerate() {
            *w *= if layer == first {
                factor(i / channel)
            } else {
                1.0 / factor(i / channel % 4)
            };
        }
        let scaled = graph.add_constant("scaled", Tensor::f32(&shape, &values));
        graph.set_input(node, 1, scaled);
    }
    let node = graph.value(first).producer;
    let zeros = graph.add_constant("zeros", Tensor::f32(&[4], &[0.0; 4]));
    graph.set_input(node, BIAS, zeros);

    let samples = samples(&graph, 100);
    let mut equalized = graph.clone();
    let source = || -> Result<Box<dyn Iterator<Item = _>>, Error> { Ok(Box::new(samples.iter().cloned().map(Ok))) };
    assert_eq!(equalize(&mut equalized, &source, i8::MAX).unwrap(), 1);
    verify(&equalized).unwrap();
    assert!(decibels(&graph, &equalized, &samples) > 120.0);
    let closeness = |equalize| {
        let options = QuantizeOptions { equalize, ..plain() };
        decibels(&graph, &quantised(&graph, &options, &samples).unwrap().graph, &samples)
    };
    assert!(
        closeness(true) > closeness(false),
        "{} {}",
        closeness(true),
        closeness(false)
    );
}

#[test]
fn bounds_are_met_with_more_bits_or_refused() {
    let graph = classifier();
    let samples = samples(&graph, 100);
    let reached = |got: &Quantized| decibels(&graph, &got.graph, &samples);
    let low = quantised(&graph, &plain(), &samples).unwrap();
    let scheme = Scheme::Int16x8;
    let high = quantised(&graph, &QuantizeOptions { scheme, ..plain() }, &samples).unwrap();
    let bound = reached(&low).midpoint(reached(&high));
    assert!(bound > reached(&low) + 0.5, "{bound}");
    let met = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(bound))).unwrap();
    assert!(reached(&met) >= bound);
    assert!(!met.report.raised.is_empty() && met.report.raised.iter().all(|raised| raised.bits == 16));
    let enough = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(10.0))).unwrap();
    assert!(enough.report.raised.is_empty());
    let error = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(150.0))).unwrap_err();
    assert!(error.to_string().contains("with all the bits"), "{error}");
}

/// Names of the recurrent layers in integers.
fn integer_recurrences(graph: &Graph) -> Vec<&str> {
    let nodes = graph.order().into_iter().map(|id| graph.node(id));
    let integers = nodes.filter(|node| node.op::<QlinearRecurrence>().is_some());
    integers.map(|node| &*node.name).collect()
}

#[test]
fn the_loss_of_recurrent_layers_counts() {
    let graph = recurrent();
    let samples = samples(&graph, 100);
    let low = quantised(&graph, &plain(), &samples).unwrap();
    assert_eq!(integer_recurrences(&low.graph).len(), 2);
    let reached = decibels(&graph, &low.graph, &samples);
    let met = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(reached - 0.1))).unwrap();
    assert_eq!(met.report.raised, []);
    assert_eq!(met.report.loss, Some(format!("an SQNR of {reached:.1} dB")));
}

#[test]
fn recurrent_layers_stay_in_floats_where_a_bound_asks_for_it() {
    let graph = recurrent();
    let samples = samples(&graph, 100);
    let scheme = Scheme::Int16x8;
    let wide = quantised(&graph, &QuantizeOptions { scheme, ..plain() }, &samples).unwrap();
    let bound = decibels(&graph, &wide.graph, &samples) + 2.0;
    let met = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(bound))).unwrap();
    assert!(decibels(&graph, &met.graph, &samples) >= bound);
    assert_eq!(integer_recurrences(&met.graph), ["fine"]);
    let raised = &met.report.raised[0];
    assert_eq!((&*raised.what, raised.bits), (&["coarse".to_owned()][..], 32));
    assert_eq!((raised.bytes, raised.macs), (3 * 256, 6 * 256));
    assert!(raised.decibels > 1.0, "{raised:?}");
    assert!(met.report.raised[1..].iter().all(|raised| raised.bits == 16));
    let notes = met.report.notes().join("\n");
    assert!(notes.contains("floats for `coarse`: +"), "{notes}");
    assert!(
        notes.contains("`coarse` stays in floats: in integers it loses more than"),
        "{notes}"
    );
    let error = to_goal(&graph, &plain(), &samples, Some(MaxLoss::Decibels(150.0))).unwrap_err();
    assert!(error.to_string().contains("and recurrent layers in floats"), "{error}");
}

#[test]
fn bounds_in_points_of_accuracy_are_met_with_more_bits() {
    // Many classes with close scores.
    let mut b = Build::new();
    let x = b.x(&[1, 8]);
    let hidden = b.gemm("hidden", x, 16);
    let hidden = b.relu("relu", hidden);
    let y = b.gemm("scores", hidden, 10);
    let graph = b.done(y);
    let samples = samples(&graph, 400);
    let classes = Classes { rows: 1, count: 10 };
    let classify = |graph: &Graph| -> Vec<usize> {
        let watch = Watch::new(graph, &[]).unwrap();
        let mut watching = watch.start();
        let best = |sample: &Vec<Tensor>| classes.best(&watching.run(sample).0[0])[0];
        samples.iter().map(best).collect()
    };
    let labels = classify(&graph);
    let wrong = |graph: &Graph| classify(graph).iter().zip(&labels).filter(|(a, b)| a != b).count();
    let source = || -> Result<Box<dyn Iterator<Item = _>>, Error> { Ok(Box::new(samples.iter().cloned().map(Ok))) };
    let four = QuantizeOptions {
        scheme: Scheme::W4,
        ..plain()
    };
    let within = |bound: &str| {
        let goal = Goal {
            source: &source,
            labels: Some((0, classes, &labels)),
            bound: bound.parse().unwrap(),
        };
        quantize(&graph, &four, &source, Some(&goal), &mut |_, _, _| {})
    };
    let low = quantised(&graph, &four, &samples).unwrap();
    assert!(wrong(&low.graph) > 2, "{}", wrong(&low.graph));
    let met = within("0.5%").unwrap();
    assert!(wrong(&met.graph) <= 2, "{}", wrong(&met.graph));
    assert!(
        met.report.raised.iter().any(|raised| raised.bits == 8),
        "{:?}",
        met.report.raised
    );
    assert!(met.report.loss.unwrap().ends_with("points of accuracy"));
    let enough = within("50%").unwrap();
    assert_eq!(enough.report.raised, []);
}

#[test]
fn bad_samples_are_refused() {
    let graph = classifier();
    let few = quantised(&graph, &plain(), &samples(&graph, 3)).unwrap_err();
    assert!(few.to_string().contains("3 calibration samples"), "{few}");
    for bad in [f32::NAN, f32::INFINITY] {
        let mut samples = samples(&graph, 20);
        samples[17][0] = Tensor::f32(&[1, 2, 6, 6], &[bad; 72]);
        let error = quantised(&graph, &plain(), &samples).unwrap_err().to_string();
        assert!(error.contains("sample 17 of input `x`"), "{error}");
    }
    let mut large = samples(&graph, 20);
    large[4][0] = Tensor::f32(&[1, 2, 6, 6], &[f32::MAX; 72]);
    let error = quantised(&graph, &plain(), &large).unwrap_err().to_string();
    assert!(error.contains("sample 4: ") && error.contains("infinite"), "{error}");
}

#[test]
fn samples_that_say_little_are_remarked() {
    let graph = classifier();
    for value in [0.0, 0.25, 1e-42] {
        let constant = vec![vec![Tensor::f32(&[1, 2, 6, 6], &[value; 72])]; 20];
        let got = quantised(&graph, &QuantizeOptions::new(""), &constant).unwrap();
        let warnings = got.report.warnings.join("\n");
        assert!(warnings.contains("20 calibration samples are few"), "{warnings}");
        assert!(warnings.contains("`x` is "), "{warnings}");
        let watch = Watch::new(&got.graph, &[]).unwrap();
        let (outputs, _) = watch.start().run(&samples(&graph, 1)[0]);
        assert!(outputs[0].to_f32().unwrap().iter().all(|v| v.is_finite()));
    }
}
