//! Tensors whose elements are in a file beside the model. Only files inside the model's folder are opened.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::front::proto::TensorProto;

use super::TensorProblem;

/// A range of a file that is known to be there.
pub(super) struct Located {
    path: PathBuf,
    location: String,
    offset: u64,
}

/// Finds the `len` bytes of a tensor without reading them.
pub(super) fn locate(t: &TensorProto, base: Option<&Path>, len: usize) -> Result<Located, TensorProblem> {
    let base = base.ok_or(TensorProblem::ExternalWithoutFolder)?;
    let location = entry(t, "location")
        .filter(|l| !l.is_empty())
        .ok_or(TensorProblem::ExternalWithoutLocation)?;
    let unreadable = |message: String| TensorProblem::ExternalUnreadable {
        location: location.to_owned(),
        message,
    };

    let offset = number(t, "offset")?.unwrap_or(0);
    if let Some(declared) = number(t, "length")?.filter(|declared| *declared != len as u64) {
        return Err(TensorProblem::Bytes {
            shape: t.dims.clone(),
            dtype: super::dtype_name(t.data_type()),
            expected: len as u64,
            found: declared,
        });
    }
    let folder = base.canonicalize().map_err(|e| unreadable(e.to_string()))?;
    if Path::new(location).is_absolute() {
        return Err(TensorProblem::ExternalOutside(location.to_owned()));
    }
    // Resolves `..` and symbolic links, so that what is compared is what will be opened.
    let path = folder
        .join(location)
        .canonicalize()
        .map_err(|e| unreadable(e.to_string()))?;
    if !path.starts_with(&folder) {
        return Err(TensorProblem::ExternalOutside(location.to_owned()));
    }
    let metadata = path.metadata().map_err(|e| unreadable(e.to_string()))?;
    if !metadata.is_file() {
        return Err(unreadable("it is not a file".to_owned()));
    }
    let end = u128::from(offset) + len as u128;
    if end > u128::from(metadata.len()) {
        let size = metadata.len();
        return Err(TensorProblem::ExternalShort {
            location: location.to_owned(),
            offset,
            end,
            size,
        });
    }
    Ok(Located {
        path,
        location: location.to_owned(),
        offset,
    })
}

/// Reads the `len` bytes of a tensor.
pub(super) fn read(t: &TensorProto, base: Option<&Path>, len: usize) -> Result<Vec<u8>, TensorProblem> {
    let Located { path, location, offset } = locate(t, base, len)?;
    let contents = || -> std::io::Result<Vec<u8>> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(offset))?;
        let mut bytes = vec![0; len];
        file.read_exact(&mut bytes)?;
        Ok(bytes)
    };
    contents().map_err(|e| TensorProblem::ExternalUnreadable {
        location,
        message: e.to_string(),
    })
}

/// An entry of the tensor's `external_data`.
fn entry<'a>(t: &'a TensorProto, key: &str) -> Option<&'a str> {
    t.external_data
        .iter()
        .find(|entry| entry.key() == key)
        .map(|entry| entry.value())
}

/// An entry that is a byte count.
fn number(t: &TensorProto, key: &'static str) -> Result<Option<u64>, TensorProblem> {
    let Some(value) = entry(t, key) else { return Ok(None) };
    let parsed = value.trim().parse().map_err(|_| TensorProblem::ExternalNumber {
        key,
        value: value.to_owned(),
    })?;
    Ok(Some(parsed))
}
