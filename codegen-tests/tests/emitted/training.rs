//! Emitted steps of training compute what the host executor computes, bit for bit.

use codegen_tests::program;
use edgec::ir::Tensor;
use edgec::{Compiled, Compiler, Loss, Optimizer, TrainOptions};
use std::path::Path;

const STEPS: usize = 12;

/// Trains each model, and prints the bits of the losses and of the parameters; then begins anew.
const PROGRAM: &str = r#"#![deny(warnings)]
#![forbid(unsafe_code)]
mod adam;
mod momentum;
mod sgd;

fn image(step: usize) -> [f32; 64] {
    std::array::from_fn(|i| ((i * 7919 + step * 104_729) % 256) as f32 / 256.0)
}

macro_rules! train {
    ($model:ty) => {{
        let mut model = Box::new(<$model>::new());
        let scores = *model.run(&image(0));
        let losses: Vec<f32> = (0..STEPS).map(|step| model.train_step(&image(step), &[step as i32 % 10], 0.01)).collect();
        let mut parameters = Box::new([0.0; <$model>::PARAMETERS]);
        model.parameters(&mut parameters);
        println!("{:?}", losses.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        println!("{:?}", parameters.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
        let trained = *model.run(&image(0));
        assert_ne!(trained, scores, "it has not learned");
        model.reset();
        assert_eq!(*model.run(&image(0)), scores, "it has not begun anew");
        model.set_parameters(&parameters);
        assert_eq!(*model.run(&image(0)), trained, "it has not taken its parameters");
    }};
}

fn main() {
    train!(sgd::Digits);
    train!(momentum::Digits);
    train!(adam::Digits);
}
"#;

fn image(step: usize) -> Tensor {
    let pixels: Vec<f32> = (0..64)
        .map(|i| ((i * 7919 + step * 104_729) % 256) as f32 / 256.0)
        .collect();
    Tensor::f32(&[1, 1, 8, 8], &pixels)
}

/// What the program prints, by the executor.
fn executed(compiled: &Compiled) -> String {
    let mut executor = compiled.executor();
    let mut step = |step: usize| {
        let (target, rate) = (Tensor::i32(&[1], &[step as i32 % 10]), Tensor::f32(&[], &[0.01]));
        executor.train_step(&[image(step), target, rate]).unwrap()
    };
    let losses: Vec<u32> = (0..STEPS).flat_map(|i| bits(&step(i))).collect();
    let training = compiled.program.training.as_ref().unwrap();
    let states = executor.states();
    let parameters: Vec<u32> = training
        .parameters
        .iter()
        .flat_map(|index| bits(&states[*index]))
        .collect();
    format!("{losses:?}\n{parameters:?}\n")
}

fn bits(tensor: &Tensor) -> Vec<u32> {
    tensor.to_f32().unwrap().into_iter().map(f32::to_bits).collect()
}

#[test]
fn emitted_steps_are_those_of_the_host() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edgec/training");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let optimizers = [
        ("sgd", &["last:2"][..], Optimizer::Sgd),
        ("momentum", &["fc.*", "conv3"], Optimizer::Momentum { beta: 0.9 }),
        ("adam", &["all"], Optimizer::Adam),
    ];
    let mut expected = String::new();
    for (name, layers, optimizer) in optimizers {
        let options = TrainOptions {
            layers: layers.iter().map(|layer| (*layer).to_owned()).collect(),
            loss: Loss::SoftmaxCrossEntropy,
            optimizer,
        };
        let digits = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx");
        let compiler = Compiler::new(digits).train(options);
        let compiled = compiler.compile().unwrap_or_else(|error| panic!("{error}"));
        compiler
            .write(&compiled, &folder.join(format!("src/{name}.rs")))
            .unwrap();
        expected.push_str(&executed(&compiled));
    }
    let main = PROGRAM.replace("STEPS", &STEPS.to_string());
    let printed = program::run(&folder, &[], &main, true);
    assert!(
        printed == expected,
        "the emitted code computes other numbers than the executor"
    );
}
