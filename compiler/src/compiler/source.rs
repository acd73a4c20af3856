use super::Compiler;
use crate::Error;
use crate::front::load::{self, Model};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Where a model is.
#[derive(Clone)]
pub(super) enum Source {
    /// In this file.
    File(PathBuf),
    /// In memory: what its file would hold.
    Bytes(Arc<[u8]>),
}

/// Without the bytes, of which there may be millions.
impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => f.debug_tuple("File").field(path).finish(),
            Self::Bytes(bytes) => write!(f, "Bytes({})", bytes.len()),
        }
    }
}

impl Compiler {
    /// Will compile the model file at `path`.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self::of(Source::File(path.into()))
    }

    /// Will compile the model that a file of these bytes would hold. It has no folder, so that none of its tensors can
    /// be in files beside it, and no name: it is called `model` unless it is [named](Self::name).
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Self {
        Self::of(Source::Bytes(bytes.into()))
    }

    /// The model file, if the model is in one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.source {
            Source::File(path) => Some(path),
            Source::Bytes(_) => None,
        }
    }

    pub(super) fn stem(&self) -> String {
        let stem = self.path().and_then(Path::file_stem);
        stem.map_or("model".into(), |stem| stem.to_string_lossy().into_owned())
    }

    pub(super) fn file_name(&self) -> String {
        let name = self.path().and_then(Path::file_name);
        name.map_or("model.onnx".into(), |name| name.to_string_lossy().into_owned())
    }

    /// Reads the model, checks it and inlines its functions.
    ///
    /// # Errors
    /// Whatever is wrong with it, as many problems as could be found.
    pub fn load(&self) -> Result<Model, Error> {
        match &self.source {
            Source::File(path) => Ok(load::load(path, &self.outputs)?),
            Source::Bytes(bytes) => self.load_bytes(bytes),
        }
    }

    /// Reads the bytes of a file in the place of the one that was given.
    pub(crate) fn load_bytes(&self, bytes: &[u8]) -> Result<Model, Error> {
        let folder = self.path().map(load::folder_of);
        Ok(load::load_bytes_up_to(bytes, folder, &self.outputs)?)
    }

    /// What the model file holds.
    pub(crate) fn bytes(&self) -> Result<Arc<[u8]>, Error> {
        match &self.source {
            Source::File(path) => Ok(std::fs::read(path).map_err(|error| Error::io(path, error))?.into()),
            Source::Bytes(bytes) => Ok(bytes.clone()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::back::report::Report;

    #[test]
    fn bytes_are_as_good_as_a_file() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/digits/digits.onnx");
        let bytes = std::fs::read(path).unwrap();
        let of_file = Compiler::new(path).name("Digits").compile().unwrap();
        let compiler = Compiler::from_bytes(bytes);
        let compiled = compiler.compile().unwrap();
        let called = Report {
            model: "model".into(),
            ..of_file.report
        };
        assert_eq!(compiled.report, called);
        assert_eq!(compiled.plan.offsets, of_file.plan.offsets);
        let source = compiler.emit(&compiled, "").source;
        assert!(source.contains("pub struct Model") && source.contains("model.onnx (opset"));
        assert!(format!("{compiler:?}").len() < 10_000, "bytes are not shown");
    }

    #[test]
    fn bytes_have_no_folder() {
        let error = Compiler::from_bytes(*b"").compile().unwrap_err();
        assert!(error.to_string().contains("is empty"), "{error}");
        let compiler = Compiler::from_bytes(*b"x");
        assert_eq!((compiler.path(), compiler.stem()), (None, "model".into()));
        assert!(compiler.guard_of(&[]).unwrap().inputs.is_empty());
    }
}
