//! Each pass on small graphs: what it makes of one (a snapshot), which ones it must leave alone, and that results stay.

use edgec::back::exec::Executor;
use edgec::back::portable;
use edgec::ir::primitives::{
    Attention, BIAS, Binary, BinaryOp, Cast, Conv, ConvTranspose, DequantizeLinear, Gather, Gemm, Layout, Map, MatMul,
    Pad, PadMode, Pool, PoolKind, Quantization, QuantizeLinear, Reduce, ReduceOp, Reshape, ScaleShift, ScaledGemm,
    Select, Slice, Softmax, Transpose, Window,
};
use edgec::ir::{DType, Graph, Tensor, TensorType, ValueId, verify};
use edgec::middle::passes::{PIPELINE, Pass, REQUIRED, run};
use runtime_core::function::{
    AnyFunction, Clip, Erf, Exp, HardSigmoid, Identity, Reciprocal, Relu, Sigmoid, Sqrt, Square, Tanh,
};

/// A graph under construction.
struct Build {
    graph: Graph,
    seed: u64,
    made: usize,
}

impl Build {
    fn random(&mut self) -> f32 {
        self.seed = self
            .seed
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (self.seed >> 40) as f32 / (1u64 << 23) as f32 - 1.0
    }

    fn x(&mut self, shape: &[usize]) -> ValueId {
        let name = format!("x{}", self.graph.inputs().len());
        self.graph.add_input(name, TensorType::new(DType::F32, shape))
    }

    fn name(&mut self) -> String {
        self.made += 1;
        format!("n{}", self.made)
    }

    fn weights(&mut self, shape: &[usize]) -> ValueId {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| self.random()).collect();
        self.constant(shape, &values)
    }

    fn constant(&mut self, shape: &[usize], values: &[f32]) -> ValueId {
        let name = self.name();
        self.graph.add_constant(name, Tensor::f32(shape, values))
    }

    fn op(&mut self, operator: impl edgec::ir::Operator + 'static, inputs: &[ValueId]) -> ValueId {
        let name = self.name();
        let origin = [name.to_uppercase()];
        self.graph.add_op(name, operator, inputs, &origin).unwrap()
    }

    fn map(&mut self, function: impl Into<AnyFunction>, x: ValueId) -> ValueId {
        self.op(
            Map {
                function: function.into(),
            },
            &[x],
        )
    }

    fn binary(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> ValueId {
        self.op(Binary::from(op), &[a, b])
    }

    /// A convolution with weights `[oc, x.channels / groups, 3, 3]`, padded to keep the extents.
    fn conv(&mut self, x: ValueId, oc: usize, groups: usize) -> ValueId {
        let ic = self.graph.ty(x).shape[1];
        let w = self.weights(&[oc, ic / groups, 3, 3]);
        self.op(
            Conv {
                window: window(3, 1),
                groups,
                layout: Layout::ChannelsFirst,
                activation: Identity.into(),
            },
            &[x, w],
        )
    }

    fn gemm(&mut self, x: ValueId, n: usize) -> ValueId {
        let k = *self.graph.ty(x).shape.last().unwrap();
        let w = self.weights(&[k, n]);
        self.op(
            Gemm {
                activation: Identity.into(),
            },
            &[x, w],
        )
    }

    fn pool(&mut self, kind: PoolKind, x: ValueId) -> ValueId {
        self.op(
            Pool {
                kind,
                window: window(2, 0),
                ceil_mode: false,
                layout: Layout::ChannelsFirst,
            },
            &[x],
        )
    }

    /// Pads both spatial axes of an image by `by`.
    fn pad(&mut self, x: ValueId, by: usize, filler: f32) -> ValueId {
        let filler = self.constant(&[], &[filler]);
        let pads = vec![0, 0, by, by];
        self.op(
            Pad {
                begins: pads.clone(),
                ends: pads,
                mode: PadMode::Constant,
            },
            &[x, filler],
        )
    }

    fn output(&mut self, value: ValueId) {
        let name = format!("y{}", self.graph.outputs().len());
        self.graph.add_output(name, value);
    }
}

fn window(kernel: usize, pad: usize) -> Window {
    Window {
        kernel: vec![kernel; 2],
        strides: vec![1; 2],
        dilations: vec![1; 2],
        pads: vec![pad; 4],
    }
}

fn build(make: &dyn Fn(&mut Build)) -> Graph {
    let mut build = Build {
        graph: Graph::new("test"),
        seed: 1,
        made: 0,
    };
    make(&mut build);
    verify(&build.graph).unwrap();
    build.graph
}

fn pass(name: &str) -> Pass {
    *PIPELINE
        .iter()
        .find(|pass| pass.name == name)
        .unwrap_or_else(|| panic!("no pass `{name}`"))
}

/// The outputs after these passes, for random inputs.
fn results(graph: Graph, passes: &[Pass]) -> Vec<Tensor> {
    results_of(graph, passes, 7, |random| 3.0 * random)
}

/// The outputs after these passes, for inputs made of random numbers between -1 and 1.
fn results_of(mut graph: Graph, passes: &[Pass], seed: u64, number: impl Fn(f32) -> f32) -> Vec<Tensor> {
    run(&mut graph, passes, &mut |_, _| {}).unwrap();
    let mut random = Build {
        graph: Graph::default(),
        seed,
        made: 0,
    };
    let mut tensor = |ty: &TensorType| {
        let values: Vec<f32> = (0..ty.len()).map(|_| number(random.random())).collect();
        Tensor::f32(&ty.shape, &values)
    };
    let inputs: Vec<_> = graph.inputs().iter().map(|v| tensor(graph.ty(*v))).collect();
    let (program, plan) = portable(&graph).unwrap();
    Executor::new(&program, &plan).run(&inputs)
}

/// Neither the pass alone nor the whole pipeline changes what the graph computes, except for the order of sums.
fn keeps_results(pass: Pass, make: &dyn Fn(&mut Build)) {
    let expected = results(build(make), REQUIRED);
    let alone = [&[pass], REQUIRED].concat();
    for (what, passes) in [(pass.name, &alone[..]), ("the pipeline", PIPELINE)] {
        let found = results(build(make), passes);
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.ty(), expected.ty(), "{what}");
            let (found, expected) = (found.to_f64(), expected.to_f64());
            let scale = expected
                .iter()
                .filter(|v| v.is_finite())
                .fold(1.0, |most: f64, v| most.max(v.abs()));
            for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
                let near = (a - b).abs() <= 1e-5 * scale || a == b || a.is_nan() && b.is_nan();
                assert!(near, "{what} makes element {i} {a}, it was {b}");
            }
        }
    }
}

