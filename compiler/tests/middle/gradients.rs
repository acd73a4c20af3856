//! Gradients of every operator that has one, against central differences in `f64`.

use edgec::back::exec::Executor;
use edgec::back::portable;
use edgec::ir::layer::Activation;
use edgec::ir::primitives::*;
use edgec::ir::{DType, Graph, Operator, Tensor, TensorType, ValueId};
use edgec::middle::passes::{REQUIRED, run};
use edgec::middle::train::differentiate;
use runtime_core::function::{self as f, AnyFunction, Identity};

/// Numbers between -1 and 1 that differ from each other and from zero, so that no slope has a corner there.
fn numbers(len: usize, seed: usize) -> Vec<f64> {
    let at = |i: usize| ((i * 7919 + seed * 104_729 + 31) % 9973) as f64 / 9973.0;
    (0..len)
        .map(|i| at(i) * 2.0 - 1.0)
        .map(|x| x + 0.03 * x.signum())
        .collect()
}

fn tensor(dtype: DType, shape: &[usize], numbers: &[f64]) -> Tensor {
    match dtype {
        DType::F32 => Tensor::f32(shape, &numbers.iter().map(|x| *x as f32).collect::<Vec<_>>()),
        _ => Tensor::f64(shape, numbers),
    }
}

/// A function of tensors.
type Build<'b> = &'b dyn Fn(&mut Graph, &[ValueId]) -> ValueId;

/// The loss, a sum of what `build` gives with weights that differ, and its gradients by all operands.
struct Case<'b> {
    build: Build<'b>,
    dtype: DType,
    shapes: Vec<Vec<usize>>,
}

impl Case<'_> {
    /// The loss, then the gradients.
    fn run(&self, operands: &[Vec<f64>], gradients: bool) -> Vec<Tensor> {
        let mut graph = Graph::new("gradients");
        let types = self
            .shapes
            .iter()
            .map(|shape| TensorType::new(self.dtype, shape.clone()));
        let inputs: Vec<_> = types
            .enumerate()
            .map(|(i, ty)| graph.add_input(format!("x{i}"), ty))
            .collect();
        let y = (self.build)(&mut graph, &inputs);
        let shape = graph.ty(y).shape.clone();
        let len: usize = shape.iter().product();
        let weights = graph.add_constant("weights", tensor(self.dtype, &shape, &numbers(len, 5)));
        let products = add(&mut graph, Binary::from(BinaryOp::Mul), &[y, weights]);
        let (op, axes) = (ReduceOp::Sum, (0..shape.len()).collect());
        let loss = add(&mut graph, Reduce { op, axes }, &[products]);
        let loss = add(&mut graph, Reshape { shape: vec![] }, &[loss]);
        graph.add_output("loss", loss);
        if gradients {
            let found = differentiate(&mut graph, loss, &inputs).unwrap();
            for (i, gradient) in found.into_iter().enumerate() {
                graph.add_output(format!("g{i}"), gradient.expect("the loss depends on it"));
            }
        }
        run(&mut graph, REQUIRED, &mut |_, _| {}).unwrap();
        let (program, plan) = portable(&graph).unwrap();
        let inputs = self.shapes.iter().zip(operands);
        let inputs: Vec<_> = inputs.map(|(shape, x)| tensor(self.dtype, shape, x)).collect();
        Executor::new(&program, &plan).run(&inputs)
    }

    fn loss(&self, operands: &[Vec<f64>]) -> f64 {
        self.run(operands, false)[0].scalar_f64().unwrap()
    }
}

fn add(graph: &mut Graph, operator: impl Operator + 'static, inputs: &[ValueId]) -> ValueId {
    graph
        .add_op("node", operator, inputs, &[])
        .unwrap_or_else(|error| panic!("{error}"))
}

/// Compares the gradients of `case` with differences of `reference`, which computes the same in `f64`.
fn compare(name: &str, case: &Case<'_>, reference: &Case<'_>, operands: &[Vec<f64>], tolerance: f64) {
    const STEP: f64 = 1e-5;
    let results = case.run(operands, true);
    for (index, gradient) in results[1..].iter().enumerate() {
        for (at, found) in gradient.to_f64().into_iter().enumerate() {
            let moved = |by: f64| {
                let mut operands = operands.to_vec();
                operands[index][at] += by;
                reference.loss(&operands)
            };
            let expected = (moved(STEP) - moved(-STEP)) / (2.0 * STEP);
            let off = (found - expected).abs() / expected.abs().max(1.0);
            assert!(
                off < tolerance,
                "{name}: operand {index}, element {at}: {found} instead of {expected}"
            );
        }
    }
}

