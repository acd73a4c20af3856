//! The kernels: one file each, named like its function, its parameter struct and its row in the report.
//!
//! The general form is `kernel(simd, parameters, inputs.., outputs..)`.

mod arg_reduce;
mod binary;
mod binary_op;
mod body;
mod cast;
mod chunks;
mod concat;
mod conv2d;
mod conv_transpose2d;
mod depthwise_conv2d;
mod dequantize_linear;
mod duplicate;
mod fill;
mod finish;
mod fmod;
mod gather;
mod gemm;
mod group_normalization;
mod instance_normalization;
mod lanes;
mod layer_normalization;
mod map;
mod mat_mul;
mod pad;
mod pool2d;
mod quantize_linear;
mod reduce;
mod reduce_op;
mod resize;
mod rms_normalization;
mod scale_shift;
mod select;
mod softmax;
mod strided;
mod tile;
mod unary;
mod walk;

pub use arg_reduce::{ArgReduce, arg_max, arg_min};
pub use binary::{Binary, binary, binary_in_place, binary_in_place_reversed, binary_of};
pub use binary_op::{
    Add, And, BinaryOp, Div, Equal, Fmod, Greater, GreaterOrEqual, Less, LessOrEqual, Max, Min, Mod, Mul, Or, PRelu,
    Pow, ShiftLeft, ShiftRight, Sub, Xor,
};
pub use cast::{Cast, CastFrom, cast};
pub use concat::{Concat, concat};
pub use conv_transpose2d::{ConvTranspose2d, conv_transpose2d, qlinear_conv_transpose2d};
pub use conv2d::{Conv2d, conv2d, conv2d_add, qlinear_conv2d};
pub use depthwise_conv2d::{DepthwiseConv2d, depthwise_conv2d, depthwise_conv2d_add, qlinear_depthwise_conv2d};
pub use dequantize_linear::{DequantizeLinear, dequantize_linear};
pub use duplicate::{Duplicate, duplicate};
pub use fill::{Fill, fill};
pub use gather::{Gather, Index, gather};
pub use gemm::{Gemm, gemm, gemm_add, qlinear_gemm};
pub use group_normalization::{GroupNormalization, group_normalization};
pub use instance_normalization::{InstanceNormalization, instance_normalization};
pub use layer_normalization::{LayerNormalization, layer_normalization};
pub use map::{Map, map, map_in_place, map_of};
pub use mat_mul::{MatMul, mat_mul, mat_mul_of};
pub use pad::{Constant, Edge, Pad, PadMode, Reflect, Wrap, pad};
pub use pool2d::{Pool2d, average_pool2d, max_pool2d};
pub use quantize_linear::{QuantizeLinear, quantize_linear};
pub use reduce::{Accumulate, Reduce, reduce, reduce_of};
pub use reduce_op::{L1, L2, LogSum, LogSumExp, Mean, Prod, ReduceOp, Sum, SumSquare};
pub use resize::{Resize, resize};
pub use rms_normalization::{RmsNormalization, rms_normalization};
pub use scale_shift::{ScaleShift, scale_shift};
pub use select::{Select, select};
pub use softmax::{Softmax, log_softmax, log_softmax_of, softmax, softmax_of};
pub use strided::{Strided, strided};
pub use unary::{ClipOf, IsInf, IsNan, Not, Unary, UnaryOp, unary};
