use super::Compiler;
use crate::Error;
use crate::back::emit::WeightsMode;
use crate::back::sections::FastWeights;

impl Compiler {
    /// Puts the weights into a link section, which the linker script has to place. The emitted file then has attributes
    /// that are `unsafe`.
    pub fn weights_section(mut self, name: impl Into<String>) -> Self {
        self.sections.weights = Some(name.into());
        self
    }

    /// Emits a macro that declares statics in a link section, for what holds the model: its arena is a part of it.
    pub fn arena_section(mut self, name: impl Into<String>) -> Self {
        self.sections.arena = Some(name.into());
        self
    }

    /// Puts the weights that are read most into a link section of their own, as many as `bytes` hold.
    pub fn fast_weights(mut self, section: impl Into<String>, bytes: usize) -> Self {
        let section = section.into();
        self.sections.fast_weights = Some(FastWeights { section, bytes });
        self
    }

    /// Whether what was asked for can be.
    pub(super) fn check_sections(&self) -> Result<(), Error> {
        let of_weights = self.sections.weights.is_some() || self.sections.fast_weights.is_some();
        if of_weights && self.weights == WeightsMode::Updatable {
            return Err(Error::usage(
                "updatable weights are no part of the program, and have no link section",
                "leave out --weights-section and --fast-weights, or use --weights inline",
            ));
        }
        self.sections.check()
    }
}