/// Numbers at which a pattern may differ from what it is recognised in: where functions saturate, squares and products overflow
/// or vanish, and what is no number.
const EXTREMES: [f32; 16] = [
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
    -0.0,
    0.0,
    1e38,
    -1e38,
    f32::MIN,
    1e20,
    -5e19,
    89.5,
    -104.0,
    1e-40,
    -1e-30,
    3.0,
    -3.0,
];

/// A recognised pattern computes what its pieces do of any input, random ones mixed with extremes.
fn equals_its_pieces(pass: Pass, make: &dyn Fn(&mut Build)) {
    for (seed, share) in (0..200).map(|seed| (seed, [0.02, 0.1, 0.4, 1.0][seed as usize % 4])) {
        let number = |random: f32| {
            let place = (random + 1.0) / 2.0;
            let extreme = EXTREMES.get((place / share * EXTREMES.len() as f32) as usize);
            extreme.copied().unwrap_or(3.0 * random)
        };
        let expected = results_of(build(make), REQUIRED, seed, number);
        let found = results_of(build(make), &[&[pass], REQUIRED].concat(), seed, number);
        for (found, expected) in found.iter().zip(&expected) {
            for (i, (a, b)) in found.to_f64().into_iter().zip(expected.to_f64()).enumerate() {
                let near = (a - b).abs() <= 1e-4 * b.abs() + 1e-5;
                assert!(
                    near || a == b || a.is_nan() && b.is_nan(),
                    "{}, seed {seed}: element {i} is {a}, it was {b}",
                    pass.name
                );
            }
        }
    }
}

/// Snapshots what the pass makes of a graph, which it must change.
#[track_caller]
fn changes(name: &str, make: impl Fn(&mut Build)) {
    let pass = pass(name);
    let mut graph = build(&make);
    let before = graph.to_string();
    run(&mut graph, &[pass], &mut |_, _| {}).unwrap();
    let after = graph.to_string();
    assert_ne!(before, after, "{name} changes nothing");
    keeps_results(pass, &make);
    if ["recognise-activations", "recognise-normalization", "recognise-softmax"].contains(&name) {
        equals_its_pieces(pass, &make);
    }
    insta::assert_snapshot!(name, format!("{before}\n{name}:\n\n{after}"));
}

/// The pass must not change the graph: `why`.
#[track_caller]
fn leaves(name: &str, why: &str, make: impl Fn(&mut Build)) {
    let pass = pass(name);
    let mut graph = build(&make);
    let before = graph.to_string();
    run(&mut graph, &[pass], &mut |_, _| {}).unwrap();
    assert_eq!(before, graph.to_string(), "{name} must not touch it: {why}");
    keeps_results(pass, &make);
}

const IMAGE: [usize; 4] = [1, 4, 5, 6];

#[test]
fn no_ops() {
    changes("no-ops", |b| {
        let x = b.x(&[2, 6]);
        let y = b.op(Reshape { shape: vec![3, 4] }, &[x]);
        let y = b.op(Reshape { shape: vec![4, 3] }, &[y]);
        let y = b.op(Transpose { perm: vec![0, 1] }, &[y]);
        let one = b.constant(&[1], &[1.0]);
        let y = b.binary(BinaryOp::Mul, y, one);
        let y = b.map(Identity, y);
        let y = b.op(Slice::along(&[4, 3], 0, 0, 4), &[y]);
        let closed = b
            .graph
            .add_constant("closed", Tensor::new(DType::Bool, vec![3], vec![0; 3]));
        let y = b.op(Select, &[closed, one, y]);
        let y = b.map(Relu, y);
        b.output(y);
    });
    leaves(
        "no-ops",
        "a slice that runs backwards has the type of its operand",
        |b| {
            let x = b.x(&[4]);
            let y = b.op(
                Slice {
                    starts: vec![3],
                    steps: vec![-1],
                    lens: vec![4],
                },
                &[x],
            );
            b.output(y);
        },
    );
    leaves("no-ops", "the ones change the shape, or are divided", |b| {
        let x = b.x(&[4]);
        let ones = b.constant(&[1, 1], &[1.0]);
        let y = b.binary(BinaryOp::Mul, x, ones);
        b.output(y);
        let one = b.constant(&[1], &[1.0]);
        let y = b.binary(BinaryOp::Div, one, x);
        b.output(y);
        let y = b.binary(BinaryOp::Sub, x, one);
        b.output(y);
    });
}

#[test]
fn constant_folding() {
    changes("constant-folding", |b| {
        let x = b.x(&[3]);
        let (two, three) = (b.constant(&[3], &[2.0; 3]), b.constant(&[1], &[3.0]));
        let six = b.binary(BinaryOp::Mul, two, three);
        let root = b.map(runtime_core::function::Sqrt, six);
        let y = b.binary(BinaryOp::Add, x, root);
        b.output(y);
        b.output(six);
    });
    leaves("constant-folding", "the result is much larger than its operands", |b| {
        let x = b.x(&[1]);
        let small = b.constant(&[1], &[2.0]);
        let large = b.op(edgec::ir::primitives::Expand { shape: vec![100, 1000] }, &[small]);
        let y = b.binary(BinaryOp::Add, large, x);
        b.output(y);
    });
}

#[test]
fn a_convolution_of_a_constant_is_folded() {
    let pass = pass("constant-folding");
    let make = |b: &mut Build| {
        let x = b.x(&[1, 2, 5, 6]);
        let image = b.weights(&IMAGE);
        let y = b.conv(image, 2, 1);
        let y = b.binary(BinaryOp::Add, y, x);
        b.output(y);
    };
    let mut graph = build(&make);
    run(&mut graph, &[pass], &mut |_, _| {}).unwrap();
    assert!(!graph.to_string().contains("Conv"), "{graph}");
    keeps_results(pass, &make);
}

#[test]
fn common_subexpressions() {
    changes("common-subexpressions", |b| {
        let x = b.x(&[3]);
        let (one, same) = (b.constant(&[1], &[1.5]), b.constant(&[1], &[1.5]));
        let (p, q) = (b.binary(BinaryOp::Add, x, one), b.binary(BinaryOp::Add, x, same));
        let (p, q) = (b.map(Relu, p), b.map(Relu, q));
        let y = b.binary(BinaryOp::Mul, p, q);
        b.output(y);
        b.output(q);
    });
    leaves(
        "common-subexpressions",
        "attributes, the order of operands or the shapes of constants differ",
        |b| {
            let (x, z) = (b.x(&[3]), b.x(&[3]));
            let (flat, deep) = (b.constant(&[1], &[1.5]), b.constant(&[1, 1], &[1.5]));
            let values = [
                b.binary(BinaryOp::Sub, x, z),
                b.binary(BinaryOp::Sub, z, x),
                b.map(Clip { min: 0.0, max: 1.0 }, x),
                b.map(Clip { min: 0.0, max: 2.0 }, x),
                b.binary(BinaryOp::Add, x, flat),
                b.binary(BinaryOp::Add, x, deep),
            ];
            values.into_iter().for_each(|v| b.output(v));
        },
    );
}

