//! The command `edgec`: where it is, and whether it is of this version.

use crate::error::{Error, VERSION};
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The environment variable that names the command.
pub(crate) const VARIABLE: &str = "EDGEC";

/// The command.
#[derive(Debug)]
pub(crate) struct Program {
    name: PathBuf,
    /// Its file, where that is known: cargo looks whether it changes.
    pub(crate) path: Option<PathBuf>,
}

impl Program {
    /// The command that the variable names, else the one in `PATH`.
    pub(crate) fn find() -> Result<Self, Error> {
        let named = env::var_os(VARIABLE).filter(|name| !name.is_empty());
        let folders = env::var_os("PATH").unwrap_or_default();
        let folders: Vec<_> = env::split_paths(&folders).collect();
        match named {
            Some(name) => Ok(Self::named(name.into(), &folders)),
            None => Self::in_folders(&folders).ok_or(Error::NoProgram),
        }
    }

    /// A command of this name: a path, or one in these folders.
    pub(crate) fn named(name: PathBuf, folders: &[PathBuf]) -> Self {
        let is_path = name.components().nth(1).is_some();
        let path = if is_path {
            Some(name.clone())
        } else {
            file(&name, folders)
        };
        Self { name, path }
    }

    fn in_folders(folders: &[PathBuf]) -> Option<Self> {
        let name = format!("edgec{}", env::consts::EXE_SUFFIX);
        let path = file(Path::new(&name), folders)?;
        Some(Self {
            name: path.clone(),
            path: Some(path),
        })
    }

    pub(crate) fn command(&self) -> Command {
        Command::new(&self.name)
    }

    /// Runs the command, and gives what it said on stderr.
    pub(crate) fn run(&self, command: &mut Command) -> Result<String, Error> {
        let output = command.output().map_err(|error| Error::Run(self.name.clone(), error))?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            Ok(said)
        } else if said.trim().is_empty() {
            Err(Error::Compile(format!("{}: {}", self.name.display(), output.status)))
        } else {
            Err(Error::Compile(said))
        }
    }

    /// Whether the command is of this version, but for the last number: what it emits is for the runtime-core of that
    /// version, and options may have changed.
    pub(crate) fn check_version(&self) -> Result<(), Error> {
        let output = self.command().arg("--version").output();
        let output = output.map_err(|error| Error::Run(self.name.clone(), error))?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if said
            .strip_prefix("edgec ")
            .is_some_and(|version| minor(version) == minor(VERSION))
        {
            Ok(())
        } else {
            Err(Error::Version(self.name.clone(), said))
        }
    }
}

/// A version without its last number.
fn minor(version: &str) -> Option<&str> {
    version.rsplit_once('.').map(|(minor, _)| minor)
}

/// The file of this name in the first folder that has one.
fn file(name: &Path, folders: &[PathBuf]) -> Option<PathBuf> {
    let mut files = folders.iter().map(|folder| folder.join(name));
    files.find(|file| file.is_file())
}
