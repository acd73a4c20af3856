//! Weights that are updates: emitted code takes them verified, computes what it computes with the same weights inside,
//! and takes those of another model of the same code.

use super::self_test::int8;
use codegen_tests::model_builder::ModelBuilder;
use codegen_tests::{workspace, zoo};
use edgec::ir::{DType, Tensor};
use edgec::tools::harness::Module;
use edgec::{Compiler, Machine, Weights};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(super) fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/digits")
        .join(file)
}

fn compiler(model: &Path, target: &Machine) -> Compiler {
    Compiler::new(model)
        .name("Digits")
        .target(target.clone())
        .weights(Weights::Updatable)
}

/// The digits' model with `change` made to the bytes of each tensor, given its name.
fn changed(folder: &TempDir, name: &str, change: impl Fn(&str, &mut [u8])) -> PathBuf {
    let mut file = std::fs::read(example("digits.onnx")).unwrap();
    let model = edgec::front::load::load_bytes(&file, None).unwrap();
    for tensor in &model.graph.initializer {
        let raw = tensor.raw_data();
        let at = file.windows(raw.len()).position(|window| window == raw).unwrap();
        change(tensor.name(), &mut file[at..at + raw.len()]);
    }
    let path = folder.path().join(name);
    std::fs::write(&path, file).unwrap();
    path
}

/// As if it had been trained on: every number is another.
pub(super) fn retrained(folder: &TempDir) -> PathBuf {
    changed(folder, "retrained.onnx", |_, bytes| {
        for (i, number) in bytes.as_chunks_mut::<4>().0.iter_mut().enumerate() {
            *number = (f32::from_le_bytes(*number) * 0.9 + (i as f32 * 0.7).sin() / 50.0).to_le_bytes();
        }
    })
}

/// The classes in the opposite order, which leaves all ranges as they are.
fn opposite(folder: &TempDir) -> PathBuf {
    changed(folder, "opposite.onnx", |name, bytes| {
        if name.starts_with("fc.") {
            let of_class = bytes.len() / 10;
            let classes: Vec<_> = bytes.chunks(of_class).rev().map(<[u8]>::to_vec).collect();
            bytes.copy_from_slice(&classes.concat());
        }
    })
}

/// Three images.
fn images(ty: DType) -> Vec<Vec<Tensor>> {
    let image = |seed: usize| {
        let pixels = (0..64).map(|i| ((i * 7 + seed * 29) % 17) as f32 / 16.0);
        match ty {
            DType::F32 => Tensor::f32(&[1, 1, 8, 8], &pixels.collect::<Vec<_>>()),
            _ => Tensor::new(ty, vec![1, 1, 8, 8], pixels.map(|p| (p * 200.0) as u8 ^ 0x80).collect()),
        }
    };
    (0..3).map(|seed| vec![image(seed)]).collect()
}

/// A convolution that is long enough to be divided among threads.
fn convolution(folder: &TempDir) -> Compiler {
    let waves = |len: usize| (0..len).map(|i| (i as f32 * 0.37).sin()).collect::<Vec<_>>();
    let bytes = ModelBuilder::new(17)
        .input("x", DType::F32, &[1, 8, 32, 32])
        .initializer_f32("w", &[16, 8, 3, 3], &waves(16 * 8 * 9))
        .initializer_f32("b", &[16], &waves(16))
        .node("Conv", &["x", "w", "b"], &["y"], &[])
        .output("y", DType::F32, &[1, 16, 30, 30])
        .bytes();
    let path = folder.path().join("convolution.onnx");
    std::fs::write(&path, bytes).unwrap();
    compiler(&path, &Machine::board()).threads(true)
}

#[test]
fn digits_for_microcontrollers_with_updatable_weights() {
    let compiler = compiler(&example("digits.onnx"), &Machine::named("cortex-m4f").unwrap());
    let compiled = compiler.compile().unwrap();
    insta::assert_snapshot!(compiler.emit(&compiled, "").source);
}