#[test]
fn unused() {
    changes("unused", |b| {
        let (x, _) = (b.x(&[3]), b.x(&[3]));
        let dead = b.map(Relu, x);
        let zero = b.constant(&[], &[0.0]);
        b.binary(BinaryOp::Add, dead, zero);
        let y = b.map(Sigmoid, x);
        b.output(y);
    });
    leaves("unused", "all of it is read, or an input", |b| {
        let (x, _) = (b.x(&[3]), b.x(&[3]));
        let y = b.map(Relu, x);
        b.output(y);
        let z = b.map(Sigmoid, y);
        b.output(z);
        b.output(x);
    });
}

fn gelu(b: &mut Build, x: ValueId, half: &[usize]) -> ValueId {
    let (root, one, half) = (
        b.constant(&[], &[std::f32::consts::SQRT_2]),
        b.constant(&[], &[1.0]),
        b.constant(half, &[0.5]),
    );
    let y = b.binary(BinaryOp::Div, x, root);
    let y = b.map(Erf, y);
    let y = b.binary(BinaryOp::Add, y, one);
    let y = b.binary(BinaryOp::Mul, x, y);
    b.binary(BinaryOp::Mul, y, half)
}

/// With the half on the gate, and the cube as a product.
fn gelu_tanh(b: &mut Build, x: ValueId, cube: f32) -> ValueId {
    let [one, half, slope, cube] = [1.0, 0.5, 0.797_884_6, cube].map(|c| b.constant(&[], &[c]));
    let square = b.map(Square, x);
    let y = b.binary(BinaryOp::Mul, square, cube);
    let y = b.binary(BinaryOp::Mul, x, y);
    let y = b.binary(BinaryOp::Add, x, y);
    let y = b.binary(BinaryOp::Mul, y, slope);
    let y = b.map(Tanh, y);
    let y = b.binary(BinaryOp::Add, one, y);
    let y = b.binary(BinaryOp::Mul, half, y);
    b.binary(BinaryOp::Mul, y, x)
}

fn hard_swish(b: &mut Build, x: ValueId, max: f32) -> ValueId {
    let (three, six) = (b.constant(&[], &[3.0]), b.constant(&[], &[6.0]));
    let y = b.binary(BinaryOp::Add, x, three);
    let y = b.map(Clip { min: 0.0, max }, y);
    let y = b.binary(BinaryOp::Mul, x, y);
    b.binary(BinaryOp::Div, y, six)
}

#[test]
fn recognise_activations() {
    changes("recognise-activations", |b| {
        let x = b.x(&[3]);
        let gate = b.map(Sigmoid, x);
        let y = b.binary(BinaryOp::Mul, gate, x);
        b.output(y);
        let gate = b.map(
            HardSigmoid {
                alpha: 1.0 / 6.0,
                beta: 0.5,
            },
            x,
        );
        let y = b.binary(BinaryOp::Mul, x, gate);
        b.output(y);
        let y = hard_swish(b, x, 6.0);
        b.output(y);
        let y = gelu(b, x, &[1]);
        b.output(y);
        let y = gelu_tanh(b, x, 0.044715);
        b.output(y);
        let alpha = b.constant(&[1], &[1.702]);
        let gate = b.binary(BinaryOp::Mul, alpha, x);
        let gate = b.map(Sigmoid, gate);
        let y = b.binary(BinaryOp::Mul, x, gate);
        b.output(y);
    });
    leaves(
        "recognise-activations",
        "the parts are of other values or have other numbers",
        |b| {
            let (x, z) = (b.x(&[3]), b.x(&[3]));
            let gate = b.map(Sigmoid, x);
            let y = b.binary(BinaryOp::Mul, gate, z);
            b.output(y);
            let y = b.binary(BinaryOp::Div, x, gate);
            b.output(y);
            let gate = b.map(HardSigmoid { alpha: 0.2, beta: 0.5 }, x);
            let y = b.binary(BinaryOp::Mul, x, gate);
            b.output(y);
            let y = hard_swish(b, x, 5.0);
            b.output(y);
            let y = gelu_tanh(b, x, 0.044);
            b.output(y);
            let six = b.constant(&[], &[6.0]);
            let sum = b.binary(BinaryOp::Div, six, x);
            b.output(sum);
        },
    );
    leaves("recognise-activations", "the constant adds a dimension", |b| {
        let x = b.x(&[3]);
        let y = gelu(b, x, &[1, 1]);
        b.output(y);
    });
}

fn mean(b: &mut Build, x: ValueId, axes: &[usize]) -> ValueId {
    let (op, axes) = (ReduceOp::Mean, axes.to_vec());
    b.op(Reduce { op, axes }, &[x])
}

/// `x / sqrt(mean(x^2) + epsilon)` over `axes`.
fn root_mean_square(b: &mut Build, x: ValueId, axes: &[usize]) -> ValueId {
    let square = b.binary(BinaryOp::Mul, x, x);
    let y = mean(b, square, axes);
    let epsilon = b.constant(&[], &[0.01]);
    let y = b.binary(BinaryOp::Add, y, epsilon);
    let y = b.map(Sqrt, y);
    b.binary(BinaryOp::Div, x, y)
}

