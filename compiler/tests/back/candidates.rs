//! Whichever way to compute a node is chosen, the integers are the same; and which way that is on which machine.

use edgec::back::exec::Executor;
use edgec::back::lower::lower;
use edgec::back::{lower::lower_by, plan::plan};
use edgec::ir::geometry::{Layout, Window};
use edgec::ir::layer::Activation;
use edgec::ir::primitives::{Conv, Gemm};
use edgec::ir::program::Program;
use edgec::ir::{Candidate, DType, Graph, Select, Tensor, TensorType};
use edgec::machine::{Favour, Machine};
use edgec::middle::passes::{REQUIRED, run};
use runtime_core::requantize::Requantize;
use std::collections::BTreeSet;

/// Takes the candidate of this number, or the last.
struct Number(usize, Machine);

impl Select for Number {
    fn machine(&self) -> &Machine {
        &self.1
    }

    fn select(&self, _: &str, candidates: &[Candidate<'_>]) -> (usize, String) {
        (self.0.min(candidates.len() - 1), "by number".into())
    }
}

/// One quantised layer: a convolution by `w` `[oc, ic / groups, k, k]`, or a product by `w` `[k, n]`.
struct Layer {
    x: &'static [usize],
    w: &'static [usize],
    groups: usize,
    /// Largest magnitude of a weight, and one in how many is not zero.
    most: usize,
    every: usize,
}

const LAYERS: &[Layer] = &[
    Layer {
        x: &[1, 20, 7, 6],
        w: &[20, 1, 3, 3],
        groups: 20,
        most: 127,
        every: 1,
    },
    Layer {
        x: &[1, 20, 5, 6],
        w: &[33, 20, 1, 1],
        groups: 1,
        most: 127,
        every: 1,
    },
    Layer {
        x: &[2, 6, 5, 6],
        w: &[9, 2, 3, 3],
        groups: 3,
        most: 7,
        every: 1,
    },
    Layer {
        x: &[1, 130, 1, 1],
        w: &[37, 130, 1, 1],
        groups: 1,
        most: 127,
        every: 6,
    },
    Layer {
        x: &[1, 130],
        w: &[130, 37],
        groups: 1,
        most: 127,
        every: 4,
    },
    Layer {
        x: &[5, 30],
        w: &[30, 20],
        groups: 1,
        most: 7,
        every: 1,
    },
];

fn byte(i: usize) -> usize {
    (i * 40_503 + i / 7) >> 3
}

/// The layer with results that are sums times 2^-9, or nearly so where `odd` multipliers are over 2^32, as layouts of
/// certain cores want them.
fn graph_of(layer: &Layer, odd: bool) -> Graph {
    let (shift, multiplier) = if odd { (32, (1 << 23) + 1) } else { (30, 1 << 21) };
    let mut graph = Graph::new("layer");
    let conv = layer.w.len() == 4;
    let channels = layer.w[if conv { 0 } else { 1 }];
    let x = graph.add_input("x", TensorType::new(DType::I8, layer.x));
    let weight = |i: usize| {
        let magnitude = (byte(i) % layer.most + 1) as u8;
        let kept = if byte(i + 5).is_multiple_of(layer.every) {
            magnitude
        } else {
            0
        };
        if i.is_multiple_of(2) { kept } else { kept.wrapping_neg() }
    };
    let weights = (0..layer.w.iter().product()).map(weight).collect();
    let w = graph.add_constant("w", Tensor::new(DType::I8, layer.w.to_vec(), weights));
    let bias: Vec<i32> = (0..channels as i32).map(|i| i * 31 - 300).collect();
    let bias = graph.add_constant("b", Tensor::i32(&[channels], &bias));
    let multiplier = graph.add_constant("m", Tensor::i32(&[channels], &vec![multiplier; channels]));
    let requantize = Requantize {
        shift,
        zero: 3,
        min: -128,
        max: 127,
        outside: -5,
    };
    let activation = Activation::Requantize {
        requantize,
        to: DType::I8,
    };
    let operands = [x, w, bias, multiplier];
    let y = if conv {
        let size = layer.w[2];
        let window = Window {
            kernel: vec![size; 2],
            strides: vec![1; 2],
            dilations: vec![1; 2],
            pads: vec![size / 2; 4],
        };
        let conv = Conv {
            window,
            groups: layer.groups,
            layout: Layout::ChannelsFirst,
            activation,
        };
        graph.add_op("y", conv, &operands, &[]).unwrap()
    } else {
        graph.add_op("y", Gemm { activation }, &operands, &[]).unwrap()
    };
    graph.add_output("y", y);
    run(&mut graph, REQUIRED, &mut |_, _| {}).unwrap();
    graph
}

fn graph(layer: &Layer) -> Graph {
    graph_of(layer, false)
}

fn results(program: &Program, machine: &Machine, layer: &Layer) -> Vec<Tensor> {
    let bytes = (0..layer.x.iter().product()).map(|i| byte(i) as u8).collect();
    let input = Tensor::new(DType::I8, layer.x.to_vec(), bytes);
    Executor::new(program, &plan(program, machine)).run(&[input])
}

/// The kernel and the layout of the call that does the work.
fn chosen(program: &Program) -> Option<(&'static str, &'static str)> {
    let choice = program.calls.iter().find_map(|call| call.choice.as_ref())?;
    Some((choice.kernel, choice.layout))
}

#[test]
fn every_candidate_gives_the_same_integers() {
    let mut seen = BTreeSet::new();
    for layer in LAYERS {
        let graph = graph(layer);
        let mut expected = None;
        for number in 0..6 {
            let select = Number(number, Machine::portable());
            let program = lower_by(&graph, &select).unwrap();
            seen.extend(chosen(&program));
            let found = results(&program, &select.1, layer);
            let expected = expected.get_or_insert_with(|| found.clone());
            assert_eq!(found, *expected, "{:?}", chosen(&program));
        }
    }
    let seen: Vec<_> = seen.into_iter().collect();
    assert_eq!(
        seen,
        [
            ("conv2d", "pairs of four bits"),
            ("conv2d", "whole bytes"),
            ("depthwise_conv2d", "whole bytes"),
            ("gemm", "pairs of four bits"),
            ("gemm", "whole bytes"),
            ("sparse_gemm", "weights other than zero"),
        ]
    );
}

#[test]
fn the_machine_decides() {
    let kernels = |machine: &Machine| -> Vec<_> {
        let programs = LAYERS.iter().map(|layer| lower(&graph(layer), machine).unwrap());
        programs.map(|program| chosen(&program).unwrap()).collect()
    };
    let small = [
        ("depthwise_conv2d", "whole bytes"),
        ("gemm", "whole bytes"),
        ("conv2d", "pairs of four bits"),
        ("sparse_gemm", "weights other than zero"),
        ("sparse_gemm", "weights other than zero"),
        ("gemm", "pairs of four bits"),
    ];
    assert_eq!(kernels(&Machine::board()), small);
    assert_eq!(kernels(&Machine::mcu()), small);
    let micro = Machine::named("cortex-m4f").unwrap();
    assert_eq!(kernels(&micro.clone().favour(Favour::Flash)), small);
    let quick = [
        ("depthwise_conv2d", "whole bytes"),
        ("gemm", "whole bytes"),
        ("conv2d", "whole bytes"),
        ("sparse_gemm", "weights other than zero"),
        ("gemm", "whole bytes"),
        ("gemm", "whole bytes"),
    ];
    assert_eq!(kernels(&micro), quick);
}

#[test]
fn layouts_of_cores_give_the_same_integers() {
    let cores = [
        ("cortex-m0", "interleaved"),
        ("cortex-m3", "interleaved"),
        ("cortex-m4f", "paired"),
        ("cortex-m55", "rows"),
        ("rv32imac", "interleaved"),
    ];
    for (name, layout) in cores {
        let machine = Machine::named(name).unwrap();
        let mut seen = BTreeSet::new();
        for layer in LAYERS {
            let graph = graph_of(layer, true);
            let expected = results(&lower(&graph, &Machine::portable()).unwrap(), &machine, layer);
            for number in 0..6 {
                let program = lower_by(&graph, &Number(number, machine.clone())).unwrap();
                seen.extend(chosen(&program).map(|(kernel, _)| kernel));
                assert_eq!(results(&program, &machine, layer), expected, "{:?}", chosen(&program));
            }
        }
        for kernel in ["conv2d", "gemm", "depthwise_conv2d"] {
            assert!(
                seen.contains(&*format!("qlinear_{kernel}_{layout}")),
                "{name}: {seen:?}"
            );
        }
        // With DSP instructions products have fours of channels as well, where sums do not fit pairs.
        assert_eq!(
            seen.contains("qlinear_gemm_interleaved"),
            layout != "rows",
            "{name}: {seen:?}"
        );
    }
}
