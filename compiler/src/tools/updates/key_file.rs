//! Files of keys: secret ones are readable by their owner only, and none is written over by accident.

use crate::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Fills `bytes` with random ones of the system.
pub(super) fn random(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes).map_err(|error| {
        Error::usage(
            format!("the system gives no random bytes: {error}"),
            "try again, or on another machine",
        )
    })
}

/// An error if a file is there and must not be replaced.
pub(super) fn check(path: &Path, force: bool) -> Result<(), Error> {
    if force || !path.exists() {
        Ok(())
    } else {
        Err(is_there(path))
    }
}

fn is_there(path: &Path) -> Error {
    Error::usage(
        format!("{} is there already", path.display()),
        "give another name: devices that trust a key are lost with it; --force replaces the file",
    )
}

/// Writes a key to a file of these permissions, which is not there yet, unless `force` says that it may be replaced.
pub(super) fn write(path: &Path, text: &str, mode: u32, force: bool) -> Result<(), Error> {
    if force {
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(Error::io(path, error)),
            _ => {}
        }
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = options.open(path).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => is_there(path),
        _ => Error::io(path, error),
    })?;
    file.write_all(text.as_bytes()).map_err(|error| Error::io(path, error))
}
