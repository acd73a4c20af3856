use super::{DType, TensorType};
use std::fmt;
use std::sync::Arc;

/// A constant: element type, shape, and the elements' bytes, little-endian and row-major.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Tensor {
    /// Element type.
    pub dtype: DType,
    /// Extents, outermost first; empty for a scalar.
    pub shape: Vec<usize>,
    /// The elements.
    pub bytes: Arc<[u8]>,
}

impl Tensor {
    /// A tensor of `shape` from its bytes.
    ///
    /// # Panics
    /// If `bytes` is not exactly the shape's elements.
    pub fn new(dtype: DType, shape: Vec<usize>, bytes: Vec<u8>) -> Self {
        assert_eq!(
            bytes.len(),
            shape.iter().product::<usize>() * dtype.size(),
            "bytes do not fill {shape:?} of {dtype}"
        );
        Self {
            dtype,
            shape,
            bytes: bytes.into(),
        }
    }

    /// An `f32` tensor.
    pub fn f32(shape: &[usize], values: &[f32]) -> Self {
        Self::new(
            DType::F32,
            shape.to_vec(),
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        )
    }

    /// An `f64` tensor.
    pub fn f64(shape: &[usize], values: &[f64]) -> Self {
        Self::new(
            DType::F64,
            shape.to_vec(),
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        )
    }

    /// An `i64` tensor.
    pub fn i64(shape: &[usize], values: &[i64]) -> Self {
        Self::new(
            DType::I64,
            shape.to_vec(),
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        )
    }

    /// An `i32` tensor.
    pub fn i32(shape: &[usize], values: &[i32]) -> Self {
        Self::new(
            DType::I32,
            shape.to_vec(),
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        )
    }

    /// A scalar of any element type; integers take the value truncated, booleans whether it is not zero.
    pub fn scalar(dtype: DType, value: f64) -> Self {
        let bytes = match dtype {
            DType::F32 => (value as f32).to_le_bytes().to_vec(),
            DType::F64 => value.to_le_bytes().to_vec(),
            DType::F16 => runtime_core::f16::from_f64(value).to_le_bytes().to_vec(),
            DType::Bf16 => runtime_core::bf16::from_f64(value).to_le_bytes().to_vec(),
            DType::I8 => (value as i8).to_le_bytes().to_vec(),
            DType::I16 => (value as i16).to_le_bytes().to_vec(),
            DType::I32 => (value as i32).to_le_bytes().to_vec(),
            DType::I64 => (value as i64).to_le_bytes().to_vec(),
            DType::U8 => (value as u8).to_le_bytes().to_vec(),
            DType::U16 => (value as u16).to_le_bytes().to_vec(),
            DType::U32 => (value as u32).to_le_bytes().to_vec(),
            DType::U64 => (value as u64).to_le_bytes().to_vec(),
            DType::Bool => vec![u8::from(value != 0.0)],
        };
        Self::new(dtype, vec![], bytes)
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.dtype.size()
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Its element type and shape.
    pub fn ty(&self) -> TensorType {
        TensorType {
            dtype: self.dtype,
            shape: self.shape.clone(),
        }
    }

    /// The same elements with another shape.
    ///
    /// # Panics
    /// If the number of elements differs.
    pub fn reshaped(&self, shape: &[usize]) -> Self {
        assert_eq!(
            self.len(),
            shape.iter().product::<usize>(),
            "reshape changes the number of elements"
        );
        Self {
            dtype: self.dtype,
            shape: shape.to_vec(),
            bytes: self.bytes.clone(),
        }
    }

    /// The elements as `f32`; `None` if they are of another type.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        (self.dtype == DType::F32).then(|| self.chunks::<4>().map(f32::from_le_bytes).collect())
    }

    /// The elements as `i64`; `None` if they are neither `i32` nor `i64`.
    pub fn to_i64(&self) -> Option<Vec<i64>> {
        match self.dtype {
            DType::I64 => Some(self.chunks::<8>().map(i64::from_le_bytes).collect()),
            DType::I32 => Some(self.chunks::<4>().map(|b| i64::from(i32::from_le_bytes(b))).collect()),
            _ => None,
        }
    }

    /// The elements of any numeric type as `f64`, for decisions (integers beyond 2^53 round).
    pub fn to_f64(&self) -> Vec<f64> {
        match self.dtype {
            DType::F32 => self.chunks::<4>().map(|b| f32::from_le_bytes(b).into()).collect(),
            DType::F64 => self.chunks::<8>().map(f64::from_le_bytes).collect(),
            DType::F16 => self
                .chunks::<2>()
                .map(|b| runtime_core::f16::from_le_bytes(b).to_f64())
                .collect(),
            DType::Bf16 => self
                .chunks::<2>()
                .map(|b| runtime_core::bf16::from_le_bytes(b).to_f64())
                .collect(),
            DType::I8 => self.bytes.iter().map(|b| (*b as i8).into()).collect(),
            DType::U8 => self.bytes.iter().map(|b| (*b).into()).collect(),
            DType::Bool => self.bytes.iter().map(|b| f64::from(u8::from(*b != 0))).collect(),
            DType::I16 => self.chunks::<2>().map(|b| i16::from_le_bytes(b).into()).collect(),
            DType::U16 => self.chunks::<2>().map(|b| u16::from_le_bytes(b).into()).collect(),
            DType::I32 => self.chunks::<4>().map(|b| i32::from_le_bytes(b).into()).collect(),
            DType::U32 => self.chunks::<4>().map(|b| u32::from_le_bytes(b).into()).collect(),
            DType::I64 => self.chunks::<8>().map(|b| i64::from_le_bytes(b) as f64).collect(),
            DType::U64 => self.chunks::<8>().map(|b| u64::from_le_bytes(b) as f64).collect(),
        }
    }

    /// The only element, of any numeric type, as `f64`.
    pub fn scalar_f64(&self) -> Option<f64> {
        match self.to_f64()[..] {
            [value] => Some(value),
            _ => None,
        }
    }

    fn chunks<const N: usize>(&self) -> impl Iterator<Item = [u8; N]> + '_ {
        self.bytes.as_chunks::<N>().0.iter().copied()
    }
}

impl fmt::Debug for Tensor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ty())?;
        if self.len() <= 8 {
            write!(f, " {:?}", self.to_f64())
        } else {
            Ok(())
        }
    }
}
