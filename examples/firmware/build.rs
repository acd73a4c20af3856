//! Compiles the model of the digits example, as it is, quantised, with a last layer that learns, and with weights that
//! are updates; the network of federated learning; the keyword spotter as a stream; and hands the linker the board's
//! memory map.

use edgec::middle::quantize::{Io, QuantizeOptions};
use edgec::tools::updates::{SecretKey, public_key_constant, sign_file};
use edgec::{Compiler, Init, Loss, Machine, Optimizer, TrainOptions, Weights};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let target = std::env::var("TARGET")?;
    let m55 = std::env::var_os("CARGO_FEATURE_M55").is_some();
    let model = Compiler::new("../digits/digits.onnx").target(Machine::named(&target)?);
    model
        .clone()
        .name("Digits")
        .self_test(true)
        .emit_to_out_dir("digits.rs")?;
    let last_layer = TrainOptions {
        layers: vec!["last:1".into()],
        loss: Loss::SoftmaxCrossEntropy,
        optimizer: Optimizer::Sgd,
        ..TrainOptions::default()
    };
    model
        .clone()
        .name("DigitsTrained")
        .train(last_layer)
        .emit_to_out_dir("digits_trained.rs")?;
    federated(&target)?;
    let int8 = QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new("../digits/calibration.npz")
    };
    model
        .name("DigitsInt8")
        .quantize(int8.clone())
        .self_test(true)
        .emit_to_out_dir("digits_int8.rs")?;

    keywords(&target, m55)?;
    let out = std::env::var("OUT_DIR")?;
    updates(&target, int8, Path::new(&out))?;
    let board = match target.as_str() {
        "thumbv6m-none-eabi" => "boards/microbit.x",
        "thumbv8m.main-none-eabihf" if m55 => "boards/mps3-an547.x",
        "thumbv8m.main-none-eabihf" => "boards/mps2-an505.x",
        "riscv32imac-unknown-none-elf" => "boards/virt.x",
        _ => "boards/mps2-an386.x",
    };
    std::fs::copy(board, Path::new(&out).join("memory.x"))?;
    println!("cargo::rerun-if-changed={board}");
    println!("cargo::rustc-link-search={out}");
    let script = if target.starts_with("riscv") {
        "memory.x"
    } else {
        "link.x"
    };
    println!("cargo::rustc-link-arg-bins=-T{script}");
    Ok(())
}

/// The network of federated learning, which learns from the beginning, as all clients do.
fn federated(target: &str) -> Result<(), Box<dyn Error>> {
    let all_layers = TrainOptions {
        layers: vec!["all".into()],
        init: Init::He { seed: 1 },
        ..TrainOptions::default()
    };
    Compiler::new("../federated/digits.onnx")
        .target(Machine::named(target)?)
        .name("Client")
        .train(all_layers)
        .emit_to_out_dir("digits_federated.rs")?;
    Ok(())
}

/// The keyword spotter in integers, as a stream. The step of its input is 1/128: samples are what a microphone of 8
/// bits gives.
fn keywords(target: &str, m55: bool) -> Result<(), Box<dyn Error>> {
    let int8 = QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new("../keywords/calibration.npz")
    };
    let mut model = Compiler::new("../keywords/keywords.onnx")
        .target(Machine::named(if m55 { "cortex-m55" } else { target })?)
        .name("Keywords")
        .quantize(int8)
        .stream("sound", 2, Some(128));
    // This board has fast memory for 2 KB of weights, and for the arena.
    println!("cargo::rustc-check-cfg=cfg(fast_memory)");
    if target == "thumbv7em-none-eabihf" {
        println!("cargo::rustc-cfg=fast_memory");
        model = model
            .weights_section(".model_weights")
            .fast_weights(".fast_weights", 2048)
            .arena_section(".fast_arena");
    }
    model.emit_to_out_dir("keywords.rs")?;
    Ok(())
}

/// The quantised model with updatable weights, two signed sets of them, and the key that verifies them. The second set
/// is that of a model that takes every digit for the opposite one, 9 for 0: its scores tell which weights computed
/// them.
fn updates(target: &str, int8: QuantizeOptions, out: &Path) -> Result<(), Box<dyn Error>> {
    // Whoever has the key of a product signs for all of its devices. This one is for everybody to read.
    let key = SecretKey::from_seed(b"an example: no secret key at all");
    let key_file = out.join("example.key");
    key.write(&key_file, true)?;
    std::fs::write(out.join("public_key.rs"), public_key_constant(&key.public_key()))?;

    let compiler = |model: &Path| -> Result<Compiler, Box<dyn Error>> {
        let compiler = Compiler::new(model).target(Machine::named(target)?).name("DigitsInt8");
        Ok(compiler.quantize(int8.clone()).weights(Weights::Updatable))
    };
    let trained = Path::new("../digits/digits.onnx");
    compiler(trained)?.emit_to_out_dir("digits_updatable.rs")?;
    sign_file(
        &out.join("digits_updatable.weights"),
        &key_file,
        1,
        &out.join("digits_1.weights"),
        true,
    )?;

    let opposite = out.join("opposite.onnx");
    std::fs::write(&opposite, with_opposite_classes(std::fs::read(trained)?)?)?;
    let compiler = compiler(&opposite)?;
    let compiled = compiler.compile()?;
    let block = compiler.weights_for(&compiled, &out.join("digits_updatable.rs"))?;
    let second = out.join("digits_2.weights");
    compiler.write_weights(
        &compiled,
        &second,
        &edgec::data::blob::unsigned(block.structure, &block.bytes),
    )?;
    sign_file(&second, &key_file, 2, &second, true)?;
    Ok(())
}

/// The file of the model with the classes of its last layer in the opposite order.
fn with_opposite_classes(mut file: Vec<u8>) -> Result<Vec<u8>, Box<dyn Error>> {
    let model = edgec::front::load::load_bytes(&file, None)?;
    for (name, bytes_of_class) in [("fc.weight", 4 * 128), ("fc.bias", 4)] {
        let tensor = model.graph.initializer.iter().find(|tensor| tensor.name() == name);
        let raw = tensor.ok_or("a tensor is missing")?.raw_data().to_vec();
        let at = file.windows(raw.len()).position(|window| window == raw);
        let at = at.ok_or("a tensor is not where the file has it")?;
        let opposite: Vec<u8> = raw.chunks(bytes_of_class).rev().flatten().copied().collect();
        file[at..at + raw.len()].copy_from_slice(&opposite);
    }
    Ok(file)
}
