//! What trained parameters begin with if `--init` says so.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use edgec::ir::program::Storage;
use edgec::ir::{DType, Tensor};
use edgec::{Compiled, Compiler, Init, TrainOptions};
use std::collections::BTreeMap;
use std::path::Path;

const SEEDED: Init = Init::He { seed: 7 };

fn compiled(model: &Path, layers: &str, init: Init) -> Compiled {
    let options = TrainOptions {
        layers: vec![layers.into()],
        init,
        ..TrainOptions::default()
    };
    let compiled = Compiler::new(model).train(options).compile();
    compiled.unwrap_or_else(|error| panic!("{error}"))
}

fn digits(layers: &str, init: Init) -> Compiled {
    let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx");
    compiled(&digits, layers, init)
}

/// The states by name, as a new model has them.
fn beginning(compiled: &Compiled) -> BTreeMap<String, Vec<f32>> {
    let names = compiled.program.states.iter().map(|state| state.name.clone());
    let values = compiled.executor().states().into_iter();
    names.zip(values.map(|state| state.to_f32().unwrap())).collect()
}

/// The first numbers were computed apart, in Python: another generator, order or rounding shows.
#[test]
fn the_numbers_are_the_same_everywhere() {
    let states = beginning(&digits("all", SEEDED));
    let first: Vec<u32> = states["conv1.weight"][..4].iter().map(|x| x.to_bits()).collect();
    assert_eq!(first, [0x3e55_4e69, 0xbeb7_09a5, 0xbf7e_a109, 0xbe64_d74d]);
    // Weights of the Gemm are stored with rows for columns.
    let weights = states["fc.weight"].iter().step_by(10).take(4);
    let first: Vec<u32> = weights.map(|x| x.to_bits()).collect();
    assert_eq!(first, [0xbd00_f190, 0xbcc6_fc64, 0xbd90_e94d, 0x3e3b_247d]);
    assert!(states["conv1.bias"].iter().all(|bias| bias.to_bits() == 0));
}

#[test]
fn only_the_seed_and_the_name_matter() {
    let all = beginning(&digits("all", SEEDED));
    let last = beginning(&digits("last:1", SEEDED));
    assert_eq!(last.len(), 2);
    assert!(last.iter().all(|(name, values)| all[name] == *values));
    let other = beginning(&digits("last:1", Init::He { seed: 8 }));
    assert_ne!(other["fc.weight"], last["fc.weight"]);
}

/// Constants that no state begins with.
fn frozen(compiled: &Compiled) -> Vec<&Tensor> {
    let program = &compiled.program;
    let is_initial = |id: usize| program.initial.iter().any(|(_, view)| view.buffer.0 == id);
    let buffers = program.buffers.iter().enumerate();
    let constants = buffers.filter_map(|(id, buffer)| match &buffer.storage {
        Storage::Constant(tensor) if !is_initial(id) => Some(tensor),
        _ => None,
    });
    constants.collect()
}

#[test]
fn frozen_layers_stay_as_they_are() {
    let [kept, anew] = [Init::Keep, SEEDED].map(|init| digits("last:1", init));
    let weights = frozen(&kept);
    assert!(weights.len() > 3);
    assert_eq!(weights, frozen(&anew));
    assert_ne!(beginning(&kept)["fc.weight"], beginning(&anew)["fc.weight"]);
}

fn image(number: usize) -> Tensor {
    let pixels: Vec<f32> = (0..64)
        .map(|i| ((i * 7919 + number * 104_729) % 256) as f32 / 256.0)
        .collect();
    Tensor::f32(&[1, 1, 8, 8], &pixels)
}

/// The mean loss of ten images, one of each class, in each of some rounds.
fn losses(compiled: &Compiled, rounds: usize, rate: f32) -> Vec<f64> {
    let mut executor = compiled.executor();
    let mut step = |class: usize| {
        let (target, rate) = (Tensor::i32(&[1], &[class as i32]), Tensor::f32(&[], &[rate]));
        let loss = executor.train_step(&[image(class), target, rate]).unwrap();
        loss.scalar_f64().unwrap()
    };
    (0..rounds)
        .map(|_| (0..10).map(&mut step).sum::<f64>() / 10.0)
        .collect()
}

#[test]
fn a_network_learns_from_its_beginning() {
    let losses = losses(&digits("all", SEEDED), 20, 0.05);
    assert!(losses[0] > 1.0, "it knew before: {losses:?}");
    assert!(losses[19] < 0.1 * losses[0], "it has not learned: {losses:?}");
}

/// Without weights all classes are as probable.
#[test]
fn zeros_know_nothing() {
    let losses = losses(&digits("last:1", Init::Zeros), 1, 0.0);
    assert!((losses[0] - 10.0_f64.ln()).abs() < 1e-6, "{losses:?}");
}

