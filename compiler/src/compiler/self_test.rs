use super::Compiler;
use crate::ir::Tensor;
use std::collections::BTreeMap;

impl Compiler {
    /// Whether the struct gets `self_test`, which runs one case on the device and compares the results with those that
    /// the host executor computes now: integers bit for bit, floats within a tolerance. The inputs are pseudo-random
    /// unless they are [given](Self::self_test_input).
    ///
    /// ```no_run
    /// edgec::Compiler::new("digits.onnx").self_test(true).emit_to_out_dir("digits.rs").unwrap();
    /// ```
    pub fn self_test(mut self, wanted: bool) -> Self {
        self.self_test = wanted.then(BTreeMap::new);
        self
    }

    /// Gives the [self-test](Self::self_test) this value of an input, of its shape in the model. Floats are rounded to
    /// what the input takes, by its scale and zero point if it takes integers.
    pub fn self_test_input(mut self, input: impl Into<String>, value: Tensor) -> Self {
        self.self_test.get_or_insert_default().insert(input.into(), value);
        self
    }
}
