use super::Compiler;
use crate::Error;
use crate::middle::train::TrainOptions;

impl Compiler {
    /// Gives the model a step of training.
    ///
    /// ```no_run
    /// use edgec::{Compiler, Loss, Optimizer, TrainOptions};
    /// // The last layer learns; the rest is as it was.
    /// let options = TrainOptions {
    ///     layers: vec!["last:1".into()],
    ///     loss: Loss::SoftmaxCrossEntropy,
    ///     optimizer: Optimizer::Sgd,
    ///     ..TrainOptions::default()
    /// };
    /// Compiler::new("digits.onnx").train(options).emit_to_out_dir("digits.rs").unwrap();
    /// ```
    pub fn train(mut self, options: TrainOptions) -> Self {
        self.train = Some(options);
        self
    }

    /// What cannot go together with training yet.
    pub(super) fn check_training(&self) -> Result<(), Error> {
        let other = match (self.quantize.is_some(), self.states.is_empty()) {
            (true, _) => "--quantize",
            (_, false) => "--state",
            _ => return Ok(()),
        };
        Err(Error::usage(
            format!("a model that learns on the device cannot be compiled with {other} yet"),
            format!("leave out {other}, or --trainable"),
        ))
    }
}
