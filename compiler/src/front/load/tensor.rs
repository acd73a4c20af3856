//! Stored tensors: `TensorProto` to [`Tensor`], whichever of the format's encodings they use.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::front::proto::TensorProto;
use crate::front::proto::tensor_proto::{DataLocation, DataType};
use crate::ir::{DType, Tensor};

use super::external_data::{self, Range, SharedBytes};
use super::{LoadError, Problem, TensorProblem};

/// Decodes a stored tensor; `base` is the folder of the model, where external data is looked for.
///
/// # Errors
/// Anything [`TensorProblem`] lists. The size is compared with the bytes present before memory is taken.
pub fn tensor(t: &TensorProto, base: Option<&Path>) -> Result<Tensor, LoadError> {
    shared_tensor(t, base, &mut SharedBytes::default())
}

/// [`tensor`], one of several that may be the same bytes of a file, which are then read once.
///
/// # Errors
/// As [`tensor`].
pub fn shared_tensor(t: &TensorProto, base: Option<&Path>, shared: &mut SharedBytes) -> Result<Tensor, LoadError> {
    let named = |reason| {
        let tensor = if t.name().is_empty() { "(unnamed)" } else { t.name() };
        Problem::Tensor {
            tensor: tensor.to_owned(),
            reason,
        }
    };
    let header = Header::read(t).map_err(named)?;
    let bytes = header.bytes(t, base, shared).map_err(named)?;
    Ok(Tensor {
        dtype: header.dtype,
        shape: header.shape,
        bytes,
    })
}

/// Checks everything [`tensor`] does, except the range of single elements, without decoding; gives the bytes of a file
/// that the elements are, if they are in another.
pub(super) fn check(t: &TensorProto, base: Option<&Path>) -> Result<Option<Range>, TensorProblem> {
    let header = Header::read(t)?;
    match header.source(t)? {
        Source::Raw(_) | Source::Typed => Ok(None),
        Source::External => external_data::locate(t, base, header.stored()).map(Some),
    }
}

/// The file that the elements are in, if that is another one and it is right.
pub(crate) fn external_file(t: &TensorProto, base: Option<&Path>) -> Option<PathBuf> {
    check(t, base).ok().flatten().map(|range| range.path)
}

/// The strings of a stored tensor; `None` if it holds something else, or other than its shape says.
pub fn texts(t: &TensorProto) -> Option<Vec<String>> {
    if t.data_type() != DataType::String as i32 || t.data_location() == DataLocation::External {
        return None;
    }
    let mut dims = t.dims.iter();
    let len = dims.try_fold(1usize, |len, dim| len.checked_mul(usize::try_from(*dim).ok()?))?;
    let texts = t.string_data.iter().map(|text| String::from_utf8(text.clone()).ok());
    (t.string_data.len() == len).then(|| texts.collect())?
}

/// The element type an ONNX type number stands for; `None` where it is unknown or not supported.
pub fn dtype(data_type: i32) -> Option<DType> {
    Some(match DataType::try_from(data_type).ok()? {
        DataType::Float => DType::F32,
        DataType::Double => DType::F64,
        DataType::Float16 => DType::F16,
        DataType::Bfloat16 => DType::Bf16,
        DataType::Int8 => DType::I8,
        DataType::Int16 => DType::I16,
        DataType::Int32 => DType::I32,
        DataType::Int64 => DType::I64,
        DataType::Uint8 => DType::U8,
        DataType::Uint16 => DType::U16,
        DataType::Uint32 => DType::U32,
        DataType::Uint64 => DType::U64,
        DataType::Bool => DType::Bool,
        _ => return None,
    })
}

/// The type that elements of 4 bits are widened to as they are read, two from each byte.
pub(super) fn widened(data_type: i32) -> Option<DType> {
    match DataType::try_from(data_type).ok()? {
        DataType::Int4 => Some(DType::I8),
        DataType::Uint4 => Some(DType::U8),
        _ => None,
    }
}

/// The name ONNX gives a type number, such as `FLOAT8E4M3FN`.
pub fn dtype_name(data_type: i32) -> String {
    match DataType::try_from(data_type) {
        Ok(known) => known.as_str_name().to_owned(),
        Err(_) => format!("number {data_type}"),
    }
}

/// Where a tensor's elements are.
enum Source<'a> {
    /// In `raw_data`, little-endian.
    Raw(&'a [u8]),
    /// In the typed field of its element type.
    Typed,
    /// In another file.
    External,
}

/// What a tensor declares: all sizes are already known to be representable.
struct Header {
    dtype: DType,
    shape: Vec<usize>,
    /// Bytes the elements take.
    len: usize,
    /// Whether two elements are stored in a byte.
    pairs: bool,
}

impl Header {
    fn read(t: &TensorProto) -> Result<Header, TensorProblem> {
        let wide = widened(t.data_type());
        let dtype = dtype(t.data_type()).or(wide);
        let dtype = dtype.ok_or_else(|| TensorProblem::Type(dtype_name(t.data_type())))?;
        if t.segment.is_some() {
            return Err(TensorProblem::Segment);
        }
        if let Some((axis, &dim)) = t.dims.iter().enumerate().find(|(_, dim)| **dim < 0) {
            return Err(TensorProblem::NegativeDim { axis, dim });
        }
        let shape = t
            .dims
            .iter()
            .map(|&dim| usize::try_from(dim).ok())
            .collect::<Option<Vec<usize>>>();
        // A dimension of 0 does not excuse an overflow of the others: strides are computed from them too.
        let room = |shape: &[usize]| {
            shape
                .iter()
                .try_fold(dtype.size(), |len, dim| len.checked_mul((*dim).max(1)))
        };
        match shape.as_deref().and_then(room) {
            Some(len) if isize::try_from(len).is_ok() => {
                let shape = shape.unwrap_or_default();
                let len = if shape.contains(&0) { 0 } else { len };
                let pairs = wide.is_some();
                Ok(Header {
                    dtype,
                    shape,
                    len,
                    pairs,
                })
            }
            _ => Err(TensorProblem::Overflow(t.dims.clone())),
        }
    }

