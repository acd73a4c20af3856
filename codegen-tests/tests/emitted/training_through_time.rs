//! Steps of training of recurrent layers: emitted ones compute what the host executor computes, bit for bit.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::program;
use edgec::ir::{DType, Tensor};
use edgec::{Compiled, Compiler, Init, Optimizer, TrainOptions};
use std::path::Path;

const STEPS: usize = 40;
const TIMES: usize = 6;
const BATCH: usize = 2;
const SIZE: usize = 3;
const HIDDEN: usize = 5;
const CLASSES: usize = 2;

/// Trains each model to tell sequences that rise from those that fall, and prints the bits of the losses and of the
/// parameters.
const PROGRAM: &str = r#"#![deny(warnings)]
#![forbid(unsafe_code)]
mod both_lstm;
mod gru;
mod linear_gru;
mod rnn;

fn sequences(step: usize) -> [f32; 36] {
    std::array::from_fn(|i| {
        let (time, sample) = (i / 6, i / 3 % 2);
        let noise = ((i * 7919 + step * 104_729) % 256) as f32 / 512.0;
        let rising = time as f32 / 5.0 - 0.5;
        if (step + sample).is_multiple_of(2) { rising + noise } else { noise - rising }
    })
}

macro_rules! train {
    ($model:ty) => {{
        let mut model = Box::new(<$model>::new());
        let before = *model.run(&sequences(0));
        let target = |step: usize| [step as i32 % 2, (step as i32 + 1) % 2];
        let losses: Vec<f32> =
            (0..STEPS).map(|step| model.train_step(&sequences(step), &target(step), 0.02)).collect();
        let mut parameters = Box::new([0.0; <$model>::PARAMETERS]);
        model.parameters(&mut parameters);
        println!("{:?}", losses.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        println!("{:?}", parameters.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        model.reset();
        assert_eq!(*model.run(&sequences(0)), before, "it has not begun anew");
    }};
}

fn main() {
    train!(both_lstm::BothLstm);
    train!(gru::Gru);
    train!(linear_gru::LinearGru);
    train!(rnn::Rnn);
}
"#;

/// The same sequences.
fn sequences(step: usize) -> Tensor {
    let number = |i: usize| {
        let (time, sample) = (i / (BATCH * SIZE), i / SIZE % BATCH);
        let noise = ((i * 7919 + step * 104_729) % 256) as f32 / 512.0;
        let rising = time as f32 / 5.0 - 0.5;
        if (step + sample).is_multiple_of(2) {
            rising + noise
        } else {
            noise - rising
        }
    };
    let numbers: Vec<f32> = (0..TIMES * BATCH * SIZE).map(number).collect();
    Tensor::f32(&[TIMES, BATCH, SIZE], &numbers)
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    tensor.to_f32().unwrap().into_iter().map(f32::to_bits).collect()
}

/// What the program prints of a model, by the executor.
fn executed(name: &str, compiled: &Compiled) -> String {
    let mut executor = compiled.executor();
    let mut losses = vec![];
    for step in 0..STEPS {
        let target = Tensor::i32(&[BATCH], &[step as i32 % 2, (step as i32 + 1) % 2]);
        let inputs = [sequences(step), target, Tensor::f32(&[], &[0.02])];
        losses.extend(executor.train_step(&inputs).unwrap().to_f32().unwrap());
    }
    let (first, last) = (losses[0], losses[STEPS - 1]);
    assert!(last < first / 2.0, "{name} does not learn: losses {first} to {last}");
    let losses: Vec<u32> = losses.into_iter().map(f32::to_bits).collect();
    let states = executor.states();
    let indices = &compiled.program.training.as_ref().unwrap().parameters;
    let parameters: Vec<u32> = indices.iter().flat_map(|index| bits(&states[*index])).collect();
    format!("{losses:?}\n{parameters:?}\n")
}

/// A recurrent layer, whose last states a `Gemm` tells the classes from.
fn model(operator: &str, gates: usize, directions: usize, attributes: &[(&str, Attr)]) -> ModelBuilder {
    let rows = gates * HIDDEN;
    let zeros = |shape: &[usize]| vec![0.0; shape.iter().product()];
    let mut model = ModelBuilder::new(17).input("x", DType::F32, &[TIMES, BATCH, SIZE]);
    let shapes = [
        ("w", vec![directions, rows, SIZE]),
        ("r", vec![directions, rows, HIDDEN]),
        ("b", vec![directions, 2 * rows]),
        ("dense", vec![directions * HIDDEN, CLASSES]),
        ("bias", vec![CLASSES]),
    ];
    for (name, shape) in &shapes {
        model = model.initializer_f32(name, shape, &zeros(shape));
    }
    let attributes = [attributes, &[("hidden_size", Attr::Int(HIDDEN as i64))]].concat();
    model
        .node(operator, &["x", "w", "r", "b"], &["", "last"], &attributes)
        .node(
            "Transpose",
            &["last"],
            &["rows"],
            &[("perm", Attr::Ints(vec![1, 0, 2]))],
        )
        .node("Flatten", &["rows"], &["flat"], &[])
        .node("Gemm", &["flat", "dense", "bias"], &["y"], &[])
        .output("y", DType::F32, &[BATCH, CLASSES])
}

#[test]
fn emitted_steps_through_time_are_those_of_the_host() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edgec/through_time");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let linear = [("linear_before_reset", Attr::Int(1))];
    let models = [
        (
            "both_lstm",
            model("LSTM", 4, 2, &[("direction", Attr::Str("bidirectional"))]),
        ),
        ("gru", model("GRU", 3, 1, &[])),
        (
            "linear_gru",
            model(
                "GRU",
                3,
                1,
                &[&linear[..], &[("direction", Attr::Str("reverse"))]].concat(),
            ),
        ),
        ("rnn", model("RNN", 1, 1, &[])),
    ];
    let mut expected = String::new();
    for (name, model) in models {
        let path = folder.join(format!("{name}.onnx"));
        std::fs::write(&path, model.bytes()).unwrap();
        let compiler = Compiler::new(&path).train(TrainOptions {
            optimizer: Optimizer::Adam,
            init: Init::He { seed: 3 },
            ..TrainOptions::default()
        });
        let compiled = compiler.compile().unwrap_or_else(|error| panic!("{name}: {error}"));
        compiler
            .write(&compiled, &folder.join(format!("src/{name}.rs")))
            .unwrap();
        expected.push_str(&executed(name, &compiled));
    }
    let printed = program::run(&folder, &[], &PROGRAM.replace("STEPS", &STEPS.to_string()), true);
    assert!(
        printed == expected,
        "the emitted code computes other numbers than the executor"
    );
}
