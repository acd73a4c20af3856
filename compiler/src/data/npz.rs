//! Tensors in `.npz` files, NumPy's archives of named arrays.

use crate::data::{npy, output};
use crate::ir::{Tensor, TensorType};
use miette::Diagnostic;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};
use zip::write::SimpleFileOptions;
use zip::{ZipArchive, ZipWriter};

/// The comment of archives that edgec writes, by which it knows that it may replace them.
const MARK: &str = "written by edgec";

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
    /// What is wrong, without the file.
    pub(crate) fn message(&self) -> &str {
        match self {
            Self::File { message, .. } | Self::Array { message, .. } => message,
        }
    }

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
    read_where(path, |_, _| Ok(true)).map(|(arrays, _)| arrays)
}

/// Reads the arrays of a file whose name and type `wanted` says yes to, and gives the names of the others, of which no
/// more than the header is unpacked. An error of `wanted` is one about that array.
///
/// # Errors
/// As [`read`], and what `wanted` says.
pub fn read_where(
    path: &Path,
    wanted: impl Fn(&str, &TensorType) -> Result<bool, String>,
) -> Result<(Arrays, Vec<String>), NpzError> {
    let file = File::open(path).map_err(|e| NpzError::file(path, e))?;
    let mut zip = ZipArchive::new(BufReader::new(file))
        .map_err(|e| NpzError::file(path, format!("not an .npz file (np.savez writes them): {e}")))?;
    let (mut arrays, mut others) = (Arrays::new(), vec![]);
    for index in 0..zip.len() {
        let entry = zip.by_index(index).map_err(|e| NpzError::file(path, e))?;
        let file_name = entry.name().map_err(|e| NpzError::file(path, e))?;
        let Some(name) = array_name(&file_name).map(str::to_owned) else {
            continue;
        };
        let tensor = npy::read_if(entry, |ty| wanted(&name, ty)).map_err(|(message, help)| NpzError::Array {
            path: path.to_owned(),
            name: name.clone(),
            message,
            help,
        })?;
        match tensor {
            Some(tensor) => drop(arrays.insert(name, tensor)),
            None => others.push(name),
        }
    }
    Ok((arrays, others))
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
/// If the file cannot be written, or an array is called so that it would be unpacked outside of its folder.
pub fn write(path: &Path, arrays: &[(&str, &Tensor)]) -> Result<(), NpzError> {
    let leaves = |name: &&str| name.split(['/', '\\']).any(|part| part == "..");
    if let Some(name) = arrays.iter().map(|(name, _)| *name).find(leaves) {
        return Err(NpzError::Array {
            path: path.to_owned(),
            name: name.to_owned(),
            message: "programs that unpack archives would write it outside of their folder".to_owned(),
            help: Some("give the output of the model a name without `..`".to_owned()),
        });
    }
    output::write(path, |file| {
        let mut zip = ZipWriter::new(file);
        zip.set_comment(MARK)?;
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        for (name, tensor) in arrays {
            zip.start_file(format!("{name}.npy"), options.large_file(true))?;
            npy::write(&mut zip, tensor)?;
        }
        zip.finish()?;
        Ok(())
    })
    .map_err(|e| NpzError::file(path, e))
}

/// Whether a file is one that [`write`] wrote.
pub(crate) fn is_written(path: &Path) -> bool {
    let zip = File::open(path)
        .ok()
        .and_then(|file| ZipArchive::new(BufReader::new(file)).ok());
    zip.is_some_and(|zip| zip.comment() == MARK.as_bytes())
}

/// The array that an entry of an archive holds; NumPy appends `.npy` to names.
pub(crate) fn array_name(file_name: &str) -> Option<&str> {
    file_name.strip_suffix(".npy")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::DType;
    use std::io::Write;

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

    /// An array of 1.5 GB of zeros takes 1.5 MB in the file.
    #[test]
    fn what_is_not_wanted_is_not_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bomb.npz");
        let mut zip = ZipWriter::new(File::create(&path).unwrap());
        let options = SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        let mut add = |name: &str, shape: &str, zeros: usize| {
            zip.start_file(name, options).unwrap();
            let header = format!("{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}}}");
            zip.write_all(b"\x93NUMPY\x01\x00").unwrap();
            zip.write_all(&(header.len() as u16).to_le_bytes()).unwrap();
            zip.write_all(header.as_bytes()).unwrap();
            zip.write_all(&vec![0; zeros]).unwrap();
        };
        // Reading what its header declares would end in an error, since the bytes are not there.
        add("bomb.npy", "(1500000000,)", 10);
        add("huge.npy", "(1000000, 1000000)", 10);
        add("small.npy", "(2,)", 2);
        zip.finish().unwrap();
        let (arrays, others) = read_where(&path, |name, _| Ok(name == "small")).unwrap();
        assert_eq!(arrays.into_keys().collect::<Vec<_>>(), ["small"]);
        assert_eq!(others, ["bomb", "huge"]);
        let refused = read_where(&path, |_, ty| Err(format!("{ty} is not wanted"))).unwrap_err();
        assert!(
            refused
                .to_string()
                .contains("array `bomb`: u8[1500000000] is not wanted")
        );
        let too_large = read_where(&path, |name, _| Ok(name == "huge")).unwrap_err();
        assert!(too_large.to_string().contains("larger than 2 GiB"), "{too_large}");
    }

    #[test]
    fn no_array_leaves_the_folder_it_is_unpacked_in() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        let tensor = Tensor::scalar(DType::F32, 2.5);
        for name in ["../x", "a/../../x", "..\\x"] {
            let error = write(&path, &[("y", &tensor), (name, &tensor)]).unwrap_err();
            assert!(error.to_string().contains("outside of their folder"), "{error}");
            assert!(!path.exists());
        }
        write(&path, &[("/model/y..z", &tensor)]).unwrap();
    }

    #[test]
    fn other_files_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.npz");
        std::fs::write(&path, b"not a zip").unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("not an .npz file"));
    }
}
