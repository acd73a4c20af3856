use super::Compiler;
use crate::Error;
use crate::middle::quantize::{Io, MaxLoss, Scheme};
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

    /// What cannot go together with training.
    pub(super) fn check_training(&self) -> Result<(), Error> {
        let other = match self.quantize.as_ref().map(|options| options.scheme) {
            Some(Scheme::F16) => "--quantize f16",
            _ if !self.states.is_empty() => "--state",
            _ => return self.check_quantised_training(),
        };
        Err(Error::usage(
            format!("a model that learns on the device cannot be compiled with {other} yet"),
            format!("leave out {other}, or --trainable"),
        ))
    }

    /// What cannot be asked of the quantization of a frozen part.
    fn check_quantised_training(&self) -> Result<(), Error> {
        let Some(options) = &self.quantize else { return Ok(()) };
        if options.io != Io::Float {
            return Err(Error::usage(
                "a model that learns on the device takes and gives floats: only its frozen part becomes integers",
                "leave out --io, or --trainable",
            ));
        }
        match options.max_loss {
            Some(bound @ MaxLoss::Points(_)) => Err(Error::usage(
                format!("a loss of {bound} of accuracy cannot be told of a frozen part, which gives no classes"),
                "bound the SQNR of what it gives, such as --max-loss 30dB",
            )),
            _ => Ok(()),
        }
    }
}