/// Checks an operator of `f64` operands of these shapes.
fn check(name: &str, build: Build<'_>, shapes: &[&[usize]]) {
    let shapes: Vec<_> = shapes.iter().map(|shape| shape.to_vec()).collect();
    let operands = shapes.iter().enumerate();
    let operands: Vec<_> = operands.map(|(i, shape)| numbers(shape.iter().product(), i)).collect();
    check_at(name, build, shapes, &operands);
}

fn check_at(name: &str, build: Build<'_>, shapes: Vec<Vec<usize>>, operands: &[Vec<f64>]) {
    let case = Case {
        build,
        dtype: DType::F64,
        shapes,
    };
    compare(name, &case, &case, operands, 1e-6);
}

#[test]
fn functions() {
    let (alpha, gamma) = (0.3, 1.2);
    let functions: Vec<AnyFunction> = vec![
        f::Identity.into(),
        f::Relu.into(),
        f::Clip { min: -0.5, max: 0.4 }.into(),
        f::LeakyRelu { alpha }.into(),
        f::Elu { alpha }.into(),
        f::Selu { alpha, gamma }.into(),
        f::Celu { alpha }.into(),
        f::ThresholdedRelu { alpha }.into(),
        f::HardSigmoid { alpha: 0.7, beta: 0.5 }.into(),
        f::HardSwish.into(),
        f::Sigmoid.into(),
        f::Silu.into(),
        f::Swish { alpha }.into(),
        f::Mish.into(),
        f::Tanh.into(),
        f::Softplus.into(),
        f::Softsign.into(),
        f::Gelu.into(),
        f::GeluTanh.into(),
        f::Erf.into(),
        f::Exp.into(),
        f::Square.into(),
        f::Reciprocal.into(),
        f::Neg.into(),
        f::Abs.into(),
        f::Sin.into(),
        f::Cos.into(),
        f::Tan.into(),
        f::Atan.into(),
        f::Sinh.into(),
        f::Cosh.into(),
        f::Asinh.into(),
    ];
    for function in functions {
        let map = move |graph: &mut Graph, x: &[ValueId]| add(graph, Map { function }, x);
        // Wide enough for the outer pieces, near enough to zero for the inner ones; but no poles.
        let widths: &[f64] = if matches!(function, AnyFunction::Tan(_)) {
            &[0.9]
        } else {
            &[0.9, 4.0]
        };
        for width in widths {
            let x = numbers(24, 1).into_iter().map(|x| x * width).collect();
            check_at(&format!("{function:?}"), &map, vec![vec![24]], &[x]);
        }
    }
    let positive: [AnyFunction; 2] = [f::Log.into(), f::Sqrt.into()];
    let inside: [AnyFunction; 3] = [f::Asin.into(), f::Acos.into(), f::Atanh.into()];
    let above_one: [AnyFunction; 1] = [f::Acosh.into()];
    let shifted = |scale: f64, shift: f64| {
        numbers(16, 2)
            .into_iter()
            .map(|x| x * scale + shift)
            .collect::<Vec<_>>()
    };
    let limited = [
        (&positive[..], shifted(0.9, 1.5)),
        (&inside[..], shifted(0.8, 0.0)),
        (&above_one[..], shifted(0.5, 2.5)),
    ];
    for (functions, x) in limited {
        for function in functions.iter().copied() {
            let map = move |graph: &mut Graph, x: &[ValueId]| add(graph, Map { function }, x);
            check_at(&format!("{function:?}"), &map, vec![vec![16]], &[x.clone()]);
        }
    }
}

