use super::Compiler;
use crate::Error;
use crate::machine::{Family, Machine};

impl Compiler {
    /// Whether the emitted struct takes threads, which compute rows of layers side by side, with the feature `threads`
    /// of runtime-core. Results are the same bits for any number of them.
    pub fn threads(mut self, threads: bool) -> Self {
        self.threads = threads;
        self
    }

    /// Whether what was asked for can be.
    pub(super) fn check_threads(&self, machine: &Machine) -> Result<(), Error> {
        if !self.threads {
            return Ok(());
        }
        if machine.microcontroller || machine.family == Family::Wasm32 {
            return Err(Error::usage(
                format!("there are no threads on {}", machine.name),
                "leave out --threads, or give the --target of a board with an operating system",
            ));
        }
        if self.train.is_some() {
            return Err(Error::usage(
                "a model that is trained on the device runs on one thread",
                "leave out --threads, or --trainable",
            ));
        }
        if self.c_header.is_some() {
            return Err(Error::usage(
                "the functions for C run a model on one thread",
                "leave out --threads, or call the model from Rust",
            ));
        }
        Ok(())
    }
}
