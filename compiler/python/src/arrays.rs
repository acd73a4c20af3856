//! Arrays as they cross the border.

use crate::border::Failure;
use edgec::ir::{DType, Tensor};
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyBytes;

/// Element type, shape, and elements in the order of C, little-endian.
pub(crate) type Given = (String, Vec<usize>, PyBackedBytes);

/// The same, to Python.
pub(crate) type Made<'py> = (String, Vec<usize>, Bound<'py, PyBytes>);

/// A tensor of an array.
///
/// # Errors
/// If its element type is none of ONNX's numbers, or its bytes do not fill its shape.
pub(crate) fn tensor((dtype, shape, bytes): &Given) -> Result<Tensor, Failure> {
    let known = DType::ALL.into_iter().find(|known| known.to_string() == *dtype);
    let dtype = known.ok_or_else(|| Failure::usage(format!("there is no element type `{dtype}`")))?;
    let size = shape
        .iter()
        .try_fold(dtype.size(), |size, extent| size.checked_mul(*extent));
    if size != Some(bytes.len()) {
        return Err(Failure::usage(format!(
            "{} bytes do not fill {shape:?} of {dtype}",
            bytes.len()
        )));
    }
    Ok(Tensor::new(dtype, shape.clone(), bytes.to_vec()))
}

/// The array of a tensor.
pub(crate) fn array<'py>(py: Python<'py>, tensor: &Tensor) -> Made<'py> {
    let bytes = PyBytes::new(py, &tensor.bytes);
    (tensor.dtype.to_string(), tensor.shape.clone(), bytes)
}
