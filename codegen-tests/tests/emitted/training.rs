//! Steps of training: emitted ones compute what the host executor computes, bit for bit, and that what one finds by
//! hand.

use codegen_tests::model_builder::{Attr, ModelBuilder};
use codegen_tests::program;
use edgec::back::exec::Executor;
use edgec::ir::program::Call;
use edgec::ir::{DType, Tensor};
use edgec::middle::quantize::QuantizeOptions;
use edgec::{Compiled, Compiler, Loss, Optimizer, TrainOptions};
use std::path::{Path, PathBuf};

const STEPS: usize = 12;

/// Trains each model, and prints the bits of the losses and of the parameters; then begins anew.
const PROGRAM: &str = r#"#![deny(warnings)]
#![forbid(unsafe_code)]
mod adam;
mod frozen;
mod momentum;
mod sgd;
mod summed;

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

/// The same steps, each after sums over three samples.
fn accumulate() {
    let mut model = Box::new(summed::Digits::new());
    // Before the first call, too, nothing is there to apply.
    model.apply(0.01);
    let scores = *model.run(&image(0));
    let mut losses = vec![];
    for step in 0..STEPS {
        losses.push(model.accumulate(&image(step), &[step as i32 % 10]));
        if step % 3 == 2 {
            model.apply(0.01);
        }
    }
    assert_ne!(*model.run(&image(0)), scores, "it has not learned");
    losses.push(model.train_step(&image(0), &[0], 0.01));
    let mut parameters = Box::new([0.0; summed::Digits::PARAMETERS]);
    model.parameters(&mut parameters);
    println!("{:?}", losses.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
    println!("{:?}", parameters.iter().map(|x| x.to_bits()).collect::<Vec<_>>());
    // Sums that were not applied are forgotten.
    model.accumulate(&image(0), &[0]);
    model.reset();
    model.apply(0.01);
    assert_eq!(*model.run(&image(0)), scores, "it has not begun anew");
}

fn main() {
    train!(sgd::Digits);
    train!(momentum::Digits);
    train!(adam::Digits);
    train!(frozen::Digits);
    accumulate();
    // What these take, by type.
    let rate = 0.5;
    let losses = [
        scalar::Scalar::new().train_step(&[1.0, 2.0, 3.0], &[2], rate),
        integer::Integer::new().train_step(&[0.5; 6], &[3_i64], &[0, 1], rate),
        unread::Unread::new().train_step(&[0.0; 6], &[0.0; 12], rate),
        reshaped::Reshaped::new().train_step(&[0.5; 6], &[3, 0], rate),
    ];
    assert!(losses.iter().all(|loss| loss.is_finite() && *loss > 0.0), "{losses:?}");
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
    printed(&losses, &executor, compiled)
}

/// What it prints of a model whose gradients are summed up.
fn executed_sums(compiled: &Compiled) -> String {
    let mut executor = compiled.executor();
    let (class, rate) = (
        |step: usize| Tensor::i32(&[1], &[step as i32 % 10]),
        Tensor::f32(&[], &[0.01]),
    );
    let mut losses = vec![];
    for step in 0..STEPS {
        losses.extend(bits(&executor.accumulate(&[image(step), class(step)]).unwrap()));
        if step % 3 == 2 {
            executor.apply(&rate);
        }
    }
    losses.extend(bits(&executor.train_step(&[image(0), class(0), rate]).unwrap()));
    printed(&losses, &executor, compiled)
}

fn printed(losses: &[u32], executor: &Executor<'_>, compiled: &Compiled) -> String {
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

fn example(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../examples/digits")
        .join(file)
}

/// The digits with all that is not trained in integers.
fn frozen() -> Compiler {
    let samples = example("calibration.npz").to_str().unwrap().to_owned();
    Compiler::new(example("digits.onnx")).quantize(QuantizeOptions::new(samples))
}

/// Layers in front of the trained one compute in integers, and that one in floats; it learns.
#[test]
fn a_frozen_part_computes_in_integers() {
    let options = TrainOptions {
        layers: vec!["last:1".into()],
        ..TrainOptions::default()
    };
    let compiled = frozen().train(options).compile().unwrap();
    let program = &compiled.program;
    let inference = program.training.as_ref().unwrap().inference;
    let (before, after) = program.calls.split_at(inference);
    let kernels = |calls: &[Call]| -> Vec<_> { calls.iter().map(|call| call.kernel.name().to_owned()).collect() };
    let (before, after) = (kernels(before), kernels(after));
    let convolutions = before.iter().filter(|name| name.contains("conv"));
    let integers = convolutions.clone().filter(|name| name.starts_with("qlinear_conv"));
    assert_eq!((convolutions.count(), integers.count()), (3, 3), "{before:?}");
    assert_eq!(
        before.iter().filter(|name| *name == "dequantize_linear").count(),
        1,
        "{before:?}"
    );
    assert!(!after.iter().any(|name| name.starts_with("qlinear")), "{after:?}");
    let floats: Vec<_> = compiled.quantized.as_ref().unwrap().report.float.clone();
    assert_eq!(floats, [("fc".to_owned(), "it is trained".to_owned())]);
    let mut executor = compiled.executor();
    let mut loss = || {
        let (target, rate) = (Tensor::i32(&[1], &[3]), Tensor::f32(&[], &[0.05]));
        executor
            .train_step(&[image(0), target, rate])
            .unwrap()
            .to_f32()
            .unwrap()[0]
    };
    let losses: Vec<f32> = (0..20).map(|_| loss()).collect();
    assert!(losses[19] < 0.5 * losses[0], "{losses:?}");
}

#[test]
fn emitted_steps_are_those_of_the_host() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("edgec/training");
    std::fs::create_dir_all(folder.join("src")).unwrap();
    let momentum = Optimizer::Momentum { beta: 0.9 };
    let optimizers = [
        ("sgd", &["last:2"][..], Optimizer::Sgd, false),
        ("momentum", &["fc.*", "conv3"], momentum, false),
        ("adam", &["all"], Optimizer::Adam, false),
        ("frozen", &["last:2"], Optimizer::Sgd, false),
        ("summed", &["last:1"], momentum, true),
    ];
    let mut expected = String::new();
    for (name, layers, optimizer, accumulate) in optimizers {
        let options = TrainOptions {
            layers: layers.iter().map(|layer| (*layer).to_owned()).collect(),
            loss: Loss::SoftmaxCrossEntropy,
            optimizer,
            accumulate,
            ..TrainOptions::default()
        };
        let compiler = match name {
            "frozen" => frozen().train(options),
            _ => Compiler::new(example("digits.onnx")).train(options),
        };
        let compiled = compiler.compile().unwrap_or_else(|error| panic!("{error}"));
        compiler
            .write(&compiled, &folder.join(format!("src/{name}.rs")))
            .unwrap();
        expected.push_str(&match accumulate {
            true => executed_sums(&compiled),
            false => executed(&compiled),
        });
    }
    let main = PROGRAM.replace("STEPS", &STEPS.to_string());
    let main = main.replace("mod adam;\n", &format!("mod adam;\n{}", write_unusual(&folder)));
    let printed = program::run(&folder, &[], &main, true);
    assert!(
        printed == expected,
        "the emitted code computes other numbers than the executor"
    );
}

/// A model of Gemms, each with a Sigmoid behind it, in a file.
fn layers(folder: &Path, x: usize, gemms: &[([usize; 2], &[f32], &[f32])]) -> PathBuf {
    let mut model = ModelBuilder::new(17).input("x", DType::F32, &[1, x]);
    let mut value = "x".to_owned();
    for (i, ([rows, columns], weights, bias)) in gemms.iter().enumerate() {
        let [w, b, z, y] = ["w", "b", "z", "y"].map(|name| format!("{name}{i}"));
        model = model
            .initializer_f32(&w, &[*rows, *columns], weights)
            .initializer_f32(&b, &[*rows], bias)
            .node("Gemm", &[&value, &w, &b], &[&z], &[("transB", Attr::Int(1))])
            .node("Sigmoid", &[&z], &[&y], &[]);
        value = y;
    }
    let outputs = gemms.last().unwrap().0[0];
    let path = folder.join("layers.onnx");
    std::fs::write(&path, model.output(&value, DType::F32, &[1, outputs]).bytes()).unwrap();
    path
}

/// The loss of one step of training all layers, and the parameters after it.
fn step(model: &Path, loss: Loss, optimizer: Optimizer, x: &[f32], target: &[f32], rate: f32) -> (f32, Vec<f32>) {
    let options = TrainOptions {
        layers: vec!["all".into()],
        loss,
        optimizer,
        ..TrainOptions::default()
    };
    let compiled = Compiler::new(model)
        .train(options)
        .compile()
        .unwrap_or_else(|error| panic!("{error}"));
    let mut executor = compiled.executor();
    let inputs = [x, target].map(|values| Tensor::f32(&[1, values.len()], values));
    let inputs = [&inputs[..], &[Tensor::f32(&[], &[rate])]].concat();
    let loss = executor.train_step(&inputs).unwrap().to_f32().unwrap()[0];
    let parameters = executor
        .states()
        .into_iter()
        .take(compiled.program.training.as_ref().unwrap().parameters.len());
    (loss, parameters.flat_map(|state| state.to_f32().unwrap()).collect())
}

fn assert_close(found: &[f32], expected: &[f32]) {
    assert_eq!(found.len(), expected.len());
    for (index, (a, b)) in found.iter().zip(expected).enumerate() {
        assert!((a - b).abs() < 2e-7, "number {index}: {a} instead of {b}");
    }
}

/// The example that is often worked by hand: two inputs, two hidden units, two outputs, a rate of 0.5, and half of the
/// sum of squares, which for two outputs is the mean. Weights are stored with rows for columns.
#[test]
fn a_network_of_two_layers_as_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let gemms = [
        ([2, 2], &[0.15, 0.20, 0.25, 0.30][..], &[0.35, 0.35][..]),
        ([2, 2], &[0.40, 0.45, 0.50, 0.55], &[0.60, 0.60]),
    ];
    let model = layers(folder.path(), 2, &gemms);
    let (x, target) = ([0.05, 0.10], [0.01, 0.99]);
    let (loss, parameters) = step(&model, Loss::MeanSquaredError, Optimizer::Sgd, &x, &target, 0.5);
    assert_close(&[loss], &[0.298_371_1]);
    let weights = [&parameters[..4], &parameters[6..10]].concat();
    let expected = [
        0.149_780_72,
        0.249_751_14,
        0.199_561_43,
        0.299_502_29,
        0.358_916_5,
        0.511_301_3,
        0.408_666_2,
        0.561_370_12,
    ];
    assert_close(&weights, &expected);
    // Adam's first step is the rate, whatever the gradient: against its sign.
    let (_, parameters) = step(&model, Loss::MeanSquaredError, Optimizer::Adam, &x, &target, 0.1);
    assert_close(&parameters[6..10], &[0.30, 0.60, 0.35, 0.65]);
}

