//! The operators of the IR: few, with attributes resolved, each with its inference and its kernel calls.
//!
//! ONNX operators (`ops`) are read as these; passes know only these. One primitive, one file.

mod binary;
mod map;
mod mat_mul;
mod reshape;
mod shapes;
mod transpose;

pub use crate::kernels::BinaryOp;
pub use binary::Binary;
pub use map::Map;
pub use mat_mul::MatMul;
pub use reshape::Reshape;
pub use shapes::{broadcast, broadcast_strides, row_major_strides};
pub use transpose::Transpose;
