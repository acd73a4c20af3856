use super::Compiler;
use crate::Error;

impl Compiler {
    /// Whether the emitted struct has `run_profiled`, which tells when each kernel call has ended: the page of a
    /// report shows what a program measures there. Other code is the same as without.
    pub fn profiling(mut self, profiling: bool) -> Self {
        self.profiling = profiling;
        self
    }

    /// Whether what was asked for can be.
    pub(super) fn check_profiling(&self) -> Result<(), Error> {
        if self.profiling && self.threads {
            return Err(Error::usage(
                "calls are profiled on one thread",
                "leave out --threads, or --profiling",
            ));
        }
        if self.profiling && self.train.is_some() {
            return Err(Error::usage(
                "what is profiled is inference, and a model that is trained on the device has more",
                "leave out --trainable to profile the inference, or leave out --profiling",
            ));
        }
        Ok(())
    }
}
