//! Compiling the model of `examples/digits`, and what is said.

use std::path::Path;
use std::process::{Command, Output};

/// Compiles it to `d.rs` in `folder`.
pub(crate) fn compile(folder: &Path, flags: &[&str]) -> Output {
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/digits/digits.onnx");
    let mut command = Command::new(env!("CARGO_BIN_EXE_edgec"));
    command.current_dir(folder).arg(model).args(["-o", "d.rs"]).args(flags);
    command.output().unwrap()
}

/// What was said, in one line without the frame that the terminal's width asks for.
pub(crate) fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).replace(['│', '×'], "");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