#[test]
fn recognise_normalization() {
    changes("recognise-normalization", |b| {
        let x = b.x(&[2, 3, 4]);
        let centre = mean(b, x, &[2]);
        let centred = b.binary(BinaryOp::Sub, x, centre);
        let y = root_mean_square(b, centred, &[2]);
        let (scale, bias) = (b.weights(&[4]), b.x(&[1, 4]));
        let y = b.binary(BinaryOp::Mul, y, scale);
        let y = b.binary(BinaryOp::Add, bias, y);
        b.output(y);
        let square = b.map(Square, x);
        let y = mean(b, square, &[1, 2]);
        let epsilon = b.constant(&[], &[0.5]);
        let y = b.binary(BinaryOp::Add, epsilon, y);
        let y = b.map(Sqrt, y);
        let y = b.map(Reciprocal, y);
        let y = b.binary(BinaryOp::Mul, y, x);
        let scale = b.weights(&[3, 4]);
        let y = b.binary(BinaryOp::Mul, scale, y);
        b.output(y);
        let (scale, bias) = (b.weights(&[4]), b.weights(&[4]));
        let centre = mean(b, x, &[2]);
        let centred = b.binary(BinaryOp::Sub, x, centre);
        let square = b.map(Square, centred);
        let y = mean(b, square, &[2]);
        let y = b.binary(BinaryOp::Add, y, epsilon);
        let y = b.map(Sqrt, y);
        let y = b.map(Reciprocal, y);
        let factor = b.binary(BinaryOp::Mul, y, scale);
        let shift = b.binary(BinaryOp::Mul, centre, factor);
        let shift = b.binary(BinaryOp::Sub, bias, shift);
        let y = b.binary(BinaryOp::Mul, x, factor);
        let y = b.binary(BinaryOp::Add, y, shift);
        b.output(y);
    });
    leaves("recognise-normalization", "of other axes, or of another value", |b| {
        let x = b.x(&[2, 3, 4]);
        let y = root_mean_square(b, x, &[1]);
        b.output(y);
        let z = b.x(&[2, 3, 4]);
        let square = b.map(Square, z);
        let y = mean(b, square, &[2]);
        let epsilon = b.constant(&[], &[0.5]);
        let y = b.binary(BinaryOp::Add, epsilon, y);
        let y = b.map(Sqrt, y);
        let y = b.binary(BinaryOp::Div, x, y);
        b.output(y);
    });
}

/// Exponentials of `x`, and their sum along `axis`.
fn powers(b: &mut Build, x: ValueId, axis: usize) -> [ValueId; 2] {
    let powers = b.map(Exp, x);
    let (op, axes) = (ReduceOp::Sum, vec![axis]);
    [powers, b.op(Reduce { op, axes }, &[powers])]
}

/// How far elements are from the greatest along an axis.
fn below_greatest(b: &mut Build, x: ValueId, axis: usize) -> ValueId {
    let (op, axes) = (ReduceOp::Max, vec![axis]);
    let greatest = b.op(Reduce { op, axes }, &[x]);
    b.binary(BinaryOp::Sub, x, greatest)
}

#[test]
fn recognise_softmax() {
    changes("recognise-softmax", |b| {
        let x = b.x(&[2, 3, 4]);
        let shifted = below_greatest(b, x, 2);
        let [y, sum] = powers(b, shifted, 2);
        let y = b.binary(BinaryOp::Div, y, sum);
        b.output(y);
        let shifted = below_greatest(b, x, 1);
        let [y, sum] = powers(b, shifted, 1);
        let sum = b.map(Reciprocal, sum);
        let y = b.binary(BinaryOp::Mul, sum, y);
        b.output(y);
    });
    leaves("recognise-softmax", "exponentials themselves overflow", |b| {
        let x = b.x(&[2, 3, 4]);
        let [y, sum] = powers(b, x, 2);
        let y = b.binary(BinaryOp::Div, y, sum);
        b.output(y);
    });
    leaves(
        "recognise-softmax",
        "the exponentials are wanted, or others are summed",
        |b| {
            let (x, z) = (b.x(&[2, 3]), b.x(&[2, 3]));
            let (x, z) = (below_greatest(b, x, 1), below_greatest(b, z, 1));
            let [y, sum] = powers(b, x, 1);
            b.output(y);
            let y = b.binary(BinaryOp::Div, y, sum);
            b.output(y);
            let [_, sum] = powers(b, z, 1);
            let y = b.map(Exp, x);
            let y = b.binary(BinaryOp::Div, y, sum);
            b.output(y);
        },
    );
}

/// Products of queries and keys, the scores before the softmax.
fn scores(b: &mut Build, q: ValueId, k: ValueId) -> ValueId {
    let rank = b.graph.ty(k).rank();
    let mut perm: Vec<usize> = (0..rank).collect();
    perm.swap(rank - 1, rank - 2);
    let k = b.op(Transpose { perm }, &[k]);
    b.op(MatMul, &[q, k])
}

/// What scores make of values.
fn attended(b: &mut Build, scores: ValueId, v: ValueId) -> ValueId {
    let axis = b.graph.ty(scores).rank() - 1;
    let y = b.op(Softmax { axis, log: false }, &[scores]);
    b.op(MatMul, &[y, v])
}

#[test]
fn recognise_attention() {
    changes("recognise-attention", |b| {
        let (q, k, v) = (b.x(&[2, 3, 5, 4]), b.x(&[2, 3, 7, 4]), b.x(&[2, 3, 7, 6]));
        let (two, mask) = (b.constant(&[], &[2.0]), b.x(&[5, 7]));
        let y = scores(b, q, k);
        let y = b.binary(BinaryOp::Div, y, two);
        let y = b.binary(BinaryOp::Add, mask, y);
        let y = attended(b, y, v);
        b.output(y);
        let q = b.x(&[3, 5, 4]);
        let (k, v) = (b.x(&[3, 6, 4]), b.x(&[3, 6, 4]));
        let half = b.constant(&[1], &[0.5]);
        let (q, k) = (b.binary(BinaryOp::Mul, q, half), b.binary(BinaryOp::Mul, half, k));
        let y = scores(b, q, k);
        let y = attended(b, y, v);
        b.output(y);
        let (x, causal) = (b.x(&[3, 4]), [0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0]);
        let causal = b.constant(
            &[3, 3],
            &causal.map(|later| if later == 0.0 { 0.0 } else { f32::NEG_INFINITY }),
        );
        let y = scores(b, x, x);
        let y = b.binary(BinaryOp::Add, y, causal);
        let y = attended(b, y, x);
        b.output(y);
    });
    leaves(
        "recognise-attention",
        "scores are wanted, or scaled with their mask",
        |b| {
            let (x, mask) = (b.x(&[2, 5, 4]), b.x(&[5, 5]));
            let y = scores(b, x, x);
            b.output(y);
            let y = attended(b, y, x);
            b.output(y);
            let half = b.constant(&[], &[0.5]);
            let y = scores(b, x, x);
            let y = b.binary(BinaryOp::Add, y, mask);
            let y = b.binary(BinaryOp::Mul, y, half);
            let y = attended(b, y, x);
            b.output(y);
        },
    );
}

/// A number in the place of scores, and minus infinity for what may be all of a row, are not what a mask adds.
#[test]
fn masks_that_forget_scores_stay_in_pieces() {
    for (number, replaces) in [
        (-1e9, true),
        (f32::MIN, true),
        (f32::NEG_INFINITY, true),
        (f32::NEG_INFINITY, false),
    ] {
        leaves("recognise-attention", "the mask is not added, or closes rows", |b| {
            let (x, zero, number) = (b.x(&[5, 4]), b.constant(&[], &[0.0]), b.constant(&[], &[number]));
            let open = b.binary(BinaryOp::Greater, x, zero);
            let open = b.op(Slice::along(&[5, 4], 1, 0, 1), &[open]);
            let y = scores(b, x, x);
            let y = if replaces {
                b.op(Select, &[open, y, number])
            } else {
                let mask = b.op(Select, &[open, zero, number]);
                b.binary(BinaryOp::Add, y, mask)
            };
            let y = attended(b, y, x);
            b.output(y);
        });
    }
}

