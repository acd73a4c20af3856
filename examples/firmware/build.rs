//! Compiles the model of the digits example, as it is, quantised, and with a last layer that learns, and hands the
//! linker the board's memory map.

use edgec::middle::quantize::{Io, QuantizeOptions};
use edgec::{Compiler, Loss, Machine, Optimizer, TrainOptions};
use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let target = std::env::var("TARGET")?;
    let model = Compiler::new("../digits/digits.onnx").target(Machine::named(&target)?);
    model.clone().name("Digits").emit_to_out_dir("digits.rs")?;
    let last_layer = TrainOptions {
        layers: vec!["last:1".into()],
        loss: Loss::SoftmaxCrossEntropy,
        optimizer: Optimizer::Sgd,
    };
    model
        .clone()
        .name("DigitsTrained")
        .train(last_layer)
        .emit_to_out_dir("digits_trained.rs")?;
    let int8 = QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new("../digits/calibration.npz")
    };
    model
        .name("DigitsInt8")
        .quantize(int8)
        .emit_to_out_dir("digits_int8.rs")?;

    let out = std::env::var("OUT_DIR")?;
    let board = match target.as_str() {
        "thumbv6m-none-eabi" => "boards/microbit.x",
        _ => "boards/mps2-an386.x",
    };
    std::fs::copy(board, Path::new(&out).join("memory.x"))?;
    println!("cargo::rerun-if-changed={board}");
    println!("cargo::rustc-link-search={out}");
    println!("cargo::rustc-link-arg-bins=-Tlink.x");
    Ok(())
}
