//! Layers whose output overwrites their input row by row: the bits are those of layers that have their own memory.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::plans::{check, check_report};
use codegen_tests::same_bits::same_bits;
use codegen_tests::workspace;
use edgec::data::npz;
use edgec::ir::{DType, Tensor};
use edgec::machine::Overlapping;
use edgec::middle::quantize::{Io, QuantizeOptions};
use edgec::tools::harness::Module;
use edgec::{Compiled, Compiler, Machine};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// An image network of which every layer in turn takes most of the memory.
fn network(folder: &Path) -> PathBuf {
    let number = |i: usize| (((i * 40_503) >> 4) % 255) as f32 / 255.0 - 0.5;
    let floats = |count: usize| (0..count).map(number).collect::<Vec<_>>();
    let pads = |pad: i64| ("pads", Attr::Ints(vec![pad; 4]));
    let strides = || ("strides", Attr::Ints(vec![2, 2]));
    let window = || ("kernel_shape", Attr::Ints(vec![2, 2]));
    let bytes = ModelBuilder::new(17)
        .input("x", DType::F32, &[1, 2, 33, 30])
        .initializer_f32("a", &[16, 2, 3, 3], &floats(16 * 2 * 9))
        .initializer_f32("b", &[16, 1, 3, 3], &floats(16 * 9))
        .initializer_f32("c", &[24, 16, 1, 1], &floats(24 * 16))
        .initializer_f32("d", &[24, 1, 5, 5], &floats(24 * 25))
        .initializer_f32("e", &[20, 24, 3, 3], &floats(20 * 24 * 9))
        .initializer_f32("f", &[32, 20, 1, 1], &floats(32 * 20))
        .node("Conv", &["x", "a"], &["first"], &[pads(1)])
        .node("Relu", &["first"], &["ra"], &[])
        .node("Conv", &["ra", "b"], &["same"], &[("group", Attr::Int(16)), pads(1)])
        .node("Conv", &["same", "c"], &["wider"], &[])
        .node("Relu", &["wider"], &["rc"], &[])
        .node(
            "Conv",
            &["rc", "d"],
            &["half"],
            &[("group", Attr::Int(24)), pads(2), strides()],
        )
        .node("Conv", &["half", "e"], &["mixed"], &[pads(1)])
        .node("Relu", &["mixed"], &["re"], &[])
        .node("Conv", &["re", "f"], &["pixels"], &[])
        .node("MaxPool", &["pixels"], &["pooled"], &[window(), strides()])
        .node("GlobalAveragePool", &["pooled"], &["mean"], &[])
        .node("Flatten", &["mean"], &["y"], &[])
        .output("y", DType::F32, &[1, 32])
        .bytes();
    let path = folder.join("network.onnx");
    std::fs::write(&path, bytes).unwrap();
    let samples: Vec<f32> = (0..32 * 1980).map(|i| (i as f32 * 0.37).sin()).collect();
    npz::write(
        &folder.join("samples.npz"),
        &[("x", &Tensor::f32(&[32, 2, 33, 30], &samples))],
    )
    .unwrap();
    path
}

fn inputs(compiled: &Compiled) -> Vec<Vec<Tensor>> {
    let ty = &compiled.program.inputs[0].ty;
    let input = |seed: usize| match ty.dtype {
        DType::F32 => {
            let values: Vec<f32> = (0..ty.len()).map(|i| ((i + seed * 31) as f32 * 0.61).sin()).collect();
            Tensor::f32(&ty.shape, &values)
        }
        _ => {
            let bytes = (0..ty.bytes()).map(|i| (((i + 7 * seed) * 40_503) >> 6) as u8);
            Tensor::new(ty.dtype, ty.shape.clone(), bytes.collect())
        }
    };
    (0..3).map(|seed| vec![input(seed)]).collect()
}

#[test]
fn layers_that_overwrite_their_input_compute_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = network(folder.path());
    let samples = folder.path().join("samples.npz");
    let quantize = || QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new(samples.to_str().unwrap())
    };
    let (mut modules, mut cases, mut kernels) = (vec![], vec![], BTreeSet::new());
    for (name, integers) in [
        ("mcu", false),
        ("mcu", true),
        ("cortex-m0", true),
        ("cortex-m4f", true),
        ("cortex-m7", false),
        ("cortex-m55", true),
        ("rv32imc", true),
    ] {
        let compiler = |machine: Machine| {
            let compiler = Compiler::new(&path).target(machine);
            if integers {
                compiler.quantize(quantize())
            } else {
                compiler
            }
        };
        let machine = Machine::named(name).unwrap();
        let own = compiler(machine.clone()).overlap(Overlapping::Always);
        let compiled = own.compile().unwrap();
        let figures =
            check(&compiled.program, &compiled.plan, machine.alignment()).unwrap_or_else(|e| panic!("{name}: {e}"));
        check_report(&compiled.program, &compiled.plan, &compiled.report).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert!(figures.overlapping > 2, "{name}: {figures:?}");
        let calls = compiled.program.calls.iter().zip(&compiled.plan.overlaps);
        kernels.extend(
            calls
                .filter(|(_, overlap)| overlap.is_some())
                .map(|(call, _)| call.kernel.name()),
        );
        let apart = compiler(Machine::board()).compile().unwrap();
        assert!(apart.plan.overlaps.iter().all(Option::is_none) && apart.plan.peak > compiled.plan.peak);
        modules.push(Module::new(format!("model{}", modules.len()), &own, &compiled));
        let inputs = inputs(&compiled);
        if integers {
            let (mut one, mut other) = (compiled.executor(), apart.executor());
            assert!(
                inputs.iter().all(|inputs| one.run(inputs) == other.run(inputs)),
                "{name}"
            );
        }
        cases.push((name, inputs, compiled));
    }
    for kernel in [
        "qlinear_depthwise_conv2d_paired",
        "qlinear_gemm_rows",
        "conv2d",
        "depthwise_conv2d",
        "gemm",
    ] {
        assert!(kernels.contains(kernel), "{kernel} is not among {kernels:?}");
    }
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "overlaps");
    let built = workspace.build(&[modules]).unwrap();
    for (runner, (name, inputs, compiled)) in built.into_iter().zip(&cases) {
        let runner = runner.unwrap_or_else(|e| panic!("{name}: {e}"));
        if compiled.program.inputs[0].ty.dtype == DType::F32 {
            let mut executor = compiled.executor();
            let wanted: Vec<_> = inputs.iter().map(|inputs| executor.run(inputs)).collect();
            assert_eq!(runner.run(inputs).unwrap(), wanted, "{name}");
        } else {
            same_bits(compiled, inputs, &runner).unwrap_or_else(|e| panic!("{name}: {e}"));
        }
    }
}
