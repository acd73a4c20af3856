use super::archive::Entry;
use crate::Error;
use crate::data::npy::{ArrayProblem, Header};
use crate::ir::{Tensor, TensorType};
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

/// An array in a file, not read yet.
#[derive(Clone, Debug)]
pub(super) struct ArrayFile {
    path: PathBuf,
    entry: Option<(String, Entry)>,
}

impl ArrayFile {
    /// An `.npy` file.
    pub(super) fn npy(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            entry: None,
        }
    }

    /// An array of an `.npz` file.
    pub(super) fn in_archive(path: &Path, name: &str, entry: Entry) -> Self {
        Self {
            path: path.to_owned(),
            entry: Some((name.to_owned(), entry)),
        }
    }

    /// The file and the array, for people.
    pub(super) fn label(&self) -> String {
        match &self.entry {
            Some((name, _)) => format!("{}: array `{}`", self.path.display(), name.escape_debug()),
            None => self.path.display().to_string(),
        }
    }

    /// An error about this array.
    pub(super) fn wrong(&self, message: impl AsRef<str>, help: impl Into<String>) -> Error {
        Error::samples(format!("{}: {}", self.label(), message.as_ref()), help)
    }

    fn problem(&self, (message, help): ArrayProblem) -> Error {
        Error::Samples {
            message: format!("{}: {message}", self.label()),
            help,
        }
    }

    /// Opens it and reads the header.
    pub(super) fn open(&self) -> Result<OpenArray, Error> {
        let io = |e| Error::io(&self.path, e);
        let mut reader: Box<dyn Read + Send> = match &self.entry {
            Some((_, entry)) => Box::new(entry.stream(&self.path).map_err(io)?),
            None => Box::new(BufReader::new(File::open(&self.path).map_err(io)?)),
        };
        let header = Header::read(&mut reader).map_err(|p| self.problem(p))?;
        if header.column_major {
            return Err(self.wrong(
                "it is stored column by column, so that its first axis cannot be read sample by sample",
                "save np.ascontiguousarray(..) of it",
            ));
        }
        Ok(OpenArray {
            file: self.clone(),
            header,
            reader,
            taken: 0,
        })
    }
}

/// An array that is being read.
pub(super) struct OpenArray {
    pub(super) file: ArrayFile,
    header: Header,
    reader: Box<dyn Read + Send>,
    /// Elements read so far.
    taken: usize,
}

impl OpenArray {
    /// Element type and shape of the whole array.
    pub(super) fn ty(&self) -> TensorType {
        TensorType::new(self.header.dtype, self.header.shape.clone())
    }

    /// The next elements, as many as `shape` has.
    pub(super) fn take(&mut self, shape: &[usize]) -> Result<Tensor, Error> {
        let count = shape.iter().product();
        let bytes = self.header.elements(&mut self.reader, self.taken, count);
        let bytes = bytes.map_err(|p| self.file.problem(p))?;
        self.taken += count;
        Ok(Tensor::new(self.header.dtype, shape.to_vec(), bytes))
    }
}