#[test]
fn emitted_code_takes_its_weights_and_those_of_a_retrained_model() {
    let folder = tempfile::tempdir().unwrap();
    let (retrained, opposite) = (retrained(&folder), opposite(&folder));
    let machines = ["board", "cortex-m4f", "cortex-m0", "cortex-m55"].map(|name| Machine::named(name).unwrap());
    let (mut modules, mut expected) = (vec![], vec![]);
    for (number, target) in machines.iter().enumerate() {
        for quantised in [false, true] {
            let of = |model: &Path| {
                let compiler = compiler(model, target);
                if quantised { int8(compiler) } else { compiler }
            };
            let first = of(&example("digits.onnx"));
            let compiled = first.compile().unwrap();
            let name = format!("first{number}{quantised}");
            let module = Module::new(&name, &first, &compiled);
            let source = folder.path().join(format!("{name}.rs"));
            std::fs::write(&source, &module.emitted.source).unwrap();
            let inputs = images(compiled.program.inputs[0].ty.dtype);

            // In floats every number may change; in integers those that leave scales and zero points as they are.
            let second = of(if quantised { &opposite } else { &retrained });
            let other = second.compile().unwrap();
            let block = second.weights_for(&other, &source).unwrap();
            assert_eq!(Some(&block), second.emit(&other, "").block.as_ref());
            let blob = Module::new(format!("second{number}{quantised}"), &second, &other).blob;
            assert_ne!(blob, module.blob);
            let updated = Module {
                name: format!("updated{number}{quantised}"),
                blob,
                ..module.clone()
            };
            for (module, compiler) in [(module, &first), (updated, &second)] {
                // What the same model computes whose weights are in its source.
                let inline = compiler.clone().weights(Weights::Inline).compile().unwrap();
                let results: Vec<_> = inputs.iter().map(|inputs| inline.executor().run(inputs)).collect();
                modules.push(module);
                expected.push((inputs.clone(), results));
            }
        }
    }
    let threaded = convolution(&folder);
    let compiled = threaded.compile().unwrap();
    assert!(compiled.program.calls.iter().any(|call| call.instance.divided));
    let wave: Vec<_> = (0..8 * 32 * 32).map(|i| (i as f32 * 0.11).cos()).collect();
    let inputs = vec![vec![Tensor::f32(&[1, 8, 32, 32], &wave)]];
    let inline = threaded.clone().weights(Weights::Inline).compile().unwrap();
    let results = vec![inline.executor().run(&inputs[0])];
    modules.push(Module::new("threaded", &threaded, &compiled));
    expected.push((inputs, results));
    let workspace = workspace::open(env!("CARGO_TARGET_TMPDIR"), "updates");
    let built = workspace.build(&[modules]).unwrap();
    for (runner, (inputs, results)) in built.into_iter().zip(expected) {
        let runner = runner.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(runner.run(&inputs).unwrap_or_else(|e| panic!("{e}")), results);
        zoo::same_for_threads(&runner, &inputs, &results).unwrap_or_else(|e| panic!("{e}"));
    }
}

/// Two layers whose biases are zeros, channels that are dead, and weights most of which are zeros: what is done about
/// them elsewhere must not be done where other weights come.
fn untrained(folder: &TempDir, trained: bool) -> PathBuf {
    let weight = |i: usize| match (trained, i.is_multiple_of(9)) {
        (false, false) => 0.0,
        _ => (i as f32 * 0.37).sin(),
    };
    let weights = |len: usize| (0..len).map(weight).collect::<Vec<_>>();
    let bias = if trained { vec![0.5; 64] } else { vec![0.0; 64] };
    let other = if trained { vec![0.25; 64] } else { vec![0.0; 64] };
    let bytes = ModelBuilder::new(17)
        .input("x", DType::F32, &[1, 64])
        .initializer_f32("w", &[64, 64], &weights(64 * 64))
        .initializer_f32("b", &[64], &bias)
        .initializer_f32("w2", &[64, 64], &weights(64 * 64))
        .initializer_f32("b2", &[64], &other)
        .node("Gemm", &["x", "w", "b"], &["h"], &[])
        .node("Relu", &["h"], &["r"], &[])
        .node("Gemm", &["r", "w2", "b2"], &["y"], &[])
        .output("y", DType::F32, &[1, 64])
        .bytes();
    let path = folder.path().join(format!("{trained}.onnx"));
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn the_code_does_not_depend_on_the_weights() {
    let folder = tempfile::tempdir().unwrap();
    let target = Machine::named("cortex-m4f").unwrap();
    let structure = |model: &Path| {
        let compiler = compiler(model, &target);
        compiler.block(&compiler.compile().unwrap()).unwrap().structure
    };
    let (untrained, trained) = (untrained(&folder, false), untrained(&folder, true));
    assert_eq!(structure(&untrained), structure(&trained));
    // Inline, it does.
    let calls = |model: &Path| {
        let compiled = Compiler::new(model).target(target.clone()).compile().unwrap();
        compiled.program.weight_bytes()
    };
    assert_ne!(calls(&untrained), calls(&trained));
}

#[test]
fn other_code_is_refused_with_the_line_that_differs() {
    let folder = tempfile::tempdir().unwrap();
    let board = Machine::board();
    let first = compiler(&example("digits.onnx"), &board);
    let source = folder.path().join("digits.rs");
    first.write(&first.compile().unwrap(), &source).unwrap();
    let weights = std::fs::read(folder.path().join("digits.weights")).unwrap();
    assert!(weights.starts_with(b"EDGECWTS"));
    let other = compiler(&untrained(&folder, true), &board);
    let error = other
        .weights_for(&other.compile().unwrap(), &source)
        .unwrap_err()
        .to_string();
    assert!(error.contains("the code would differ: it has `"), "{error}");
    let inline = Compiler::new(example("digits.onnx")).weights(Weights::Inline);
    let inline_source = folder.path().join("inline.rs");
    inline.write(&inline.compile().unwrap(), &inline_source).unwrap();
    let error = other
        .weights_for(&other.compile().unwrap(), &inline_source)
        .unwrap_err()
        .to_string();
    assert!(error.contains("is no file that takes updatable weights"), "{error}");
}

#[test]
fn models_that_have_none_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let bytes = ModelBuilder::new(17)
        .input("x", DType::F32, &[1, 4])
        .node("Relu", &["x"], &["y"], &[])
        .output("y", DType::F32, &[1, 4])
        .bytes();
    let path = folder.path().join("relu.onnx");
    std::fs::write(&path, bytes).unwrap();
    let error = compiler(&path, &Machine::board()).compile().unwrap_err().to_string();
    assert!(error.contains("no constant tensors"), "{error}");
}
