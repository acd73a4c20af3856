//! Compiles digits.onnx into `$OUT_DIR/digits.rs` and, quantised, into `$OUT_DIR/digits_int8.rs`.

use edgec::Compiler;
use edgec::middle::quantize::{Io, QuantizeOptions};

fn main() -> Result<(), edgec::Error> {
    let model = Compiler::new("digits.onnx");
    model.clone().name("Digits").emit_to_out_dir("digits.rs")?;
    let int8 = QuantizeOptions {
        io: Io::Int8,
        ..QuantizeOptions::new("calibration.npz")
    };
    model
        .name("DigitsInt8")
        .quantize(int8)
        .emit_to_out_dir("digits_int8.rs")?;
    Ok(())
}
