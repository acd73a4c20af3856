//! Recognises files that are not models, once decoding has failed, to say what they are instead.

use super::Problem;

/// First bytes, what they belong to, and how to get a model from it.
const MAGICS: &[(usize, &[u8], &str, Option<&str>)] = &[
    (
        4,
        b"TFL3",
        "a TensorFlow Lite model",
        Some("convert it with tf2onnx: python -m tf2onnx.convert --tflite model.tflite"),
    ),
    (
        4,
        b"ORTM",
        "an ONNX Runtime model (.ort)",
        Some("use the .onnx file it was converted from"),
    ),
    (
        0,
        b"\x89HDF",
        "an HDF5 file, perhaps a Keras model",
        Some("convert it with tf2onnx"),
    ),
    (
        0,
        b"PK\x03\x04",
        "a zip archive, perhaps a PyTorch or Keras model",
        Some("export it to ONNX: torch.onnx.export(..)"),
    ),
    (0, b"\x1f\x8b", "a gzip archive", Some("unpack it first")),
    (
        0,
        b"\x80\x02",
        "a Python pickle, perhaps a PyTorch model",
        Some("export it to ONNX: torch.onnx.export(..)"),
    ),
    (0, b"\x93NUMPY", "a NumPy array", None),
    (0, b"GGUF", "a GGUF model", None),
    (0, b"\x7fELF", "a program", None),
];

/// First words of text files, likewise.
const TEXTS: &[(&str, &str, Option<&str>)] = &[
    (
        "version https://git-lfs",
        "a Git LFS pointer, not the model itself",
        Some("run `git lfs pull`"),
    ),
    (
        "<!doctype html",
        "a web page, perhaps of a download that failed",
        Some("download the model file itself"),
    ),
    (
        "<html",
        "a web page, perhaps of a download that failed",
        Some("download the model file itself"),
    ),
    ("<?xml", "an XML file", None),
    ("{", "a JSON file", None),
    (
        "ir_version",
        "the text form of an ONNX model",
        Some("save it as protobuf: onnx.save(model, \"model.onnx\")"),
    ),
    (
        "<",
        "a text file, perhaps the text form of an ONNX model",
        Some("save it as protobuf: onnx.save(model, \"model.onnx\")"),
    ),
];

/// What the bytes look like, if it is clearly something else than a model.
pub(super) fn other_format(bytes: &[u8]) -> Option<Problem> {
    for &(at, magic, kind, remedy) in MAGICS {
        if bytes.get(at..).is_some_and(|rest| rest.starts_with(magic)) {
            return Some(Problem::OtherFormat { kind, remedy });
        }
    }
    let head = text(bytes)?.trim_start().to_ascii_lowercase();
    let known = TEXTS.iter().find(|(start, ..)| head.starts_with(start));
    let &(_, kind, remedy) = known.unwrap_or(&("", "a text file", None));
    Some(Problem::OtherFormat { kind, remedy })
}

/// The start of the file as text, unless it holds a byte that text does not.
fn text(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..512).unwrap_or(bytes);
    let text = match std::str::from_utf8(head) {
        Ok(text) => text,
        // The 512 bytes may end within a character.
        Err(error) if error.error_len().is_none() => std::str::from_utf8(&head[..error.valid_up_to()]).ok()?,
        Err(_) => return None,
    };
    let printable = |c: char| !c.is_control() || matches!(c, '\n' | '\r' | '\t');
    text.chars().all(printable).then(|| text.to_owned())
}

/// Finds the field of the outermost message that runs past the end of the file.
pub(super) fn truncation(bytes: &[u8]) -> Option<Problem> {
    let mut rest = bytes;
    while !rest.is_empty() {
        let key = prost::encoding::decode_varint(&mut rest).ok()?;
        let need = match key & 7 {
            0 => {
                prost::encoding::decode_varint(&mut rest).ok()?;
                0
            }
            1 => 8,
            2 => prost::encoding::decode_varint(&mut rest).ok()?,
            5 => 4,
            _ => return None,
        };
        let at = bytes.len() - rest.len();
        match usize::try_from(need).ok().and_then(|need| rest.get(need..)) {
            Some(after) => rest = after,
            None => {
                return Some(Problem::Truncated {
                    at,
                    need,
                    have: rest.len(),
                });
            }
        }
    }
    None
}