fn attention(b: &mut Build, [q, k, v]: [ValueId; 3]) -> ValueId {
    let attention = Attention {
        scale: 0.5,
        softcap: 0.0,
        first: None,
        last: Some(0),
        tokens_first: [false; 4],
    };
    b.op(attention, &[q, k, v])
}

#[test]
fn attention_layout() {
    let swap = || Transpose { perm: vec![0, 2, 1, 3] };
    changes("attention-layout", |b| {
        let (q, k, v) = (b.x(&[2, 5, 3, 4]), b.x(&[2, 3, 5, 4]), b.x(&[2, 5, 3, 6]));
        let (q, v) = (b.op(swap(), &[q]), b.op(swap(), &[v]));
        let y = attention(b, [q, k, v]);
        let y = b.op(swap(), &[y]);
        b.output(y);
    });
    leaves(
        "attention-layout",
        "other dimensions move, or both orders are wanted",
        |b| {
            let x = b.x(&[2, 5, 4, 3]);
            let x = b.op(Transpose { perm: vec![0, 3, 1, 2] }, &[x]);
            let y = attention(b, [x, x, x]);
            b.output(y);
            let y = b.op(swap(), &[y]);
            b.output(y);
        },
    );
}

#[test]
fn mat_mul_to_gemm() {
    changes("mat-mul-to-gemm", |b| {
        let (x, v) = (b.x(&[2, 3, 4]), b.x(&[4]));
        let w = b.weights(&[4, 5]);
        for x in [x, v] {
            let y = b.op(MatMul, &[x, w]);
            b.output(y);
        }
    });
    leaves(
        "mat-mul-to-gemm",
        "the weights are computed, batched, or on the left",
        |b| {
            let (x, z) = (b.x(&[2, 3, 4]), b.x(&[4, 5]));
            let (batched, left) = (b.weights(&[2, 4, 5]), b.weights(&[5, 3]));
            for (p, q) in [(x, z), (x, batched), (left, x)] {
                let y = b.op(MatMul, &[p, q]);
                b.output(y);
            }
        },
    );
}

#[test]
fn affine_into_weights() {
    changes("affine-into-weights", |b| {
        let x = b.x(&IMAGE);
        // Grouped, with a bias.
        let (w, bias) = (b.weights(&[6, 2, 3, 3]), b.weights(&[6]));
        let conv = Conv {
            window: window(3, 1),
            groups: 2,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let y = b.op(conv, &[x, w, bias]);
        let (scale, shift) = (b.weights(&[6]), b.weights(&[6]));
        let y = b.op(
            ScaleShift {
                axis: 1,
                activation: Identity.into(),
            },
            &[y, scale, shift],
        );
        let c = b.weights(&[1, 6, 1, 1]);
        let y = b.binary(BinaryOp::Sub, c, y);
        let c = b.weights(&[6, 1, 1]);
        let y = b.binary(BinaryOp::Sub, y, c);
        let c = b.weights(&[6, 1, 1]);
        let y = b.binary(BinaryOp::Div, y, c);
        b.output(y);
        // Transposed and grouped: channels are in another place.
        let w = b.weights(&[4, 3, 2, 2]);
        let conv = ConvTranspose {
            window: window(2, 0),
            output_padding: vec![0, 0],
            groups: 2,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let y = b.op(conv, &[x, w]);
        let c = b.weights(&[1, 6, 1, 1]);
        let y = b.binary(BinaryOp::Mul, y, c);
        b.output(y);
        let y = b.gemm(x, 7);
        let c = b.weights(&[7]);
        let y = b.binary(BinaryOp::Mul, c, y);
        b.output(y);
    });
    leaves(
        "affine-into-weights",
        "it is not one number per channel, or not affine",
        |b| {
            let x = b.x(&IMAGE);
            for shape in [&[6][..], &[5, 1], &[2, 1, 1, 1, 1], &[1, 4, 5, 6]] {
                let y = b.conv(x, 4, 1);
                let c = b.weights(shape);
                let y = b.binary(BinaryOp::Mul, y, c);
                b.output(y);
            }
            let y = b.conv(x, 4, 1);
            let c = b.weights(&[4, 1, 1]);
            let y = b.binary(BinaryOp::Div, c, y);
            b.output(y);
            let y = b.conv(x, 4, 1);
            let zeros = b.constant(&[4, 1, 1], &[0.0; 4]);
            let y = b.binary(BinaryOp::Div, y, zeros);
            b.output(y);
        },
    );
    leaves(
        "affine-into-weights",
        "the result is read elsewhere, or is not the convolution's own",
        |b| {
            let x = b.x(&IMAGE);
            let c = b.weights(&[4, 1, 1]);
            let conv = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Mul, conv, c);
            b.output(y);
            b.output(conv);
            let conv = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Mul, conv, conv);
            b.output(y);
            let w = b.weights(&[4, 4, 3, 3]);
            let fused = Conv {
                window: window(3, 1),
                groups: 1,
                layout: Layout::ChannelsFirst,
                activation: Relu.into(),
            };
            let y = b.op(fused, &[x, w]);
            let y = b.binary(BinaryOp::Mul, y, c);
            b.output(y);
        },
    );
    leaves("affine-into-weights", "the bias is computed", |b| {
        let (x, bias) = (b.x(&IMAGE), b.x(&[4]));
        let (w, c) = (b.weights(&[4, 4, 3, 3]), b.weights(&[4, 1, 1]));
        let conv = Conv {
            window: window(3, 1),
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Identity.into(),
        };
        let y = b.op(conv, &[x, w, bias]);
        let y = b.binary(BinaryOp::Mul, y, c);
        b.output(y);
    });
}

