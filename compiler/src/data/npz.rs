//! Tensors in `.npz` files, NumPy's archives of named arrays.

use crate::data::npy;
use crate::ir::{DType, Tensor};
use miette::Diagnostic;
use npyz::WriterBuilder;
use runtime_core::{bf16, f16};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// Arrays by name.
pub type Arrays = BTreeMap<String, Tensor>;

/// Why an `.npz` file could not be read or written.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum NpzError {
    /// The file as a whole.
    #[error("{}: {message}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },

    /// One array in it.
    #[error("{}: array `{}`: {message}", path.display(), name.escape_debug())]
    Array {
        /// The file.
        path: PathBuf,
        /// The array.
        name: String,
        /// What is wrong.
        message: String,
        /// What to do.
        #[help]
        help: Option<String>,
    },
}

impl NpzError {
    fn file(path: &Path, message: impl ToString) -> Self {
        Self::File {
            path: path.to_owned(),
            message: message.to_string(),
        }
    }
}

/// Reads every array of a file.
///
/// # Errors
/// If it is not an `.npz` file, or if an array has an element type or layout that ONNX tensors have not.
pub fn read(path: &Path) -> Result<Arrays, NpzError> {
    let file = File::open(path).map_err(|e| NpzError::file(path, e))?;
    let mut zip = ZipArchive::new(BufReader::new(file))
        .map_err(|e| NpzError::file(path, format!("not an .npz file (np.savez writes them): {e}")))?;
    let mut arrays = Arrays::new();
    for index in 0..zip.len() {
        let entry = zip.by_index(index).map_err(|e| NpzError::file(path, e))?;
        let file_name = entry.name().map_err(|e| NpzError::file(path, e))?;
        let Some(name) = npyz::npz::array_name_from_file_name(&file_name).map(str::to_owned) else {
            continue;
        };
        let tensor = npy::read(entry).map_err(|(message, help)| NpzError::Array {
            path: path.to_owned(),
            name: name.clone(),
            message,
            help,
        })?;
        arrays.insert(name, tensor);
    }
    Ok(arrays)
}

/// Reads one array, the bytes of an `.npy` file.
///
/// # Errors
/// If it is none, or of an element type or layout that ONNX tensors have not.
pub fn array(reader: impl Read) -> Result<Tensor, String> {
    npy::read(reader).map_err(|(message, help)| match help {
        Some(help) => format!("{message}; {help}"),
        None => message,
    })
}

/// Writes arrays in the order given; bfloat16, which NumPy has not, is written as float32.
///
/// # Errors
/// If the file cannot be written.
pub fn write(path: &Path, arrays: &[(&str, &Tensor)]) -> Result<(), NpzError> {
    let file = File::create(path).map_err(|e| NpzError::file(path, e))?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    for (name, tensor) in arrays {
        let file_name = npyz::npz::file_name_from_array_name(name);
        zip.start_file(file_name, options.large_file(true))
            .map_err(|e| NpzError::file(path, e))?;
        write_array(&mut zip, tensor).map_err(|e| NpzError::file(path, e))?;
    }
    zip.finish()
        .and_then(|mut w| Ok(w.flush()?))
        .map_err(|e| NpzError::file(path, e))
}

fn write_array(writer: &mut impl Write, tensor: &Tensor) -> std::io::Result<()> {
    match tensor.dtype {
        DType::F32 => put(writer, tensor, f32::from_le_bytes),
        DType::F64 => put(writer, tensor, f64::from_le_bytes),
        DType::F16 => put(writer, tensor, f16::from_le_bytes),
        DType::Bf16 => put(writer, tensor, |b| bf16::from_le_bytes(b).to_f32()),
        DType::I8 => put(writer, tensor, i8::from_le_bytes),
        DType::I16 => put(writer, tensor, i16::from_le_bytes),
        DType::I32 => put(writer, tensor, i32::from_le_bytes),
        DType::I64 => put(writer, tensor, i64::from_le_bytes),
        DType::U8 => put(writer, tensor, u8::from_le_bytes),
        DType::U16 => put(writer, tensor, u16::from_le_bytes),
        DType::U32 => put(writer, tensor, u32::from_le_bytes),
        DType::U64 => put(writer, tensor, u64::from_le_bytes),
        DType::Bool => put(writer, tensor, |[b]| b != 0),
    }
}

fn put<T: npyz::AutoSerialize, const N: usize>(
    writer: &mut impl Write,
    tensor: &Tensor,
    of_bytes: fn([u8; N]) -> T,
) -> std::io::Result<()> {
    let shape: Vec<u64> = tensor.shape.iter().map(|d| *d as u64).collect();
    let mut npy = npyz::WriteOptions::new()
        .default_dtype()
        .shape(&shape)
        .writer(writer)
        .begin_nd()?;
    npy.extend(tensor.bytes.as_chunks::<N>().0.iter().map(|bytes| of_bytes(*bytes)))?;
    npy.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let sample = |dtype: DType| {
            let byte = |i: usize| if dtype == DType::Bool { i as u8 % 2 } else { i as u8 + 1 };
            Tensor::new(dtype, vec![2, 3], (0..6 * dtype.size()).map(byte).collect())
        };
        let mut tensors: Vec<(String, Tensor)> = DType::ALL
            .iter()
            .filter(|d| **d != DType::Bf16)
            .map(|d| (format!("in0:{d}/x"), sample(*d)))
            .collect();
        tensors.push(("scalar".into(), Tensor::scalar(DType::F32, 2.5)));
        tensors.push(("empty".into(), Tensor::f32(&[0, 3], &[])));
        let arrays: Vec<_> = tensors.iter().map(|(n, t)| (n.as_str(), t)).collect();
        write(&path, &arrays).unwrap();
        assert_eq!(read(&path).unwrap(), tensors.into_iter().collect::<Arrays>());
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        std::fs::write(&path, b"not a zip").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("not an .npz file"));
    }
}
