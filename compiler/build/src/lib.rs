//! Has the installed command `edgec` compile an ONNX model from a build script. This crate compiles in a second; the
//! library `edgec`, which does the same without an installed command, takes some fifty crates.
//!
//! ```no_run
//! // In `main` of build.rs.
//! edgec_build::Model::new("digits.onnx")
//!     .args(["--name", "Digits", "--target", "cortex-m4f"])
//!     .emit_to_out_dir("digits.rs");
//! ```
//! and in the program `include!(concat!(env!("OUT_DIR"), "/digits.rs"));`.
//!
//! The command is the one that the environment variable `EDGEC` names, else `edgec` in `PATH`. It must be of the same
//! version as this crate, up to the last number: `cargo install edgec` installs it.

#![forbid(unsafe_code)]

mod depfile;
mod error;
mod program;

pub use error::Error;
use program::Program;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{env, fs};

/// A model, and the options that the command takes.
#[derive(Clone, Debug)]
pub struct Model {
    path: PathBuf,
    arguments: Vec<OsString>,
}

impl Model {
    /// The model of this file, relative to the folder of `Cargo.toml`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            arguments: vec![],
        }
    }

    /// Adds an option of the command, or the value of the one before; `edgec --help` lists them.
    pub fn arg(mut self, argument: impl Into<OsString>) -> Self {
        self.arguments.push(argument.into());
        self
    }

    /// Adds several.
    pub fn args<T: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = T>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Writes the source into cargo's `OUT_DIR`, as `file`, and the weights beside it if they are not inline. Cargo
    /// shows warnings of the compiler, and runs the build script again when the model, a file that it names, its
    /// samples or the command change.
    ///
    /// If that cannot be done, this says why and what to do, and ends the build script with code 1:
    /// [`try_emit_to_out_dir`](Self::try_emit_to_out_dir) gives an error instead.
    pub fn emit_to_out_dir(&self, file: &str) {
        if let Err(error) = self.try_emit_to_out_dir(file) {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }

    /// [`emit_to_out_dir`](Self::emit_to_out_dir), with an error for the caller.
    ///
    /// # Errors
    /// If there is no command `edgec`, or of another version; if the model does not compile; outside of a build
    /// script.
    pub fn try_emit_to_out_dir(&self, file: &str) -> Result<(), Error> {
        println!("cargo::rerun-if-env-changed={}", program::VARIABLE);
        // Whether it compiles or not.
        println!("cargo::rerun-if-changed={}", self.path.display());
        let folder = env::var_os("OUT_DIR").ok_or(Error::NoOutDir)?;
        let program = Program::find()?;
        if let Some(path) = &program.path {
            println!("cargo::rerun-if-changed={}", path.display());
        }
        program.check_version()?;
        let compiled = self.compile(&program, &Path::new(&folder).join(file))?;
        for input in &compiled.inputs {
            println!("cargo::rerun-if-changed={}", input.display());
        }
        for warning in &compiled.warnings {
            println!("cargo::warning={}: {warning}", self.path.display());
        }
        Ok(())
    }

    /// Has the command write `output`.
    fn compile(&self, program: &Program, output: &Path) -> Result<Compiled, Error> {
        let depfile = output.with_extension("d");
        let mut command = program.command();
        command.arg(&self.path).args(&self.arguments);
        command.arg("-o").arg(output).arg("--depfile").arg(&depfile);
        let said = program.run(&mut command)?;
        let rule = fs::read_to_string(&depfile).map_err(|error| Error::Depfile(depfile, error))?;
        let warnings = said.lines().filter_map(|line| line.strip_prefix("warning: "));
        Ok(Compiled {
            inputs: depfile::inputs(&rule),
            warnings: warnings.map(str::to_owned).collect(),
        })
    }
}

/// What the command said of a model that it has compiled.
#[derive(Debug)]
struct Compiled {
    inputs: Vec<PathBuf>,
    warnings: Vec<String>,
}

#[cfg(all(test, unix))]
mod tests;