#[test]
fn fuse_pad() {
    changes("fuse-pad", |b| {
        let x = b.x(&IMAGE);
        let padded = b.pad(x, 2, 0.0);
        let y = b.conv(padded, 4, 1);
        b.output(y);
        b.output(padded);
        let y = b.pad(x, 3, f32::NEG_INFINITY);
        let y = b.pool(PoolKind::Max, y);
        b.output(y);
    });
    leaves("fuse-pad", "the padding is of other elements, or of other axes", |b| {
        let x = b.x(&IMAGE);
        let y = b.pad(x, 1, 1.0);
        let y = b.conv(y, 4, 1);
        b.output(y);
        let y = b.pad(x, 1, 0.0);
        let y = b.pool(PoolKind::Max, y);
        b.output(y);
        let y = b.pad(x, 1, 0.0);
        let y = b.pool(
            PoolKind::Average {
                count_include_pad: false,
            },
            y,
        );
        b.output(y);
        let zero = b.constant(&[], &[0.0]);
        let (begins, ends) = (vec![0, 2, 0, 0], vec![0, 0, 0, 1]);
        let y = b.op(
            Pad {
                begins: begins.clone(),
                ends,
                mode: PadMode::Constant,
            },
            &[x, zero],
        );
        let y = b.conv(y, 4, 1);
        b.output(y);
        let y = b.op(
            Pad {
                begins: vec![0, 0, 1, 1],
                ends: vec![0; 4],
                mode: PadMode::Edge,
            },
            &[x],
        );
        let y = b.conv(y, 4, 1);
        b.output(y);
    });
}

#[test]
fn fuse_activation() {
    changes("fuse-activation", |b| {
        let x = b.x(&IMAGE);
        let y = b.conv(x, 4, 4);
        let y = b.map(Clip { min: 0.0, max: 6.0 }, y);
        let y = b.gemm(y, 3);
        let y = b.map(Sigmoid, y);
        let z = b.weights(&[3]);
        let y = b.binary(BinaryOp::Sub, z, y);
        let y = b.map(Relu, y);
        b.output(y);
    });
    leaves(
        "fuse-activation",
        "the result is read elsewhere, has an activation, or is a truth value",
        |b| {
            let x = b.x(&IMAGE);
            let y = b.conv(x, 4, 1);
            let z = b.map(Relu, y);
            b.output(z);
            b.output(y);
            let y = b.conv(x, 4, 1);
            let (p, q) = (b.map(Relu, y), b.map(Sigmoid, y));
            let z = b.binary(BinaryOp::Div, p, q);
            b.output(z);
            let y = b.pool(PoolKind::Max, x);
            let z = b.map(Relu, y);
            b.output(z);
            let w = b.weights(&[6, 2]);
            let y = b.op(
                Gemm {
                    activation: Relu.into(),
                },
                &[x, w],
            );
            let z = b.map(Sigmoid, y);
            b.output(z);
        },
    );
}

#[test]
fn fuse_residual() {
    changes("fuse-residual", |b| {
        let x = b.x(&IMAGE);
        let y = b.conv(x, 4, 1);
        let add = Binary {
            op: BinaryOp::Add,
            activation: Relu.into(),
        };
        let y = b.op(add.clone(), &[x, y]);
        // Both could take the other: the later one does.
        let (p, q) = (b.conv(y, 4, 1), b.conv(y, 4, 2));
        let y = b.op(add, &[q, p]);
        b.output(y);
        let y = b.gemm(y, 6);
        let y = b.binary(BinaryOp::Add, y, x);
        b.output(y);
    });
    leaves(
        "fuse-residual",
        "it broadcasts, is read elsewhere, or has an activation before the sum",
        |b| {
            let x = b.x(&IMAGE);
            let row = b.x(&[6]);
            let y = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Add, y, row);
            b.output(y);
            let conv = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Add, conv, x);
            b.output(y);
            b.output(conv);
            let conv = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Add, conv, conv);
            b.output(y);
            let w = b.weights(&[4, 4, 3, 3]);
            let fused = Conv {
                window: window(3, 1),
                groups: 1,
                layout: Layout::ChannelsFirst,
                activation: Relu.into(),
            };
            let y = b.op(fused, &[x, w]);
            let y = b.binary(BinaryOp::Add, y, x);
            b.output(y);
            let y = b.conv(x, 4, 1);
            let y = b.binary(BinaryOp::Sub, x, y);
            b.output(y);
        },
    );
}

#[test]
fn channels_last() {
    changes("channels-last", |b| {
        let x = b.x(&IMAGE);
        let y = b.conv(x, 4, 1);
        let y = b.pool(
            PoolKind::Average {
                count_include_pad: true,
            },
            y,
        );
        b.output(y);
        let (w, bias, residual) = (b.weights(&[4, 4, 3, 3]), b.weights(&[4]), b.x(&IMAGE));
        let conv = Conv {
            window: window(3, 1),
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Relu.into(),
        };
        let y = b.op(conv, &[x, w, bias, residual]);
        b.output(y);
    });
    leaves("channels-last", "it is already, or has no channels", |b| {
        let x = b.x(&[1, 5, 6, 4]);
        let w = b.weights(&[3, 4, 3, 3]);
        let conv = Conv {
            window: window(3, 1),
            groups: 1,
            layout: Layout::ChannelsLast,
            activation: Identity.into(),
        };
        let y = b.op(conv, &[x, w]);
        let y = b.map(Sigmoid, y);
        let y = b.gemm(y, 2);
        b.output(y);
    });
}

#[test]
fn sink_transposes() {
    changes("sink-transposes", |b| {
        let x = b.x(&IMAGE);
        let t = b.op(Transpose { perm: vec![0, 2, 3, 1] }, &[x]);
        let u = b.op(Transpose { perm: vec![0, 2, 3, 1] }, &[x]);
        let t = b.map(Relu, t);
        let c = b.weights(&[4]);
        let y = b.binary(BinaryOp::Mul, t, c);
        let y = b.op(edgec::ir::primitives::Concat { axis: 3 }, &[y, u]);
        let y = b.op(Transpose { perm: vec![0, 3, 1, 2] }, &[y]);
        b.output(y);
    });
    keeps_results(pass("sink-transposes"), &|b| {
        let (none, twice) = (b.x(&[0, 3, 4]), b.constant(&[], &[2.0]));
        let t = b.op(Transpose { perm: vec![0, 2, 1] }, &[none]);
        let y = b.binary(BinaryOp::Mul, t, twice);
        b.output(y);
    });
    leaves(
        "sink-transposes",
        "only one operand is transposed, or the reshape joins what it brought together",
        |b| {
            let (x, z) = (b.x(&[4, 5]), b.x(&[5, 4]));
            let t = b.op(Transpose { perm: vec![1, 0] }, &[x]);
            let y = b.binary(BinaryOp::Add, t, z);
            b.output(y);
            let y = b.op(Reshape { shape: vec![20] }, &[t]);
            b.output(y);
        },
    );
}

