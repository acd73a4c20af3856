//! Where convolutions of floats are computed by Winograd's filtering, and how far that is from the direct way.

use edgec::back::exec::Executor;
use edgec::back::lower::lower;
use edgec::back::plan::plan;
use edgec::ir::geometry::{Layout, Window};
use edgec::ir::layer::Activation;
use edgec::ir::primitives::Conv;
use edgec::ir::program::Program;
use edgec::ir::{DType, Graph, Tensor, TensorType};
use edgec::machine::{Favour, Machine};
use edgec::middle::passes::{REQUIRED, run};
use runtime_core::function::Relu;

/// Height and width of the images.
const SIZE: usize = 26;

#[derive(Clone, Copy)]
struct Layer {
    channels: [usize; 2],
    size: usize,
    stride: usize,
    groups: usize,
    residual: bool,
    updatable: bool,
    /// All weights are multiplied by it.
    scale: f32,
}

const LAYER: Layer = Layer {
    channels: [32, 48],
    size: 3,
    stride: 1,
    groups: 1,
    residual: false,
    updatable: false,
    scale: 1.0,
};

/// Numbers in -1..1, the same on every run.
fn floats(len: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761);
    let next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 23) as f32 - 1.0
    };
    std::iter::repeat_with(next).take(len).collect()
}

fn graph(layer: Layer) -> Graph {
    let Layer {
        channels: [ic, oc],
        size,
        stride,
        groups,
        residual,
        updatable,
        scale,
    } = layer;
    let mut graph = Graph::new("layer");
    graph.replaceable_constants = updatable;
    let x = graph.add_input("x", TensorType::new(DType::F32, [1, ic, SIZE, SIZE]));
    let shape = [oc, ic / groups, size, size];
    let weights: Vec<f32> = floats(shape.iter().product(), 1)
        .into_iter()
        .map(|w| w * scale)
        .collect();
    let w = graph.add_constant("w", Tensor::f32(&shape, &weights));
    let bias = graph.add_constant("b", Tensor::f32(&[oc], &floats(oc, 2)));
    let mut operands = vec![x, w, bias];
    if residual {
        operands.push(graph.add_input("residual", TensorType::new(DType::F32, [1, oc, SIZE, SIZE])));
    }
    let conv = Conv {
        window: Window {
            kernel: vec![size; 2],
            strides: vec![stride; 2],
            dilations: vec![1; 2],
            pads: vec![size / 2; 4],
        },
        groups,
        layout: Layout::ChannelsFirst,
        activation: Activation::Function(Relu.into()),
    };
    let y = graph.add_op("y", conv, &operands, &[]).unwrap();
    graph.add_output("y", y);
    run(&mut graph, REQUIRED, &mut |_, _| {}).unwrap();
    graph
}

/// The kernel of the layer.
fn kernel(layer: Layer, machine: &Machine) -> &'static str {
    let program = lower(&graph(layer), machine).unwrap();
    let mut names = program.calls.iter().map(|call| call.kernel.name());
    names.find(|name| name.contains("conv2d")).unwrap()
}

fn results(program: &Program, machine: &Machine) -> Vec<f32> {
    let inputs = program.inputs.iter().zip(3..);
    let inputs: Vec<Tensor> = inputs
        .map(|(port, seed)| Tensor::f32(&port.ty.shape, &floats(port.ty.len(), seed)))
        .collect();
    Executor::new(program, &plan(program, machine)).run(&inputs)[0]
        .to_f32()
        .unwrap()
}

fn direct() -> Machine {
    Machine {
        winograd: false,
        ..Machine::board()
    }
}

#[test]
fn it_is_for_large_layers_of_boards() {
    let board = Machine::board();
    assert_eq!(kernel(LAYER, &board), "winograd_conv2d");
    let with_residual = Layer {
        residual: true,
        ..LAYER
    };
    assert_eq!(kernel(with_residual, &board), "winograd_conv2d_add");
    for name in ["x86-64", "aarch64"] {
        assert_eq!(
            kernel(LAYER, &Machine::named(name).unwrap()),
            "winograd_conv2d",
            "{name}"
        );
    }
    for name in ["mcu", "cortex-m4f", "wasm32"] {
        assert_eq!(kernel(LAYER, &Machine::named(name).unwrap()), "conv2d", "{name}");
    }
    assert_eq!(kernel(LAYER, &board.clone().favour(Favour::Flash)), "conv2d");
    assert_eq!(kernel(LAYER, &direct()), "conv2d");
    for other in [
        Layer {
            channels: [8, 48],
            ..LAYER
        },
        Layer {
            channels: [1024, 16],
            ..LAYER
        },
        Layer { size: 5, ..LAYER },
        Layer { stride: 2, ..LAYER },
        Layer { groups: 2, ..LAYER },
        Layer {
            updatable: true,
            ..LAYER
        },
        Layer { scale: 1e20, ..LAYER },
        Layer {
            scale: f32::NAN,
            ..LAYER
        },
    ] {
        assert_eq!(kernel(other, &board), "conv2d");
    }
}

#[test]
fn results_differ_by_what_is_stated() {
    for residual in [false, true] {
        let graph = graph(Layer { residual, ..LAYER });
        let [by_winograd, directly] =
            [Machine::board(), direct()].map(|machine| results(&lower(&graph, &machine).unwrap(), &machine));
        let greatest = directly.iter().fold(0.0_f32, |greatest, y| greatest.max(y.abs()));
        for (a, b) in by_winograd.iter().zip(&directly) {
            assert!((a - b).abs() <= 3e-6 * greatest, "{a} and {b} of {greatest}");
        }
        assert_ne!(by_winograd, directly);
    }
}
