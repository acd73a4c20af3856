//! Writing files: nothing that was there is lost.

use crate::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What must not be written over.
#[derive(Clone, Debug, Default)]
pub(crate) struct Guard {
    /// Files that this run reads: never.
    pub(crate) inputs: Vec<PathBuf>,
    /// Whether files of others may be.
    pub(crate) force: bool,
}

impl Guard {
    /// An error if a file must not be written; `is_ours` tells whether a file that is there may be replaced.
    pub(crate) fn check(&self, path: &Path, is_ours: impl FnOnce() -> bool) -> Result<(), Error> {
        let Ok(found) = path.canonicalize() else { return Ok(()) };
        // Of a folder, what is read are its arrays.
        let is_array = found.extension().is_some_and(|e| e.eq_ignore_ascii_case("npy"));
        let is_input = |input: &&PathBuf| {
            let input = input.canonicalize();
            input.is_ok_and(|input| input == found || is_array && found.starts_with(input))
        };
        if let Some(input) = self.inputs.iter().find(is_input) {
            return Err(Error::usage(
                format!(
                    "{} would be written over {}{}, which is read",
                    path.display(),
                    if input.is_dir() { "a sample of " } else { "" },
                    input.display()
                ),
                "give the output another name",
            ));
        }
        let holds_something = fs::metadata(&found).is_ok_and(|about| about.is_file() && about.len() > 0);
        if !holds_something || self.force || is_ours() {
            return Ok(());
        }
        Err(Error::usage(
            format!("{} is there already, and edgec has not written it", path.display()),
            "give the output another name, or --force to replace the file",
        ))
    }
}

/// An error if two of the files that are to be written are one.
pub(crate) fn distinct(paths: &[&Path]) -> Result<(), Error> {
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).canonicalize().ok();
        let whole = path.canonicalize().ok();
        whole
            .or_else(|| Some(folder?.join(path.file_name()?)))
            .unwrap_or_else(|| path.to_owned())
    };
    let places: Vec<PathBuf> = paths.iter().map(|path| place(path)).collect();
    let twice = (1..places.len()).find(|i| places[..*i].contains(&places[*i]));
    twice.map_or(Ok(()), |i| {
        Err(Error::usage(
            format!("{} would be written twice, with other contents", paths[i].display()),
            "give the output or the header another name: the weights have that of the source with .weights, and \
             functions for C with _c.rs",
        ))
    })
}

/// Writes a file in one step: whoever reads it meets the old contents or the new ones, and a write that fails leaves
/// the old ones.
pub(crate) fn write(path: &Path, write: impl FnOnce(&mut BufWriter<File>) -> io::Result<()>) -> io::Result<()> {
    // A symbolic link stays one: its target is replaced.
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let about = fs::metadata(&path).ok();
    if about.as_ref().is_some_and(|about| !about.is_file()) {
        // A device or a pipe has no contents to keep.
        let mut file = BufWriter::new(OpenOptions::new().write(true).open(&path)?);
        write(&mut file)?;
        return file.flush();
    }
    let part = Part::beside(&path)?;
    let mut file = BufWriter::new(OpenOptions::new().write(true).create_new(true).open(&part.0)?);
    write(&mut file)?;
    file.into_inner()?;
    if let Some(about) = about {
        fs::set_permissions(&part.0, about.permissions())?;
    }
    fs::rename(&part.0, &path)
}

/// A file under construction; what is left of it goes away.
struct Part(PathBuf);

impl Part {
    fn beside(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
        let mut part = std::ffi::OsString::from(".");
        part.push(name);
        part.push(format!(".{}.part", std::process::id()));
        Ok(Self(path.with_file_name(part)))
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_that_fails_leaves_the_old_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.rs");
        write(&path, |file| file.write_all(b"old")).unwrap();
        let failed = write(&path, |file| {
            file.write_all(b"new")?;
            Err(io::ErrorKind::StorageFull.into())
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        write(&path, |file| file.write_all(b"newer")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"newer");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else is left");
    }

    #[test]
    fn inputs_and_files_of_others_are_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("model.onnx"), "model").unwrap();
        fs::write(path("notes.rs"), "notes").unwrap();
        fs::write(path("empty.rs"), "").unwrap();
        let guard = |force| Guard {
            inputs: vec![path("model.onnx")],
            force,
        };
        let again = folder
            .path()
            .join("..")
            .join(folder.path().file_name().unwrap())
            .join("model.onnx");
        for force in [false, true] {
            let error = guard(force).check(&again, || true).unwrap_err();
            assert!(error.to_string().contains("which is read"), "{error}");
            assert_eq!(guard(force).check(&path("notes.rs"), || false).is_ok(), force);
            assert!(guard(force).check(&path("notes.rs"), || true).is_ok());
            assert!(guard(force).check(&path("empty.rs"), || false).is_ok());
            assert!(guard(force).check(&path("absent.rs"), || false).is_ok());
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_stay_links_and_lead_to_inputs() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        fs::write(path("target.rs"), "old").unwrap();
        std::os::unix::fs::symlink(path("target.rs"), path("link.rs")).unwrap();
        let guard = Guard {
            inputs: vec![path("target.rs")],
            force: true,
        };
        assert!(guard.check(&path("link.rs"), || true).is_err());
        write(&path("link.rs"), |file| file.write_all(b"new")).unwrap();
        assert!(path("link.rs").is_symlink());
        assert_eq!(fs::read(path("target.rs")).unwrap(), b"new");
    }
}
