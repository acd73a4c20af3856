//! Compiles the teacher, which is the model of examples/digits, and two students that begin alike: one that learns from
//! the teacher's scores, one that learns from labels. The digits go into `$OUT_DIR` as plain bytes.

use edgec::data::npz;
use edgec::{Compiler, Init, Loss, Optimizer, TrainOptions};
use std::error::Error;
use std::path::Path;

/// What a `Softmax` is divided by that makes the teacher's scores soft.
const TEMPERATURE: f32 = 4.0;

fn main() -> Result<(), Box<dyn Error>> {
    Compiler::new("../digits/digits.onnx")
        .name("Teacher")
        .emit_to_out_dir("teacher.rs")?;
    let distillation = Loss::Distillation {
        temperature: TEMPERATURE,
    };
    student("Student", distillation, "student.rs")?;
    student("Classifier", Loss::SoftmaxCrossEntropy, "classifier.rs")?;

    let data = "digits.npz";
    println!("cargo::rerun-if-changed={data}");
    let out = std::env::var("OUT_DIR")?;
    for (name, array) in npz::read(Path::new(data))? {
        std::fs::write(Path::new(&out).join(name), &array.bytes)?;
    }
    Ok(())
}

fn student(name: &str, loss: Loss, file: &str) -> Result<(), edgec::Error> {
    let options = TrainOptions {
        layers: vec!["all".into()],
        loss,
        optimizer: Optimizer::Adam,
        init: Init::He { seed: 1 },
        ..TrainOptions::default()
    };
    Compiler::new("student.onnx")
        .name(name)
        .train(options)
        .emit_to_out_dir(file)?;
    Ok(())
}
