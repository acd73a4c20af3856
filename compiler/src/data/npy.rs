//! Arrays in NumPy's `.npy` format, read a part at a time.

use crate::ir::{DType, Tensor};
use npyz::{Endianness, NpyHeader, Order, TypeChar};
use std::io::Read;

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
        let header = NpyHeader::from_reader(reader).map_err(problem)?;
        let npyz::DType::Plain(ty) = header.dtype() else {
            return Err(problem("structured arrays are not tensors"));
        };
        let dtype = match (ty.type_char(), ty.size_field()) {
            (TypeChar::Float, 4) => DType::F32,
            (TypeChar::Float, 8) => DType::F64,
            (TypeChar::Float, 2) => DType::F16,
            (TypeChar::Int, 1) => DType::I8,
            (TypeChar::Int, 2) => DType::I16,
            (TypeChar::Int, 4) => DType::I32,
            (TypeChar::Int, 8) => DType::I64,
            (TypeChar::Uint, 1) => DType::U8,
            (TypeChar::Uint, 2) => DType::U16,
            (TypeChar::Uint, 4) => DType::U32,
            (TypeChar::Uint, 8) => DType::U64,
            (TypeChar::Bool, 1) => DType::Bool,
            _ => {
                let help = "supported: float16, float32, float64, int8 to int64, uint8 to uint64, bool";
                return Err((format!("element type `{ty}` is not supported"), Some(help.into())));
            }
        };
        let shape: Vec<usize> = header.shape().iter().map(|d| *d as usize).collect();
        if elements(&shape).and_then(|n| n.checked_mul(dtype.size())).is_none() {
            return Err(problem(format!("shape {shape:?} is larger than memory")));
        }
        Ok(Self {
            dtype,
            column_major: header.order() == Order::Fortran && shape.iter().filter(|d| **d != 1).count() > 1,
            shape,
            big_endian: ty.endianness() == Endianness::Big,
        })
    }

    /// Reads the next `count` elements as they are stored, little-endian; memory is taken as they come.
    pub(crate) fn elements(&self, reader: &mut impl Read, count: usize) -> Result<Vec<u8>, ArrayProblem> {
        let size = self.dtype.size();
        let wanted = count * size;
        let mut bytes = vec![];
        reader.take(wanted as u64).read_to_end(&mut bytes).map_err(problem)?;
        if bytes.len() < wanted {
            return Err(problem(format!("the data does not fill shape {:?}", self.shape)));
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
pub(crate) fn read(mut reader: impl Read) -> Result<Tensor, ArrayProblem> {
    let header = Header::read(&mut reader)?;
    let bytes = header.elements(&mut reader, header.shape.iter().product())?;
    let bytes = if header.column_major {
        row_major(&bytes, &header.shape, header.dtype.size())
    } else {
        bytes
    };
    Ok(Tensor::new(header.dtype, header.shape, bytes))
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
        assert!(message(&npy("<f4", "False", "(3,)", &[0; 8])).contains("does not fill"));
        assert!(message(&npy("|b1", "False", "(1,)", &[7])).contains("neither 0 nor 1"));
        assert!(read(&b"nothing"[..]).is_err());
    }
}