/// One unit with the probability 0.622: the gradient by its score is that minus one.
#[test]
fn a_probability_as_by_hand() {
    let folder = tempfile::tempdir().unwrap();
    let model = layers(folder.path(), 1, &[([1, 1], &[0.5], &[0.0])]);
    let (loss, parameters) = step(&model, Loss::BinaryCrossEntropy, Optimizer::Sgd, &[1.0], &[1.0], 1.0);
    assert_close(&[loss], &[0.474_077]);
    assert_close(&parameters, &[0.877_540_7, 0.377_540_7]);
}

/// Models whose steps take unusual operands, built as users build them: a class as a scalar, an integer beside the
/// image, an input that nothing reads, and probabilities behind reshapes.
fn unusual() -> [(&'static str, ModelBuilder, Loss); 4] {
    let w = |model: ModelBuilder, shape: &[usize]| {
        let numbers: Vec<f32> = (0..shape.iter().product())
            .map(|i: usize| (i as f32 * 0.7).sin())
            .collect();
        model.initializer_f32("w", shape, &numbers)
    };
    let new = || ModelBuilder::new(17);
    let scalar = w(new().input("x", DType::F32, &[3]), &[3, 4])
        .node("MatMul", &["x", "w"], &["y"], &[])
        .output("y", DType::F32, &[4]);
    let integer = w(new().input("x", DType::F32, &[2, 3]), &[3, 4])
        .input::<usize>("s", DType::I64, &[])
        .node("Cast", &["s"], &["f"], &[("to", Attr::Int(1))])
        .node("Mul", &["x", "f"], &["a"], &[])
        .node("MatMul", &["a", "w"], &["y"], &[])
        .output("y", DType::F32, &[2, 4]);
    let unread = w(new().input("x", DType::F32, &[2, 3]), &[3, 4])
        .node("Identity", &["w"], &["y"], &[])
        .output("y", DType::F32, &[3, 4]);
    let reshaped = w(new().input("x", DType::F32, &[2, 3, 1, 1]), &[4, 3, 1, 1])
        .node("Conv", &["x", "w"], &["a"], &[])
        .node("Softmax", &["a"], &["b"], &[("axis", Attr::Int(1))])
        .node("Flatten", &["b"], &["y"], &[])
        .output("y", DType::F32, &[2, 4]);
    [
        ("scalar", scalar, Loss::SoftmaxCrossEntropy),
        ("integer", integer, Loss::SoftmaxCrossEntropy),
        ("unread", unread, Loss::MeanSquaredError),
        ("reshaped", reshaped, Loss::SoftmaxCrossEntropy),
    ]
}

/// Writes them as modules of the program, and gives what is to be in `main`.
fn write_unusual(folder: &Path) -> String {
    let modules = unusual().map(|(name, model, loss)| {
        let path = folder.join(format!("{name}.onnx"));
        std::fs::write(&path, model.bytes()).unwrap();
        let options = TrainOptions {
            layers: vec!["w".into()],
            loss,
            ..TrainOptions::default()
        };
        let compiler = Compiler::new(&path).train(options);
        let compiled = compiler.compile().unwrap_or_else(|error| panic!("{name}: {error}"));
        let kernels: Vec<_> = compiled.program.calls.iter().map(|call| call.kernel.name()).collect();
        // Of the loss: the gradient goes through no softmax of probabilities.
        assert_eq!(
            kernels.contains(&"log_softmax"),
            loss == Loss::SoftmaxCrossEntropy,
            "{name}"
        );
        compiler
            .write(&compiled, &folder.join(format!("src/{name}.rs")))
            .unwrap();
        format!("mod {name};\n")
    });
    modules.concat()
}
