//! Weights that others replace after the code has been emitted.

use super::{Compiled, Compiler};
use crate::Error;
use crate::back::emit::{self, Block, Expected, WeightsMode};
#[cfg(feature = "updates")]
use crate::data::{blob, output};
use crate::ir::program::Program;
#[cfg(feature = "updates")]
use std::io::Write;
use std::path::Path;

impl Compiler {
    /// What cannot have updatable weights.
    pub(super) fn check_updatable(&self, program: &Program) -> Result<(), Error> {
        if self.weights != WeightsMode::Updatable {
            return Ok(());
        }
        if program.training.is_some() {
            return Err(Error::usage(
                "a model that learns on the device cannot have updatable weights yet",
                "leave out --trainable, or use --weights inline",
            ));
        }
        if program.weight_bytes() == 0 {
            return Err(Error::usage(
                "the model has no constant tensors that could be updated",
                "leave out --weights updatable",
            ));
        }
        Ok(())
    }

    /// The weights of a compiled model for code that was emitted before with [`WeightsMode::Updatable`], at `source`.
    ///
    /// # Errors
    /// If that file cannot be read, has its weights within, or is other code than is emitted now: it would read these
    /// weights as something else.
    pub fn weights_for(&self, compiled: &Compiled, source: &Path) -> Result<Block, Error> {
        let old = std::fs::read_to_string(source).map_err(|e| Error::io(source, e))?;
        let expected = Expected::read(&old).ok_or_else(|| {
            Error::usage(
                format!("{} is no file that takes updatable weights", source.display()),
                "give the file that `edgec MODEL.onnx -o MODEL.rs --weights updatable` has written",
            )
        })?;
        let block = self.block(compiled)?;
        if block.structure == expected.structure {
            return Ok(block);
        }
        let program = (&compiled.program, &compiled.plan, &compiled.report);
        let options = self.emit_options(compiled, "");
        let help = format!(
            "compile it with the options of that file: `{}`; if it still differs, these weights need new firmware",
            expected.command
        );
        let differs = match emit::difference(&old, &expected, program, &options) {
            Some((old, new)) => format!("the code would differ: it has `{old}` where this model needs `{new}`"),
            None => "the file was changed, or another version of edgec has written it".to_owned(),
        };
        Err(Error::usage(
            format!("{} cannot take the weights of this model: {differs}", source.display()),
            help,
        ))
    }

    /// Writes a blob of weights.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    #[cfg(feature = "updates")]
    pub fn write_weights(&self, compiled: &Compiled, output: &Path, blob: &[u8]) -> Result<(), Error> {
        self.guard(compiled)?.check(output, || blob::is_blob(output))?;
        output::write(output, |file| file.write_all(blob)).map_err(|e| Error::io(output, e))
    }

    /// Writes the weights of emitted code as a blob that has yet to be signed.
    #[cfg(feature = "updates")]
    pub(super) fn write_block(&self, compiled: &Compiled, output: &Path, block: &Block) -> Result<(), Error> {
        self.write_weights(compiled, output, &blob::unsigned(block.structure, &block.bytes))
    }

    #[cfg(not(feature = "updates"))]
    pub(super) fn write_block(&self, _: &Compiled, _: &Path, _: &Block) -> Result<(), Error> {
        Err(Error::usage(
            "this edgec was built without what updatable weights need",
            "build it with the feature `updates`",
        ))
    }

    /// The weights of a compiled model as code that was emitted with [`WeightsMode::Updatable`] takes them.
    ///
    /// # Errors
    /// If this compilation has them elsewhere.
    pub fn block(&self, compiled: &Compiled) -> Result<Block, Error> {
        let emitted = self.emit(compiled, "");
        emitted
            .block
            .ok_or_else(|| Error::usage("the weights are part of the source", "use --weights updatable"))
    }
}
