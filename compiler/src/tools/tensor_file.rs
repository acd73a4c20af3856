//! A tensor in a file of its own: NumPy's `.npy`, or `.pb`, a serialised `TensorProto` as ONNX's own tests have them.

use crate::ir::Tensor;
use crate::{Error, data::npz, front::load};
use prost::Message;
use std::path::{Path, PathBuf};

/// Reads the tensor.
///
/// # Errors
/// If the file cannot be read, is neither, or has an element type that is not supported.
pub fn read(path: &Path) -> Result<Tensor, Error> {
    read_with_files(path).map(|(tensor, _)| tensor)
}

/// [`read`], and the files that the tensor comes from: a `TensorProto` may have its elements in another.
///
/// # Errors
/// As [`read`].
pub fn read_with_files(path: &Path) -> Result<(Tensor, Vec<PathBuf>), Error> {
    let wrong = |message: String| {
        Error::usage(
            format!("{}: {message}", path.display()),
            "give an .npy file (np.save writes them) or a .pb file with a TensorProto",
        )
    };
    let bytes = std::fs::read(path).map_err(|e| Error::io(path, e))?;
    let mut files = vec![path.to_owned()];
    let tensor = match path.extension().and_then(|e| e.to_str()) {
        Some("npy") => npz::array(&bytes[..]).map_err(|e| wrong(e.to_string())),
        Some("pb") => {
            let proto = crate::front::proto::TensorProto::decode(&bytes[..])
                .map_err(|e| wrong(format!("not a TensorProto: {e}")))?;
            let folder = load::folder_of(path);
            files.extend(load::external_file(&proto, Some(folder)));
            load::tensor(&proto, Some(folder)).map_err(|e| wrong(e.to_string()))
        }
        _ => Err(wrong("the name says neither .npy nor .pb".into())),
    }?;
    Ok((tensor, files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ir::DType;

    #[test]
    fn both_kinds_are_read_and_others_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let mut npy = b"\x93NUMPY\x01\x00\x46\x00".to_vec();
        npy.extend(format!("{:<69}\n", "{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }").bytes());
        npy.extend([3_i64, -1].iter().flat_map(|v| v.to_le_bytes()));
        std::fs::write(path("a.npy"), &npy).unwrap();
        assert_eq!(read(&path("a.npy")).unwrap(), Tensor::i64(&[2], &[3, -1]));

        let proto = crate::front::proto::TensorProto {
            data_type: Some(9),
            dims: vec![1],
            raw_data: Some(vec![1]),
            ..Default::default()
        };
        std::fs::write(path("b.pb"), proto.encode_to_vec()).unwrap();
        assert_eq!(read(&path("b.pb")).unwrap().dtype, DType::Bool);

        for (name, bytes) in [("c.npy", &b"nothing"[..]), ("d.pb", b"nothing"), ("e.txt", b"")] {
            std::fs::write(path(name), bytes).unwrap();
            assert!(read(&path(name)).is_err(), "{name}");
        }
        assert!(read(&path("absent.npy")).is_err());
    }
}
