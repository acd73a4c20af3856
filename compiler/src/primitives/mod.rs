//! The operators of the IR: few, with attributes resolved, each with its inference and its kernel calls.
//!
//! ONNX operators (`ops`) are read as these; passes know only these. One primitive, one file.

mod arg_reduce;
mod binary;
mod unary;
mod softmax;
mod tile;
mod slice;
mod scale_shift;
mod select;
#[cfg(test)]
mod movement_tests;
mod pad;
mod gather;
mod expand;
mod concat;
mod cast;
mod conv;
mod conv_transpose;
mod gemm;
mod pool;
mod window;
mod group_normalization;
mod layer_normalization;
mod map;
mod mat_mul;
mod reduce;
mod reshape;
mod resize;
mod shapes;
mod transpose;

pub use crate::kernels::{BinaryOp, PadMode, ReduceOp, UnaryOp};
pub use binary::Binary;
pub use cast::Cast;
pub use concat::Concat;
pub use expand::Expand;
pub use gather::Gather;
pub use pad::Pad;
pub use select::Select;
pub use slice::Slice;
pub use tile::Tile;
pub use unary::Unary;
pub use map::Map;
pub use arg_reduce::ArgReduce;
pub use group_normalization::GroupNormalization;
pub use layer_normalization::LayerNormalization;
pub use reduce::Reduce;
pub use scale_shift::ScaleShift;
pub use softmax::Softmax;
pub use mat_mul::MatMul;
pub use reshape::{Reshape, ReshapeBefore, reshape_before};
pub use resize::Resize;
pub use shapes::{broadcast, broadcast_strides, check_rank, joined, row_major_strides, tensor_type};
pub use transpose::Transpose;
pub use conv::{BIAS, Conv, RESIDUAL};
pub use conv_transpose::ConvTranspose;
pub use gemm::Gemm;
pub use pool::{Pool, PoolKind};
pub use window::{Image, Layout, Window};
