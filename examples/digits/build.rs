//! Compiles digits.onnx into `$OUT_DIR/digits.rs`.

fn main() -> Result<(), edgec::Error> {
    edgec::Compiler::new("digits.onnx")
        .name("Digits")
        .emit_to_out_dir("digits.rs")?;
    Ok(())
}
