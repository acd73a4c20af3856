//! Code emitted for any machine builds on this one, and computes the integers that this one computes.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::same_bits::same_bits;
use codegen_tests::workspace;
use edgec::back::report::{Origin, Report};
use edgec::back::tile::fit;
use edgec::back::{lower::lower, plan::Plan, plan::plan};
use edgec::data::npz;
use edgec::ir::program::Program;
use edgec::ir::{DType, Graph, Tensor};
use edgec::machine::{Favour, Machine, NAMED};
use edgec::middle::passes::{AFTER_QUANTIZATION, QUANTIZATION, run};
use edgec::middle::quantize::{Io, QuantizeOptions, Scheme};
use edgec::tools::harness::{Module, Runner};
use edgec::{Compiled, Compiler, Weights};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A model that is quantised, and the samples for it.
struct Model {
    path: PathBuf,
    samples: PathBuf,
}

/// The model of the digits example.
fn digits() -> Model {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits");
    Model {
        path: folder.join("digits.onnx"),
        samples: folder.join("calibration.npz"),
    }
}

/// A convolution of one channel, a depthwise one, one by pixels, a transposed one, and a product most of whose weights
/// are zero: each kernel that the machine has a say in.
fn layers(folder: &TempDir) -> Model {
    let number = |i: usize| (((i * 40_503) >> 4) % 255) as f32 / 127.0 - 1.0;
    let floats = |count: usize| (0..count).map(number).collect::<Vec<_>>();
    let few = |count: usize| -> Vec<f32> {
        let kept = |i: usize| (i * 31 + i / 13).is_multiple_of(7);
        (0..count).map(|i| if kept(i) { number(i) } else { 0.0 }).collect()
    };
    let bytes = ModelBuilder::new(17)
        .input("x", DType::F32, &[1, 1, 8, 8])
        .initializer_f32("a", &[8, 1, 3, 3], &floats(72))
        .initializer_f32("b", &[8, 1, 3, 3], &floats(72))
        .initializer_f32("c", &[12, 8, 1, 1], &floats(96))
        .initializer_f32("d", &[12, 6, 2, 2], &floats(288))
        .initializer_f32("e", &[384, 20], &few(384 * 20))
        .node("Conv", &["x", "a"], &["first"], &[])
        .node("Relu", &["first"], &["ra"], &[])
        .node("Conv", &["ra", "b"], &["depthwise"], &[("group", Attr::Int(8))])
        .node("Conv", &["depthwise", "c"], &["pixels"], &[])
        .node("Relu", &["pixels"], &["rc"], &[])
        .node(
            "ConvTranspose",
            &["rc", "d"],
            &["transposed"],
            &[("strides", Attr::Ints(vec![2, 2]))],
        )
        .node("Flatten", &["transposed"], &["row"], &[])
        .node("MatMul", &["row", "e"], &["y"], &[])
        .output("y", DType::F32, &[1, 20])
        .bytes();
    let path = folder.path().join("layers.onnx");
    std::fs::write(&path, bytes).unwrap();
    let samples: Vec<f32> = (0..16 * 64).map(|i| (i as f32 * 0.37).sin()).collect();
    let file = folder.path().join("samples.npz");
    npz::write(&file, &[("x", &Tensor::f32(&[16, 1, 8, 8], &samples))]).unwrap();
    Model { path, samples: file }
}

/// Inputs of the model, integers that vary.
fn inputs(compiled: &Compiled) -> Vec<Vec<Tensor>> {
    let tensor = |seed: usize| {
        let ty = &compiled.program.inputs[0].ty;
        let bytes = (0..ty.bytes()).map(|i| (((i + 7 * seed) * 40_503) >> 6) as u8);
        vec![Tensor::new(ty.dtype, ty.shape.clone(), bytes.collect())]
    };
    (0..4).map(tensor).collect()
}

/// A graph lowered for a machine, as a whole and, where that can be, in tiles that take less RAM.
fn ways<'m>(graph: &Graph, machine: &'m Machine) -> Vec<(&'static str, &'m Machine, Program, Plan)> {
    let program = lower(graph, machine).unwrap();
    let plan = plan(&program, machine);
    let tiled = fit(|| lower(graph, machine).ok(), plan.peak * 4 / 5, machine);
    let tiled = tiled.map(|tiled| ("in tiles", machine, tiled.program, tiled.plan));
    [("as a whole", machine, program, plan)]
        .into_iter()
        .chain(tiled)
        .collect()
}

#[test]
fn emitted_for_any_machine_the_integers_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let mut machines: Vec<Machine> = NAMED.iter().map(|named| named.machine()).collect();
    machines.extend(NAMED.iter().map(|named| named.machine().favour(Favour::Flash)));
    let (mut expected, mut tiled) = (vec![], 0);
    // Many machines get the same code, which is built once.
    let (mut different, mut modules): (BTreeMap<String, usize>, Vec<Module>) = Default::default();
    let mut cases: Vec<(String, usize, usize, Compiled)> = vec![];
    for (number, model) in [digits(), layers(&folder)].into_iter().enumerate() {
        for scheme in [Scheme::Int8, Scheme::W4] {
            let options = QuantizeOptions {
                io: Io::Int8,
                scheme,
                ..QuantizeOptions::new(model.samples.to_str().unwrap())
            };
            let quantized = Compiler::new(&model.path).name("Model").weights(Weights::Inline);
            let quantized = quantized.quantize(options);
            let reference = quantized.compile().unwrap();
            let inputs = inputs(&reference);
            let mut executor = reference.executor();
            let outputs: Vec<_> = inputs.iter().map(|inputs| executor.run(inputs)).collect();
            expected.push((inputs, outputs));
            let mut graph = reference.quantized.unwrap().graph;
            for passes in [QUANTIZATION, AFTER_QUANTIZATION] {
                run(&mut graph, passes, &mut |_, _| {}).unwrap();
            }
            let lowered = machines.iter().flat_map(|machine| ways(&graph, machine));
            for (way, machine, program, plan) in lowered {
                tiled += usize::from(way == "in tiles");
                let compiled = Compiled {
                    report: Report::of(&program, &plan, Origin::default()),
                    program,
                    plan,
                    machine: machine.clone(),
                    quantized: None,
                    narrow_outputs: Default::default(),
                    external_files: vec![],
                    changes: vec![],
                };
                let module = Module::new(format!("model{number}_{}", modules.len()), &quantized, &compiled);
                let index = *different.entry(module.emitted.source.clone()).or_insert(modules.len());
                if index == modules.len() {
                    modules.push(module);
                }
                let name = format!("{number}, {scheme:?}, {machine}, {:?}, {way}", machine.favour);
                cases.push((name, index, expected.len() - 1, compiled));
            }
        }
    }
    assert!(tiled > 0, "no model runs in tiles");
    assert!(
        different.len() < cases.len() && different.len() > expected.len(),
        "{} of {} are different",
        different.len(),
        cases.len()
    );
    let workspace = workspace::native(env!("CARGO_TARGET_TMPDIR"), "machines");
    let built = workspace.build(&[modules]).unwrap();
    let runners: Vec<Runner> = built
        .into_iter()
        .map(|runner| runner.unwrap_or_else(|e| panic!("{e}")))
        .collect();
    for (name, index, expectation, compiled) in &cases {
        let (inputs, outputs) = &expected[*expectation];
        let mut executor = compiled.executor();
        for (inputs, outputs) in inputs.iter().zip(outputs) {
            assert_eq!(executor.run(inputs), *outputs, "{name}: the executor");
        }
        same_bits(compiled, inputs, &runners[*index]).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}
