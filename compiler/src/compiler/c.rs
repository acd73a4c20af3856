use super::{Compiled, Compiler};
use crate::Error;
use crate::back::emit::{self, CInterface, Names};
use crate::data::output::Guard;
use std::path::{Path, PathBuf};

impl Compiler {
    /// Adds functions for C: this header declares them, and a second Rust file defines them, beside the emitted one and
    /// with `_c` behind its name: `digits_c.rs` beside `digits.rs`. It is the module beside that of the emitted file.
    ///
    /// ```no_run
    /// edgec::Compiler::new("digits.onnx").c_header("include/digits.h").emit_to("src/digits.rs".as_ref()).unwrap();
    /// ```
    pub fn c_header(mut self, header: impl Into<PathBuf>) -> Self {
        self.c_header = Some(header.into());
        self
    }

    /// What names of the functions for C begin with, without the `_` behind it: an identifier in lower case.
    pub fn c_prefix(&self) -> String {
        emit::c_prefix(&self.model_name())
    }

    /// The functions for C around code in the module `module`, and the header, which has the file name `header`.
    pub fn emit_c(&self, compiled: &Compiled, module: &str, header: &str) -> CInterface {
        let options = self.emit_options(compiled, "");
        let program = (&compiled.program, &compiled.plan, &compiled.report);
        emit::c_interface(program, &options, module, header)
    }

    /// The files for C beside `output`, with what they hold.
    pub(super) fn c_files(
        &self,
        compiled: &Compiled,
        output: &Path,
        guard: &Guard,
    ) -> Result<Vec<(PathBuf, String)>, Error> {
        let Some(header) = &self.c_header else {
            return Ok(vec![]);
        };
        let stem = output.file_stem().unwrap_or_default().to_string_lossy();
        let name = header.file_name().unwrap_or_default().to_string_lossy();
        // The module of a file has its name, unless that is no identifier and the user has to say `#[path]`.
        let module = match Names::default().snake(&stem) {
            snake if snake.to_uppercase() == stem.to_uppercase() => stem.clone().into_owned(),
            snake => snake,
        };
        let functions = output.with_file_name(format!("{stem}_c.rs"));
        let c = self.emit_c(compiled, &module, &name);
        guard.check(&functions, || emit::is_emitted(&functions))?;
        guard.check(header, || emit::is_emitted(header))?;
        Ok(vec![(functions, c.source), (header.clone(), c.header)])
    }
}