#[test]
fn pairs_of_elements() {
    let shapes: [[&[usize]; 2]; 4] = [[&[2, 3], &[2, 3]], [&[2, 3], &[3]], [&[2, 1, 3], &[4, 1]], [&[3], &[]]];
    for op in [
        BinaryOp::Add,
        BinaryOp::Sub,
        BinaryOp::Mul,
        BinaryOp::Div,
        BinaryOp::Max,
        BinaryOp::Min,
    ] {
        let binary = move |graph: &mut Graph, x: &[ValueId]| add(graph, Binary::from(op), x);
        for shapes in shapes {
            check(&format!("{op:?}"), &binary, &shapes);
        }
    }
    let power = |graph: &mut Graph, x: &[ValueId]| add(graph, Binary::from(BinaryOp::Pow), x);
    let base = numbers(6, 1).into_iter().map(|x| x + 1.5).collect();
    check_at("Pow", &power, vec![vec![2, 3], vec![3]], &[base, vec![2.0, -1.5, 0.5]]);
    let select = |graph: &mut Graph, x: &[ValueId]| {
        let condition = add(graph, Binary::from(BinaryOp::Less), &[x[0], x[1]]);
        add(graph, Select, &[condition, x[0], x[1]])
    };
    check("Select", &select, &[&[2, 3], &[3]]);
}

#[test]
fn products_of_matrices() {
    let product = |graph: &mut Graph, x: &[ValueId]| add(graph, MatMul, x);
    let shapes: [[&[usize]; 2]; 8] = [
        [&[2, 3], &[3, 4]],
        [&[1, 3], &[3, 2]],
        [&[5, 2, 3], &[3, 4]],
        [&[5, 2, 3], &[5, 3, 4]],
        [&[2, 1, 2, 3], &[3, 3, 2]],
        [&[3], &[3, 4]],
        [&[2, 3], &[3]],
        [&[3], &[3]],
    ];
    for shapes in shapes {
        check("MatMul", &product, &shapes);
    }
}