    /// Bytes that are stored.
    fn stored(&self) -> usize {
        if self.pairs { self.len.div_ceil(2) } else { self.len }
    }

    /// Number of elements of the typed field.
    fn elements(&self) -> usize {
        self.stored() / self.dtype.size()
    }

    /// Finds the elements and compares their number with the shape.
    fn source<'a>(&self, t: &'a TensorProto) -> Result<Source<'a>, TensorProblem> {
        if t.data_location() == DataLocation::External {
            return Ok(Source::External);
        }
        let (field, found) = self.typed_field(t);
        match t.raw_data.as_deref() {
            Some(raw) if !raw.is_empty() || found == 0 => {
                if found != 0 {
                    return Err(TensorProblem::StoredTwice(field));
                }
                if raw.len() != self.stored() {
                    return Err(TensorProblem::Bytes {
                        shape: t.dims.clone(),
                        dtype: self.dtype.to_string(),
                        expected: self.stored() as u64,
                        found: raw.len() as u64,
                    });
                }
                Ok(Source::Raw(raw))
            }
            _ if found == self.elements() => Ok(Source::Typed),
            _ => Err(TensorProblem::Elements {
                field,
                shape: t.dims.clone(),
                expected: self.elements() as u64,
                found: found as u64,
            }),
        }
    }

    /// The typed field of the element type, and how many elements it holds.
    fn typed_field(&self, t: &TensorProto) -> (&'static str, usize) {
        match self.dtype {
            DType::F32 => ("float_data", t.float_data.len()),
            DType::F64 => ("double_data", t.double_data.len()),
            DType::I64 => ("int64_data", t.int64_data.len()),
            DType::U32 | DType::U64 => ("uint64_data", t.uint64_data.len()),
            _ => ("int32_data", t.int32_data.len()),
        }
    }

    fn bytes(
        &self,
        t: &TensorProto,
        base: Option<&Path>,
        shared: &mut SharedBytes,
    ) -> Result<Arc<[u8]>, TensorProblem> {
        let mut bytes = match self.source(t)? {
            Source::External => {
                let bytes = external_data::read(t, base, self.stored(), shared)?;
                if !self.pairs && self.dtype != DType::Bool {
                    return Ok(bytes);
                }
                bytes.to_vec()
            }
            Source::Raw(raw) => raw.to_vec(),
            Source::Typed if self.pairs => self.narrow(&t.int32_data, |v| u8::try_from(v).ok().map(u8::to_le_bytes))?,
            Source::Typed => self.typed(t)?,
        };
        if self.pairs {
            bytes = halves(&bytes, self.dtype == DType::I8);
            bytes.truncate(self.len);
        }
        if self.dtype == DType::Bool {
            bytes.iter_mut().for_each(|byte| *byte = u8::from(*byte != 0));
        }
        Ok(bytes.into())
    }

    /// Packs the typed field.
    fn typed(&self, t: &TensorProto) -> Result<Vec<u8>, TensorProblem> {
        let ints = &t.int32_data;
        Ok(match self.dtype {
            DType::F32 => t.float_data.iter().flat_map(|v| v.to_le_bytes()).collect(),
            DType::F64 => t.double_data.iter().flat_map(|v| v.to_le_bytes()).collect(),
            DType::I64 => t.int64_data.iter().flat_map(|v| v.to_le_bytes()).collect(),
            DType::U64 => t.uint64_data.iter().flat_map(|v| v.to_le_bytes()).collect(),
            DType::I32 => ints.iter().flat_map(|v| v.to_le_bytes()).collect(),
            DType::U32 => self.narrow(&t.uint64_data, |v| u32::try_from(v).ok().map(u32::to_le_bytes))?,
            DType::I16 => self.narrow(ints, |v| i16::try_from(v).ok().map(i16::to_le_bytes))?,
            // Half floats are stored as their bits.
            DType::U16 | DType::F16 | DType::Bf16 => {
                self.narrow(ints, |v| u16::try_from(v).ok().map(u16::to_le_bytes))?
            }
            DType::I8 => self.narrow(ints, |v| i8::try_from(v).ok().map(i8::to_le_bytes))?,
            DType::U8 => self.narrow(ints, |v| u8::try_from(v).ok().map(u8::to_le_bytes))?,
            DType::Bool => ints.iter().map(|v| u8::from(*v != 0)).collect(),
        })
    }

    /// Packs elements that are stored in a wider type.
    fn narrow<T, const N: usize>(
        &self,
        values: &[T],
        pack: impl Fn(T) -> Option<[u8; N]>,
    ) -> Result<Vec<u8>, TensorProblem>
    where
        T: Copy + Into<i128>,
    {
        let mut bytes = Vec::with_capacity(values.len() * N);
        for (index, &value) in values.iter().enumerate() {
            let packed = pack(value).ok_or_else(|| TensorProblem::Range {
                index,
                value: value.into(),
                dtype: self.dtype.to_string(),
            })?;
            bytes.extend_from_slice(&packed);
        }
        Ok(bytes)
    }
}

/// The two elements of each byte, the one in the low bits first.
fn halves(bytes: &[u8], signed: bool) -> Vec<u8> {
    let extended = |half: u8| if signed && half >= 8 { half | 0xf0 } else { half };
    bytes
        .iter()
        .flat_map(|byte| [extended(byte & 15), extended(byte >> 4)])
        .collect()
}