#[test]
fn gemm_rows() {
    changes("gemm-rows", |b| {
        let x = b.x(&[2, 3, 4, 5]);
        let y = b.op(Transpose { perm: vec![0, 3, 1, 2] }, &[x]);
        let y = b.op(Reshape { shape: vec![2, 60] }, &[y]);
        let (w, bias) = (b.weights(&[60, 3]), b.weights(&[3]));
        assert_eq!(BIAS, 2);
        let y = b.op(
            Gemm {
                activation: Relu.into(),
            },
            &[y, w, bias],
        );
        b.output(y);
        let x = b.x(&[1, 3, 2]);
        let y = b.op(Transpose { perm: vec![2, 0, 1] }, &[x]);
        let y = b.op(Reshape { shape: vec![1, 6] }, &[y]);
        let y = b.gemm(y, 2);
        b.output(y);
    });
    leaves("gemm-rows", "rows are mixed, or there are too many dimensions", |b| {
        let x = b.x(&[2, 3, 4]);
        let y = b.op(Transpose { perm: vec![1, 0, 2] }, &[x]);
        let y = b.op(Reshape { shape: vec![3, 8] }, &[y]);
        let y = b.gemm(y, 2);
        b.output(y);
        let y = b.op(Transpose { perm: vec![2, 1, 0] }, &[x]);
        let y = b.op(Reshape { shape: vec![4, 6] }, &[y]);
        let y = b.gemm(y, 2);
        b.output(y);
        let x = b.x(&[2; 8]);
        let y = b.op(
            Transpose {
                perm: vec![7, 6, 5, 4, 3, 2, 1, 0],
            },
            &[x],
        );
        let y = b.op(Reshape { shape: vec![1, 256] }, &[y]);
        let y = b.gemm(y, 2);
        b.output(y);
    });
}

/// A convolution with weights `[oc, ic, k, k]` that are zero for `dead` outputs and `unread` inputs.
fn sparse_conv(b: &mut Build, x: ValueId, [oc, k]: [usize; 2], dead: &[usize], unread: &[usize]) -> ValueId {
    let ic = b.graph.ty(x).shape[1];
    let taps = k * k;
    let weight = |b: &mut Build, i: usize| {
        let zero = dead.contains(&(i / taps / ic)) || unread.contains(&(i / taps % ic));
        if zero { 0.0 } else { b.random() }
    };
    let weights: Vec<f32> = (0..oc * ic * taps).map(|i| weight(b, i)).collect();
    let biases: Vec<f32> = (0..oc).map(|o| if dead.contains(&o) { -1.0 } else { 0.5 }).collect();
    let (w, bias) = (b.constant(&[oc, ic, k, k], &weights), b.constant(&[oc], &biases));
    b.op(
        Conv {
            window: window(k, k / 2),
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Relu.into(),
        },
        &[x, w, bias],
    )
}

#[test]
fn dead_channels() {
    changes("dead-channels", |b| {
        // One that is zero, one that nothing reads, and a classifier that reads zeros.
        let x = b.x(&IMAGE);
        let y = sparse_conv(b, x, [6, 3], &[1], &[]);
        let y = b.pool(PoolKind::Max, y);
        let y = sparse_conv(b, y, [5, 1], &[0, 4], &[3]);
        let y = b.op(
            Reduce {
                op: ReduceOp::Mean,
                axes: vec![2, 3],
            },
            &[y],
        );
        let y = b.op(Reshape { shape: vec![1, 5] }, &[y]);
        let y = b.gemm(y, 3);
        b.output(y);
        // Branches that agree on one of their dead channels.
        let x = b.x(&IMAGE);
        let (p, q) = (
            sparse_conv(b, x, [4, 1], &[0, 2], &[]),
            sparse_conv(b, x, [4, 1], &[2, 3], &[]),
        );
        let y = b.binary(BinaryOp::Add, p, q);
        let y = sparse_conv(b, y, [10, 3], &[], &[]);
        b.output(y);
    });
    leaves(
        "dead-channels",
        "channels are outputs, mixed, other than zero, or one of four that a lone row sums together",
        |b| {
            let x = b.x(&IMAGE);
            let y = sparse_conv(b, x, [4, 1], &[1], &[]);
            b.output(y);
            let y = sparse_conv(b, x, [4, 1], &[1], &[]);
            let y = b.op(Softmax { axis: 1, log: false }, &[y]);
            let y = sparse_conv(b, y, [2, 1], &[], &[]);
            b.output(y);
            let y = sparse_conv(b, x, [4, 1], &[1], &[]);
            let one = b.constant(&[], &[1.0]);
            let y = b.binary(BinaryOp::Add, y, one);
            let y = sparse_conv(b, y, [2, 1], &[], &[]);
            b.output(y);
            let x = b.x(&[1, 4, 1, 1]);
            let y = sparse_conv(b, x, [8, 1], &[1], &[]);
            let y = b.op(Reshape { shape: vec![1, 8] }, &[y]);
            let y = b.gemm(y, 3);
            b.output(y);
        },
    );
}

/// A convolution of `oc` channels, padded by one, with weights in the taps of `used` only.
fn conv_of_taps(b: &mut Build, x: ValueId, oc: usize, used: [u8; 9], pad: usize) -> ValueId {
    let ic = b.graph.ty(x).shape[1];
    let weights: Vec<f32> = (0..oc * ic * 9).map(|i| f32::from(used[i % 9]) * b.random()).collect();
    let w = b.constant(&[oc, ic, 3, 3], &weights);
    b.op(
        Conv {
            window: window(3, pad),
            groups: 1,
            layout: Layout::ChannelsFirst,
            activation: Relu.into(),
        },
        &[x, w],
    )
}

#[test]
fn zero_taps() {
    changes("zero-taps", |b| {
        let x = b.x(&IMAGE);
        let y = conv_of_taps(b, x, 9, [0, 0, 0, 1, 0, 1, 0, 1, 0], 1);
        b.output(y);
        let y = conv_of_taps(b, x, 16, [0, 0, 0, 0, 1, 0, 0, 0, 0], 1);
        b.output(y);
    });
    leaves(
        "zero-taps",
        "there is no padding to cut off, the zeros are inside, or lone rows would be summed in another order",
        |b| {
            let x = b.x(&IMAGE);
            let y = conv_of_taps(b, x, 9, [0, 0, 0, 1, 1, 1, 1, 1, 1], 0);
            b.output(y);
            let y = conv_of_taps(b, x, 9, [1, 0, 1, 0, 0, 0, 1, 0, 1], 1);
            b.output(y);
            let y = conv_of_taps(b, x, 3, [0, 0, 0, 1, 1, 1, 1, 1, 1], 1);
            b.output(y);
        },
    );
}

/// `x` in integers of this scale, dequantised.
fn in_integers(b: &mut Build, x: ValueId, scale: f32) -> ValueId {
    let by = Quantization::uniform(DType::I8, scale, 3);
    let q = b.op(QuantizeLinear { to: by.clone() }, &[x]);
    b.op(DequantizeLinear { from: by }, &[q])
}

