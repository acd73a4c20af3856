//! Compiles the quantised model of the digits example with functions for C. The header goes beside the library.

use edgec::middle::quantize::{Io, QuantizeOptions};
use edgec::{Compiler, Machine};
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let int8 = QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new("../../digits/calibration.npz")
    };
    let out = std::env::var("OUT_DIR")?;
    // Out of `build/digits-c-HASH/out`.
    let beside_library = Path::new(&out)
        .ancestors()
        .nth(3)
        .ok_or("OUT_DIR is not where cargo has it")?;
    Compiler::new("../../digits/digits.onnx")
        .target(Machine::named(&std::env::var("TARGET")?)?)
        .name("Digits")
        .quantize(int8)
        .self_test(true)
        .c_header(beside_library.join("digits.h"))
        .emit_to_out_dir("digits.rs")?;
    Ok(())
}
