//! Tensors whose elements are in a file beside the model. Only files inside the model's folder are opened.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::front::proto::TensorProto;

use super::TensorProblem;

/// Bytes of a file that are known to be there.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Range {
    /// The file.
    pub(super) path: PathBuf,
    offset: u64,
    /// How many bytes.
    pub(super) len: usize,
}

/// What has been read of files beside a model: tensors that are the same bytes of a file share them in memory.
#[derive(Debug, Default)]
pub struct SharedBytes(HashMap<Range, Arc<[u8]>>);

/// Finds the `len` bytes of a tensor without reading them.
pub(super) fn locate(t: &TensorProto, base: Option<&Path>, len: usize) -> Result<Range, TensorProblem> {
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
    Ok(Range { path, offset, len })
}

/// Reads the `len` bytes of a tensor, unless another has read them.
pub(super) fn read(
    t: &TensorProto,
    base: Option<&Path>,
    len: usize,
    shared: &mut SharedBytes,
) -> Result<Arc<[u8]>, TensorProblem> {
    let range = locate(t, base, len)?;
    if let Some(bytes) = shared.0.get(&range) {
        return Ok(bytes.clone());
    }
    let bytes = contents(&range).map_err(|e| TensorProblem::ExternalUnreadable {
        location: entry(t, "location").unwrap_or_default().to_owned(),
        message: e.to_string(),
    })?;
    shared.0.insert(range, bytes.clone());
    Ok(bytes)
}

fn contents(range: &Range) -> std::io::Result<Arc<[u8]>> {
    let mut file = File::open(&range.path)?;
    file.seek(SeekFrom::Start(range.offset))?;
    // Read to where it stays: a vector would be copied.
    let mut bytes: Arc<[u8]> = std::iter::repeat_n(0, range.len).collect();
    file.read_exact(Arc::get_mut(&mut bytes).expect("nobody else has it yet"))?;
    Ok(bytes)
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