#[test]
fn integers() {
    changes("integers", |b| {
        let x = b.x(&[2, 3]);
        let y = in_integers(b, x, 0.05);
        let y = b.map(Sigmoid, y);
        let y = in_integers(b, y, 0.01);
        b.output(y);
    });
    leaves("integers", "the result is not quantised", |b| {
        let x = b.x(&[2, 3]);
        let y = in_integers(b, x, 0.05);
        let y = b.map(Sigmoid, y);
        b.output(y);
    });
}

#[test]
fn dequantize_constants() {
    let quantised = |b: &mut Build| {
        let name = b.name();
        b.graph
            .add_constant(name, Tensor::new(DType::I8, vec![3], vec![1, 2, 253]))
    };
    let dequantize = || DequantizeLinear {
        from: Quantization::uniform(DType::I8, 0.5, 1),
    };
    changes("dequantize-constants", |b| {
        let x = b.x(&[3]);
        let constant = quantised(b);
        let numbers = b.op(dequantize(), &[constant]);
        let y = b.binary(BinaryOp::Add, x, numbers);
        b.output(y);
    });
    leaves("dequantize-constants", "the integers are known at run time only", |b| {
        let x = b.x(&[3]);
        let y = in_integers(b, x, 0.05);
        b.output(y);
    });
}

/// Constant integers of 8 bits.
fn bytes(b: &mut Build, shape: &[usize]) -> ValueId {
    let name = b.name();
    let bytes = (0..shape.iter().product::<usize>())
        .map(|i| (i * 37 % 251) as u8)
        .collect();
    b.graph
        .add_constant(name, Tensor::new(DType::I8, shape.to_vec(), bytes))
}

/// How constant integers stand for numbers, by a scale for each of so many elements of an axis.
fn scaled(axis: usize, channels: usize) -> DequantizeLinear {
    let scales = (0..channels).map(|channel| 0.001 * (channel + 1) as f32).collect();
    let from = Quantization {
        dtype: DType::I8,
        scales,
        zeros: vec![0; channels],
        axis,
    };
    DequantizeLinear { from }
}

#[test]
fn small_weights() {
    changes("small-weights", |b| {
        let x = b.x(&[2, 64]);
        let q = bytes(b, &[64, 20]);
        let w = b.op(scaled(1, 20), &[q]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
        let q = bytes(b, &[20, 64]);
        let w = b.op(scaled(0, 20), &[q]);
        let w = b.op(Transpose { perm: vec![1, 0] }, &[w]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
        let q = bytes(b, &[100, 16]);
        let w = b.op(scaled(1, 16), &[q]);
        let name = b.name();
        let rows = b.graph.add_constant(name, Tensor::i64(&[3], &[5, 99, 0]));
        let y = b.op(Gather { axis: 0 }, &[w, rows]);
        b.output(y);
    });
    leaves("small-weights", "the terms of a sum have different scales", |b| {
        let x = b.x(&[2, 64]);
        let q = bytes(b, &[64, 20]);
        let w = b.op(scaled(0, 64), &[q]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
    });
    leaves("small-weights", "there are few", |b| {
        let x = b.x(&[2, 8]);
        let q = bytes(b, &[8, 20]);
        let w = b.op(scaled(1, 20), &[q]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
    });
}

#[test]
fn small_weights_in_blocks() {
    let mut graph = build(&|b: &mut Build| {
        let x = b.x(&[2, 64]);
        // Four blocks of 16 rows, as DequantizeLinear with blocks is read.
        let q = bytes(b, &[1, 4, 16, 20]);
        let w = b.op(Cast { to: DType::F32 }, &[q]);
        let scales = b.weights(&[1, 4, 1, 20]);
        let w = b.op(Binary::from(BinaryOp::Mul), &[w, scales]);
        let w = b.op(Reshape { shape: vec![64, 20] }, &[w]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
    });
    let expected = results(graph.clone(), REQUIRED);
    run(&mut graph, &[pass("small-weights")], &mut |_, _| {}).unwrap();
    let product = graph.producer(graph.outputs()[0].1).op::<ScaledGemm>().cloned();
    assert_eq!(product, Some(ScaledGemm { block: 16 }));
    for (found, expected) in results(graph, REQUIRED)[0]
        .to_f64()
        .into_iter()
        .zip(expected[0].to_f64())
    {
        assert!((found - expected).abs() <= 1e-3, "{found} instead of {expected}");
    }
}

#[test]
fn recognise_dequantization() {
    let product = |b: &mut Build, scales: &[usize]| {
        let x = b.x(&[2, 64]);
        let q = bytes(b, &[64, 20]);
        let w = b.op(Cast { to: DType::F32 }, &[q]);
        let zero = b.constant(&[], &[3.0]);
        let w = b.op(Binary::from(BinaryOp::Sub), &[w, zero]);
        let values = vec![0.5; scales.iter().product()];
        let scales = b.constant(scales, &values);
        let w = b.op(Binary::from(BinaryOp::Mul), &[w, scales]);
        let y = b.op(MatMul, &[x, w]);
        b.output(y);
    };
    changes("recognise-dequantization", |b| product(b, &[20]));
    leaves("recognise-dequantization", "each number has a scale", |b| {
        product(b, &[64, 20]);
    });
}

#[test]
fn note_ports() {
    let make = |b: &mut Build| {
        let x = b.x(&[2, 3]);
        let y = in_integers(b, x, 0.05);
        let y = b.op(
            QuantizeLinear {
                to: Quantization::uniform(DType::I8, 0.25, -7),
            },
            &[y],
        );
        b.output(y);
    };
    leaves("note-ports", "it only notes what integers stand for", make);
    let mut graph = build(&make);
    run(&mut graph, &[pass("note-ports")], &mut |_, _| {}).unwrap();
    assert!(graph.port_steps.inputs.is_empty(), "the input is a float");
    let steps = graph.port_steps.outputs[&0];
    assert_eq!((steps.scale, steps.zero), (0.25, -7));
}

#[test]
fn every_pass_is_tested() {
    let mut names: Vec<_> = PIPELINE.iter().map(|pass| pass.name).collect();
    names.sort_unstable();
    names.dedup();
    let source: String = include_str!("passes.rs").split_whitespace().collect();
    for name in names {
        let calls = |verb: &str| source.contains(&format!("{verb}(\"{name}\""));
        // One that only notes what it sees changes no graph.
        let changes = calls("changes") || name == "note-ports";
        assert!(changes && calls("leaves"), "pass `{name}` has no tests here");
    }
}
