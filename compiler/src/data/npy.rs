//! Arrays in NumPy's `.npy` format, read a part at a time.

use super::npy_header;
use crate::ir::{DType, Tensor, TensorType};
use runtime_core::bf16;
use std::io::{self, Read, Write};

/// What is wrong with an array, and what to do.
pub(crate) type ArrayProblem = (String, Option<String>);

pub(crate) fn problem(message: impl ToString) -> ArrayProblem {
    (message.to_string(), None)
}

/// What stands before the elements of an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// Element type.
    pub(crate) dtype: DType,
    /// Extents, outermost first.
    pub(crate) shape: Vec<usize>,
    /// Whether the elements are stored with the first axis fastest, in an order that differs from row-major.
    pub(crate) column_major: bool,
    big_endian: bool,
}

impl Header {
    /// Reads the header; the elements come next.
    pub(crate) fn read(reader: &mut impl Read) -> Result<Self, ArrayProblem> {
        let npy_header::Dictionary {
            descr,
            fortran_order,
            shape,
        } = npy_header::read(reader)?;
        let ty = descr.trim_start_matches(['<', '>', '|', '=']);
        let dtype = match ty {
            "f4" => DType::F32,
            "f8" => DType::F64,
            "f2" => DType::F16,
            "i1" => DType::I8,
            "i2" => DType::I16,
            "i4" => DType::I32,
            "i8" => DType::I64,
            "u1" => DType::U8,
            "u2" => DType::U16,
            "u4" => DType::U32,
            "u8" => DType::U64,
            "b1" => DType::Bool,
            _ => {
                let help = "supported: float16, float32, float64, int8 to int64, uint8 to uint64, bool";
                let message = format!("element type `{}` is not supported", descr.escape_debug());
                return Err((message, Some(help.into())));
            }
        };
        if elements(&shape).and_then(|n| n.checked_mul(dtype.size())).is_none() {
            return Err(problem(format!("shape {shape:?} is larger than memory")));
        }
        Ok(Self {
            dtype,
            column_major: fortran_order && shape.iter().filter(|d| **d != 1).count() > 1,
            shape,
            big_endian: descr.starts_with('>'),
        })
    }

    /// Reads the next `count` elements as they are stored, little-endian, after `before` that have been read; memory is
    /// taken as they come.
    pub(crate) fn elements(
        &self,
        reader: &mut impl Read,
        before: usize,
        count: usize,
    ) -> Result<Vec<u8>, ArrayProblem> {
        let size = self.dtype.size();
        let wanted = count * size;
        let mut bytes = vec![];
        reader.take(wanted as u64).read_to_end(&mut bytes).map_err(problem)?;
        if bytes.len() < wanted {
            let (found, all) = (before + bytes.len() / size, elements(&self.shape).unwrap_or(usize::MAX));
            let message = format!(
                "the data does not fill shape {:?}: it holds {found} of {all} values, {} are missing",
                self.shape,
                all - found.min(all)
            );
            return Err((message, Some("the file was cut short: write it again".into())));
        }
        if self.big_endian {
            bytes.chunks_exact_mut(size).for_each(<[u8]>::reverse);
        }
        if self.dtype == DType::Bool && bytes.iter().any(|b| *b > 1) {
            return Err(problem("a truth value is neither 0 nor 1"));
        }
        Ok(bytes)
    }
}

fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1_usize, |n, d| n.checked_mul(*d))
}

/// Reads a whole array.
pub(crate) fn read(reader: impl Read) -> Result<Tensor, ArrayProblem> {
    let read = read_if(reader, |_| Ok(true))?;
    Ok(read.expect("every array is wanted"))
}

/// Reads a whole array of a type that is wanted; nothing beyond the header of another.
pub(crate) fn read_if(
    mut reader: impl Read,
    wanted: impl FnOnce(&TensorType) -> Result<bool, String>,
) -> Result<Option<Tensor>, ArrayProblem> {
    let header = Header::read(&mut reader)?;
    let ty = TensorType::new(header.dtype, header.shape.clone());
    if !wanted(&ty).map_err(problem)? {
        return Ok(None);
    }
    ty.check().map_err(|e| (e.message, e.help))?;
    let bytes = header.elements(&mut reader, 0, ty.len())?;
    let bytes = if header.column_major {
        row_major(&bytes, &header.shape, header.dtype.size())
    } else {
        bytes
    };
    Ok(Some(Tensor::new(header.dtype, header.shape, bytes)))
}

/// Writes an array as NumPy does; bfloat16, which NumPy has not, as float32.
pub(crate) fn write(writer: &mut impl Write, tensor: &Tensor) -> io::Result<()> {
    let descr = match tensor.dtype {
        DType::F32 | DType::Bf16 => "<f4",
        DType::F64 => "<f8",
        DType::F16 => "<f2",
        DType::I8 => "|i1",
        DType::I16 => "<i2",
        DType::I32 => "<i4",
        DType::I64 => "<i8",
        DType::U8 => "|u1",
        DType::U16 => "<u2",
        DType::U32 => "<u4",
        DType::U64 => "<u8",
        DType::Bool => "|b1",
    };
    npy_header::write(writer, descr, &tensor.shape)?;
    if tensor.dtype == DType::Bf16 {
        let elements = tensor.bytes.as_chunks().0.iter();
        let floats = elements.flat_map(|bytes| bf16::from_le_bytes(*bytes).to_f32().to_le_bytes());
        return writer.write_all(&floats.collect::<Vec<_>>());
    }
    writer.write_all(&tensor.bytes)
}

/// Elements stored with the first axis fastest, put into the order with the last axis fastest.
fn row_major(bytes: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut strides = vec![];
    let mut stride = size;
    for extent in shape {
        strides.push(stride);
        stride *= extent;
    }
    let mut out = Vec::with_capacity(bytes.len());
    let mut index = vec![0; shape.len()];
    while out.len() < bytes.len() {
        let at: usize = index.iter().zip(&strides).map(|(i, s)| i * s).sum();
        out.extend_from_slice(&bytes[at..at + size]);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            if index[axis] < shape[axis] {
                break;
            }
            index[axis] = 0;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn npy(descr: &str, fortran: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut bytes = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
        let dict = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': {shape}, }}");
        bytes.extend(format!("{dict:<117}\n").bytes());
        bytes.extend(data);
        bytes
    }

    #[test]
    fn column_major_arrays_are_put_in_order() {
        let read = read(&npy("|u1", "True", "(2, 3)", &[0, 3, 1, 4, 2, 5])[..]).unwrap();
        assert_eq!((read.shape, &read.bytes[..]), (vec![2, 3], &[0, 1, 2, 3, 4, 5][..]));
    }

    #[test]
    fn big_endian_elements_are_turned() {
        let read = read(&npy(">i4", "False", "(2,)", &[0, 0, 0, 1, 255, 255, 255, 254])[..]).unwrap();
        assert_eq!(read, Tensor::i32(&[2], &[1, -2]));
    }

    #[test]
    fn what_is_no_tensor_is_refused() {
        let message = |bytes: &[u8]| read(bytes).unwrap_err().0;
        assert!(message(&npy("<c8", "False", "(1,)", &[0; 8])).contains("element type `<c8`"));
        let short = message(&npy("<f4", "False", "(3,)", &[0; 8]));
        assert!(
            short.contains("does not fill") && short.contains("2 of 3 values, 1 are missing"),
            "{short}"
        );
        assert!(message(&npy("|b1", "False", "(1,)", &[7])).contains("neither 0 nor 1"));
        assert!(read(&b"nothing"[..]).is_err());
    }
}
