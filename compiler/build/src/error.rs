use crate::program::VARIABLE;
use std::fmt;
use std::io;
use std::path::PathBuf;

/// The version of this crate, and of the command.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Why a model was not compiled.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// Called outside of a build script.
    NoOutDir,
    /// There is no command `edgec` in `PATH`, and `EDGEC` is not set.
    NoProgram,
    /// The command, by this name, cannot be run.
    Run(PathBuf, io::Error),
    /// The command, by this name, says that it is of another version.
    Version(PathBuf, String),
    /// What the command said, which did not compile the model.
    Compile(String),
    /// The file of what the output was made of cannot be read.
    Depfile(PathBuf, io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let install = format!("`cargo install edgec --version {VERSION}` installs it");
        match self {
            Self::NoOutDir => f.write_str("OUT_DIR is not set: call this from a build script"),
            Self::NoProgram => write!(
                f,
                "there is no command `edgec` in PATH: {install}, or set {VARIABLE} to where it is"
            ),
            Self::Run(program, error) => {
                let place = program.display();
                write!(
                    f,
                    "{place} cannot be run: {error}; {install}, or set {VARIABLE} to where it is"
                )
            }
            Self::Version(program, said) => write!(
                f,
                "{} is `{said}`, and edgec-build is {VERSION}: {install}, or depend on the edgec-build of that version",
                program.display()
            ),
            Self::Compile(said) => f.write_str(said.trim_end()),
            Self::Depfile(path, error) => write!(f, "{}: {error}", path.display()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Run(_, error) | Self::Depfile(_, error) => Some(error),
            Self::NoOutDir | Self::NoProgram | Self::Version(..) | Self::Compile(_) => None,
        }
    }
}