/// Kernel, strides, dilations, pads.
type Geometry = [&'static [usize]; 4];

fn window([kernel, strides, dilations, pads]: Geometry) -> Window {
    Window {
        kernel: kernel.to_vec(),
        strides: strides.to_vec(),
        dilations: dilations.to_vec(),
        pads: pads.to_vec(),
    }
}

const GEOMETRIES: [Geometry; 5] = [
    [&[3, 3], &[1, 1], &[1, 1], &[1, 1, 1, 1]],
    [&[3, 2], &[2, 2], &[1, 1], &[1, 0, 0, 1]],
    [&[2, 3], &[3, 2], &[1, 2], &[0, 2, 0, 1]],
    [&[1, 1], &[2, 1], &[1, 1], &[0, 0, 0, 0]],
    [&[2, 2], &[1, 3], &[2, 1], &[0, 0, 0, 0]],
];

fn linear() -> Activation {
    Activation::Function(Identity.into())
}

#[test]
fn convolutions() {
    for geometry in GEOMETRIES {
        for (groups, ic, oc) in [(1, 2, 3), (2, 4, 2), (3, 3, 6)] {
            let conv = move |graph: &mut Graph, x: &[ValueId]| {
                let (layout, activation) = (Layout::ChannelsFirst, linear());
                let window = window(geometry);
                add(
                    graph,
                    Conv {
                        window,
                        groups,
                        layout,
                        activation,
                    },
                    x,
                )
            };
            let w = [oc, ic / groups, geometry[0][0], geometry[0][1]];
            check(
                &format!("Conv {geometry:?} in {groups}"),
                &conv,
                &[&[2, ic, 6, 7], &w, &[oc]],
            );
        }
    }
    let along_one_axis = |graph: &mut Graph, x: &[ValueId]| {
        let (window, layout, activation) = (window([&[3], &[2], &[1], &[1, 0]]), Layout::ChannelsFirst, linear());
        add(
            graph,
            Conv {
                window,
                groups: 1,
                layout,
                activation,
            },
            x,
        )
    };
    check("Conv of sequences", &along_one_axis, &[&[2, 2, 7], &[3, 2, 3]]);
}

#[test]
fn transposed_convolutions() {
    for (geometry, output_padding) in GEOMETRIES.into_iter().zip([[0, 0], [1, 0], [2, 1], [1, 0], [0, 2]]) {
        for (groups, ic, oc) in [(1, 2, 3), (2, 4, 2)] {
            let conv = move |graph: &mut Graph, x: &[ValueId]| {
                let (layout, activation) = (Layout::ChannelsFirst, linear());
                let (window, output_padding) = (window(geometry), output_padding.to_vec());
                add(
                    graph,
                    ConvTranspose {
                        window,
                        output_padding,
                        groups,
                        layout,
                        activation,
                    },
                    x,
                )
            };
            let w = [ic, oc / groups, geometry[0][0], geometry[0][1]];
            check(
                &format!("ConvTranspose {geometry:?}"),
                &conv,
                &[&[2, ic, 3, 4], &w, &[oc]],
            );
        }
    }
}

#[test]
fn pools() {
    let average = |count_include_pad| PoolKind::Average { count_include_pad };
    for geometry in GEOMETRIES {
        for kind in [PoolKind::Max, average(true), average(false)] {
            for ceil_mode in [false, true] {
                let pool = move |graph: &mut Graph, x: &[ValueId]| {
                    let (window, layout) = (window(geometry), Layout::ChannelsFirst);
                    add(
                        graph,
                        Pool {
                            kind,
                            window,
                            ceil_mode,
                            layout,
                        },
                        x,
                    )
                };
                // Kernels know no average over windows that stick out and count their padding.
                check(&format!("{kind:?} {geometry:?} {ceil_mode}"), &pool, &[&[2, 2, 6, 7]]);
            }
        }
    }
}

#[test]
fn reductions() {
    for op in [
        ReduceOp::Sum,
        ReduceOp::Mean,
        ReduceOp::Max,
        ReduceOp::Min,
        ReduceOp::SumSquare,
        ReduceOp::L1,
        ReduceOp::L2,
        ReduceOp::LogSumExp,
    ] {
        for axes in [vec![1], vec![0, 2], vec![0, 1, 2]] {
            let reduce = |graph: &mut Graph, x: &[ValueId]| add(graph, Reduce { op, axes: axes.clone() }, x);
            check(&format!("{op:?} {axes:?}"), &reduce, &[&[2, 3, 4]]);
        }
    }
}

#[test]
fn moved_elements() {
    let reshape = |graph: &mut Graph, x: &[ValueId]| add(graph, Reshape { shape: vec![3, 4] }, x);
    check("Reshape", &reshape, &[&[2, 6]]);
    let transpose = |graph: &mut Graph, x: &[ValueId]| add(graph, Transpose { perm: vec![2, 0, 1] }, x);
    check("Transpose", &transpose, &[&[2, 3, 4]]);
    let concat = |graph: &mut Graph, x: &[ValueId]| add(graph, Concat { axis: 1 }, &[x[0], x[1], x[0]]);
    check("Concat", &concat, &[&[2, 3], &[2, 1]]);
    let slice = |graph: &mut Graph, x: &[ValueId]| {
        let (starts, steps, lens) = (vec![1, 0], vec![1, 1], vec![2, 3]);
        add(graph, Slice { starts, steps, lens }, x)
    };
    check("Slice", &slice, &[&[4, 3]]);
    let pad = |graph: &mut Graph, x: &[ValueId]| {
        let zero = graph.add_constant("zero", Tensor::scalar(DType::F64, 0.0));
        let (begins, ends, mode) = (vec![1, 0], vec![0, 2], PadMode::Constant);
        add(graph, Pad { begins, ends, mode }, &[x[0], zero])
    };
    check("Pad", &pad, &[&[2, 3]]);
    let expand = |graph: &mut Graph, x: &[ValueId]| add(graph, Expand { shape: vec![4, 2, 3] }, x);
    check("Expand", &expand, &[&[2, 1]]);
    let gather = |graph: &mut Graph, x: &[ValueId]| {
        let indices = graph.add_constant("indices", Tensor::i64(&[2, 2], &[1, -1, 1, 0]));
        add(graph, Gather { axis: 0 }, &[x[0], indices])
    };
    check("Gather", &gather, &[&[3, 2]]);
}

/// Whose kernel has no precision to spare in `f64`: beside the same of simpler operators.
#[test]
fn softmax() {
    for (axis, log) in [(0, false), (1, true), (2, false), (2, true)] {
        let parts = |graph: &mut Graph, x: &[ValueId]| {
            let (op, axes) = (ReduceOp::LogSumExp, vec![axis]);
            let sum = add(graph, Reduce { op, axes }, x);
            let logarithms = add(graph, Binary::from(BinaryOp::Sub), &[x[0], sum]);
            let function = if log { Identity.into() } else { f::Exp.into() };
            add(graph, Map { function }, &[logarithms])
        };
        let whole = |graph: &mut Graph, x: &[ValueId]| add(graph, Softmax { axis, log }, x);
        let [case, reference] = [(&whole as Build<'_>, DType::F32), (&parts, DType::F64)].map(|(build, dtype)| Case {
            build,
            dtype,
            shapes: vec![vec![2, 3, 4]],
        });
        compare("Softmax", &case, &reference, &[numbers(24, 3)], 1e-5);
    }
}

/// Kernels of `f32`, beside the same of simpler operators in `f64`.
#[test]
fn normalisations() {
    let shapes = || vec![vec![2, 3, 4], vec![4], vec![4]];
    let operands: Vec<Vec<f64>> = shapes().iter().map(|s| numbers(s.iter().product(), s.len())).collect();
    let mean = |graph: &mut Graph, x| {
        let (op, axes) = (ReduceOp::Mean, vec![2]);
        add(graph, Reduce { op, axes }, &[x])
    };
    let binary = |graph: &mut Graph, op: BinaryOp, a, b| add(graph, Binary::from(op), &[a, b]);
    let epsilon = 1e-3;
    for rms in [false, true] {
        let count = if rms { 2 } else { 3 };
        let parts = |graph: &mut Graph, x: &[ValueId]| {
            let middle = mean(graph, x[0]);
            let centred = if rms {
                x[0]
            } else {
                binary(graph, BinaryOp::Sub, x[0], middle)
            };
            let squares = binary(graph, BinaryOp::Mul, centred, centred);
            let variance = mean(graph, squares);
            let small = graph.add_constant("epsilon", Tensor::scalar(DType::F64, f64::from(epsilon as f32)));
            let sum = binary(graph, BinaryOp::Add, variance, small);
            let deviation = add(
                graph,
                Map {
                    function: f::Sqrt.into(),
                },
                &[sum],
            );
            let normal = binary(graph, BinaryOp::Div, centred, deviation);
            let scaled = binary(graph, BinaryOp::Mul, normal, x[1]);
            if rms {
                scaled
            } else {
                binary(graph, BinaryOp::Add, scaled, x[2])
            }
        };
        let whole = |graph: &mut Graph, x: &[ValueId]| {
            add(
                graph,
                LayerNormalization {
                    epsilon: epsilon as f32,
                    rms,
                },
                x,
            )
        };
        let [case, reference] = [(&whole as Build<'_>, DType::F32), (&parts, DType::F64)].map(|(build, dtype)| Case {
            build,
            dtype,
            shapes: shapes()[..count].to_vec(),
        });
        compare("LayerNormalization", &case, &reference, &operands[..count], 1e-4);
    }
    let parts = |graph: &mut Graph, x: &[ValueId]| {
        let along = |graph: &mut Graph, value| add(graph, Reshape { shape: vec![4, 1] }, &[value]);
        let (scale, shift) = (along(graph, x[1]), along(graph, x[2]));
        let scaled = binary(graph, BinaryOp::Mul, x[0], scale);
        binary(graph, BinaryOp::Add, scaled, shift)
    };
    let whole = |graph: &mut Graph, x: &[ValueId]| {
        let activation = Identity.into();
        add(graph, ScaleShift { axis: 1, activation }, x)
    };
    let [case, reference] = [(&whole as Build<'_>, DType::F32), (&parts, DType::F64)].map(|(build, dtype)| Case {
        build,
        dtype,
        shapes: vec![vec![3, 4, 2], vec![4], vec![4]],
    });
    let operands: Vec<Vec<f64>> = [24, 4, 4].into_iter().map(|len| numbers(len, len)).collect();
    compare("ScaleShift", &case, &reference, &operands, 1e-4);
}

#[test]
fn gradients_on_several_ways_are_added() {
    let both = |graph: &mut Graph, x: &[ValueId]| {
        let square = add(graph, Binary::from(BinaryOp::Mul), &[x[0], x[0]]);
        let sine = add(
            graph,
            Map {
                function: f::Sin.into(),
            },
            &[x[0]],
        );
        add(graph, Binary::from(BinaryOp::Mul), &[square, sine])
    };
    check("x^2 sin x", &both, &[&[5]]);
}
