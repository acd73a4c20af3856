//! The operators of the IR: few, with attributes resolved, each with its inference and its kernel calls.
//!
//! ONNX operators (`ops`) are read as these; passes know only these. One primitive, one file.

mod arg_reduce;
mod binary;
mod cast;
mod concat;
mod conv;
mod conv_transpose;
mod dequantize_linear;
mod expand;
mod gather;
mod gemm;
mod group_normalization;
mod layer_normalization;
mod map;
mod mat_mul;
#[cfg(test)]
mod movement_tests;
mod pad;
mod pool;
mod quantization;
mod quantize_linear;
mod reduce;
mod reshape;
mod resize;
mod scale_shift;
mod select;
mod shapes;
mod slice;
mod softmax;
mod tile;
mod transpose;
mod unary;
mod window;

pub use crate::kernels::{BinaryOp, PadMode, ReduceOp, UnaryOp};
pub use arg_reduce::ArgReduce;
pub use binary::Binary;
pub use cast::Cast;
pub use concat::Concat;
pub use conv::{BIAS, Conv, RESIDUAL};
pub use conv_transpose::ConvTranspose;
pub use dequantize_linear::DequantizeLinear;
pub use expand::Expand;
pub use gather::Gather;
pub use gemm::Gemm;
pub use group_normalization::GroupNormalization;
pub use layer_normalization::LayerNormalization;
pub use map::Map;
pub use mat_mul::MatMul;
pub use pad::Pad;
pub use pool::{Pool, PoolKind};
pub use quantization::Quantization;
pub use quantize_linear::QuantizeLinear;
pub use reduce::Reduce;
pub use reshape::{Reshape, ReshapeBefore, reshape_before};
pub use resize::Resize;
pub use scale_shift::ScaleShift;
pub use select::Select;
pub use shapes::{broadcast, broadcast_strides, check_rank, joined, row_major_strides, tensor_type};
pub use slice::Slice;
pub use softmax::Softmax;
pub use tile::Tile;
pub use transpose::Transpose;
pub use unary::Unary;
pub use window::{Image, Layout, Window};