/// A model of one layer, and what stands for the deviation of its weights `w`: the inputs of one sum.
fn layers() -> [(&'static str, ModelBuilder, f64); 6] {
    let zeros = |model: ModelBuilder, name: &str, shape: &[usize]| {
        let len = shape.iter().product();
        model.initializer_f32(name, shape, &vec![0.0; len])
    };
    let new = |shape: &[usize]| ModelBuilder::new(17).input("x", DType::F32, shape);
    let end = |model: ModelBuilder, shape: &[usize]| model.output("y", DType::F32, shape);
    let gemm = zeros(new(&[1, 30]), "w", &[100, 30]).node("Gemm", &["x", "w"], &["y"], &[("transB", Attr::Int(1))]);
    let turned = zeros(new(&[30, 4]), "w", &[30, 100]).node("Gemm", &["w", "x"], &["y"], &[("transA", Attr::Int(1))]);
    let product = zeros(new(&[1, 30]), "w", &[30, 100]).node("MatMul", &["x", "w"], &["y"], &[]);
    let groups =
        zeros(new(&[1, 12, 5, 5]), "w", &[60, 6, 3, 3]).node("Conv", &["x", "w"], &["y"], &[("group", Attr::Int(2))]);
    let transposed = zeros(new(&[1, 12, 5, 5]), "w", &[12, 20, 4, 4]).node(
        "ConvTranspose",
        &["x", "w"],
        &["y"],
        &[("group", Attr::Int(2)), ("strides", Attr::Ints(vec![2, 2]))],
    );
    let table = zeros(ModelBuilder::new(17).input("x", DType::I64, &[3]), "w", &[60, 50]).node(
        "Gather",
        &["w", "x"],
        &["y"],
        &[],
    );
    [
        ("Gemm", end(gemm, &[1, 100]), 30.0),
        ("Gemm of weights first", end(turned, &[100, 4]), 30.0),
        ("MatMul", end(product, &[1, 100]), 30.0),
        ("Conv", end(groups, &[1, 60, 3, 3]), 54.0),
        // 12 channels in two groups, and in each direction two of the four elements of the window.
        ("ConvTranspose", end(transposed, &[1, 40, 12, 12]), 24.0),
        ("Gather", end(table, &[3, 50]), 1.0),
    ]
}

#[test]
fn deviations_are_those_of_he() {
    let folder = tempfile::tempdir().unwrap();
    for (name, model, fan_in) in layers() {
        let path = folder.path().join("layer.onnx");
        std::fs::write(&path, model.bytes()).unwrap();
        let weights = beginning(&compiled(&path, "w", SEEDED)).remove("w").unwrap();
        let len = weights.len() as f64;
        let mean = weights.iter().map(|w| f64::from(*w)).sum::<f64>() / len;
        let square = weights.iter().map(|w| f64::from(*w).powi(2)).sum::<f64>() / len;
        let expected = 2.0 / fan_in;
        // Of so many weights, three times what the mean and the mean square are usually off by.
        let (of_mean, of_square) = (3.0 * (expected / len).sqrt(), 3.0 * expected * (2.0 / len).sqrt());
        assert!(mean.abs() < of_mean, "{name}: the mean is {mean}");
        assert!((square - expected).abs() < of_square, "{name}: {square} for {expected}");
    }
}

/// Normalisations begin as if they were not there, slopes as in the paper that introduced them; what no layer is known
/// to read is an error that names it.
#[test]
fn other_parameters_begin_as_is_usual() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("norm.onnx");
    let model = ModelBuilder::new(17)
        .input("x", DType::F32, &[1, 3])
        .initializer_f32("scale", &[3], &[2.0, 3.0, 4.0])
        .initializer_f32("bias", &[3], &[2.0, 3.0, 4.0])
        .initializer_f32("slope", &[3], &[2.0, 3.0, 4.0])
        .initializer_f32("factor", &[3], &[2.0, 3.0, 4.0])
        .node("LayerNormalization", &["x", "scale", "bias"], &["a"], &[])
        .node("PRelu", &["a", "slope"], &["b"], &[])
        .node("Mul", &["b", "factor"], &["y"], &[])
        .output("y", DType::F32, &[1, 3]);
    std::fs::write(&path, model.bytes()).unwrap();
    let states = beginning(&compiled(&path, "all", SEEDED));
    let all = [("scale", 1.0), ("bias", 0.0), ("slope", 0.25)];
    assert!(
        all.iter().all(|(name, number)| states[*name] == [*number; 3]),
        "{states:?}"
    );
    let options = TrainOptions {
        layers: vec!["factor".into()],
        init: SEEDED,
        ..TrainOptions::default()
    };
    let error = Compiler::new(&path).train(options).compile().unwrap_err().to_string();
    assert!(error.contains("`factor` is no parameter of a layer"), "{error}");
}
