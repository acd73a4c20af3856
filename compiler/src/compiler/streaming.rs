use super::Compiler;
use crate::Error;
use crate::middle::stream::StreamInput;

impl Compiler {
    /// Makes `run` take new frames of an input along an axis, instead of the model's whole window of time, and keep
    /// what it needs of those before. `step` is how many frames a run takes; `None` is as few as the model's windows
    /// allow. Inputs are streamed together that are given one after another.
    ///
    /// ```no_run
    /// // Ten frames of 40 features a run; the model has 49 frames of them.
    /// edgec::Compiler::new("keywords.onnx").stream("features", 1, Some(10)).emit_to_out_dir("keywords.rs").unwrap();
    /// ```
    pub fn stream(mut self, input: impl Into<String>, axis: i64, step: Option<usize>) -> Self {
        let name = input.into();
        self.streams.push(StreamInput { name, axis, step });
        self
    }

    /// What cannot go together with streaming yet.
    pub(super) fn check_streaming(&self) -> Result<(), Error> {
        match &self.train {
            Some(_) if !self.streams.is_empty() => Err(Error::usage(
                "a model that learns on the device cannot be streamed yet",
                "leave out --stream, or --trainable",
            )),
            _ => Ok(()),
        }
    }
}
