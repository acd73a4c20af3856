//! Compiles digits.onnx into `$OUT_DIR/digits.rs`, which learns from the beginning, with functions for C. The header
//! goes beside the library.

use edgec::{Compiler, Init, Loss, Optimizer, TrainOptions};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    // All clients begin with the same weights: FedAvg takes the mean of what they make of them.
    let options = TrainOptions {
        layers: vec!["all".into()],
        loss: Loss::SoftmaxCrossEntropy,
        optimizer: Optimizer::Sgd,
        init: Init::He { seed: 1 },
        ..TrainOptions::default()
    };
    let out = std::env::var("OUT_DIR")?;
    // Out of `build/federated-HASH/out`.
    let beside_library = Path::new(&out)
        .ancestors()
        .nth(3)
        .ok_or("OUT_DIR is not where cargo has it")?;
    Compiler::new("digits.onnx")
        .name("Digits")
        .train(options)
        .c_header(beside_library.join("digits.h"))
        .emit_to_out_dir("digits.rs")?;
    Ok(())
}
